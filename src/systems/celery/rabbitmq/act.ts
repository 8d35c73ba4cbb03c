import { type ActionDeclaration, type ActionRequest, InspectorError, type Target } from '../../../model';
import { type Handler, simplePlan } from '../../acting/handler';
import { type Batch, Batches, type Did, outcome } from '../../acting/work';
import type { RabbitTransport } from './index';
import { LOOK_DEFAULT, LOOK_MOST } from './look';
import { readDelivery } from './messages';

/** Looking changes something on RabbitMQ, so it is declared like any other change. */
export const look: ActionDeclaration = {
  id: 'look',
  title: 'Look at messages…',
  target: 'queue',
  effect: 'changes',
  guarantee: {
    kind: 'at-least-once',
    words: 'No message is lost. What a look leaves behind depends on the type of the queue.',
  },
  undo: { kind: 'none', reason: 'What a look leaves on a message cannot be taken off.' },
  words: {
    ask: { one: 'Look at {n} message?', other: 'Look at {n} messages?' },
    detail: 'They are got from the queue and put back in their order. Workers do not see them for that moment.',
    button: { one: 'Look at {n} message', other: 'Look at {n} messages' },
    done: { one: '{n} message was looked at.', other: '{n} messages were looked at.' },
  },
  icon: 'eye',
  group: '2_do',
  asks: 'values',
  parameters: {
    type: 'object',
    properties: {
      count: {
        type: 'integer',
        title: 'Messages',
        description: `From the head of the queue; at most ${LOOK_MOST}`,
        default: LOOK_DEFAULT,
        minimum: 1,
      },
    },
  },
};

/** The same for tasks in the queues of native delayed delivery, which belong to no queue of the app. */
const lookDelayed: ActionDeclaration = { ...look, title: 'Look at delayed tasks…', target: 'installation' };

/** What stands behind `look`. @param transportOf the transport of the installation that is acted on */
export function lookHandlers<S>(transportOf: (situation: S) => RabbitTransport): readonly Handler<S>[] {
  const queuesOf = async ({ targets }: { readonly targets: readonly Target[] }, rabbit: RabbitTransport) =>
    targets.flatMap(target => (target.kind === 'queue' ? [target.name] : rabbit.delayedQueues()));
  return [look, lookDelayed].map(
    (declaration): Handler<S> => ({
      declaration,
      plan: async (request, situation, signal) => {
        const rabbit = transportOf(situation);
        return planLook(request, declaration, await queuesOf(request, rabbit), rabbit, signal);
      },
      work: async (plan, situation) => {
        const rabbit = transportOf(situation);
        const count = countOf(plan.parameters['count']);
        const makers = (await queuesOf(plan, rabbit)).map(queue => async () => looking(rabbit, queue, count));
        return new Batches(plan.total, makers);
      },
    }),
  );
}

async function planLook(
  request: ActionRequest,
  declaration: ActionDeclaration,
  queues: readonly string[],
  rabbit: RabbitTransport,
  signal: AbortSignal,
) {
  const count = countOf(request.parameters['count']);
  // What a look does depends on the queue's type, which the overview tells; a queue may be newer than the last one.
  if (!rabbit.known || queues.some(queue => rabbit.fact(queue) === null)) await rabbit.overview(signal);
  const depths = await rabbit.broker.depths(queues, signal);
  const byQueue: { queue: string; count: number; note: string | null }[] = [];
  const leftOut: { reason: string; count: number }[] = [];
  const cautions = new Set<string>();
  queues.forEach((queue, index) => {
    const depth = depths[index] ?? null;
    const { refusal, guarantee, type } = rabbit.permit(queue);
    const there = Math.min(count, depth?.ready ?? 0);
    if (depth === null) leftOut.push({ reason: `there is no queue ${queue}`, count: 1 });
    else if (refusal !== null) leftOut.push({ reason: refusal, count: there });
    else if (there > 0) {
      byQueue.push({ queue, count: there, note: type });
      cautions.add(guarantee);
    }
  });
  const total = byQueue.reduce((sum, each) => sum + each.count, 0);
  return simplePlan(request, declaration, { total, byQueue, leftOut, cautions: [...cautions] });
}

function looking(rabbit: RabbitTransport, queue: string, count: number): Batch {
  return {
    subjects: [queue],
    undo: [],
    outcomes: [],
    weight: 0,
    run: async (_record, signal): Promise<Did> => {
      const { refusal } = rabbit.permit(queue);
      const about = { id: queue, ref: null };
      if (refusal !== null) return { outcomes: [outcome(about, 'refused', refusal)], undo: [] };
      const { messages } = await rabbit.look(queue, count, signal);
      const outcomes = messages.map(message =>
        outcome({ id: readDelivery(message.message).id, ref: rabbit.refOf(message) }, 'done', null),
      );
      return { outcomes, undo: [] };
    },
  };
}

/** @throws InspectorError `bad-value` */
function countOf(value: unknown): number {
  if (value === undefined || value === null || value === '') return LOOK_DEFAULT;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LOOK_MOST) return value;
  throw new InspectorError('bad-value', {
    message: `"${String(value).slice(0, 40)}" is no number of messages to look at.`,
    tried: 'reading the parameter count',
    answer: `it must be a whole number from 1 to ${LOOK_MOST}`,
    remedy: `Give a number from 1 to ${LOOK_MOST}.`,
  });
}
