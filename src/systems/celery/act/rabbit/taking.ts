import { createHash } from 'node:crypto';
import { saveMessage } from '../../../../brokers/rabbitmq/messages';
import type { Publication, RabbitMessage, TakeReport } from '../../../../brokers/rabbitmq/port';
import {
  type ActionDeclaration,
  asInspectorError,
  type ItemOutcome,
  type Plan,
  type RabbitUndoUnit,
} from '../../../../model';
import { simplePlan } from '../../../acting/handler';
import {
  type Batch,
  type Did,
  decided as deciding,
  NO_LONGER_THERE,
  outcome,
  Sequence,
  type Work,
} from '../../../acting/work';
import { UnwritableValue } from '../../message/build-values';
import { readDelivery } from '../../rabbitmq/messages';
import type { TaskMessage } from '../../types';
import { add } from '../plan';
import { published } from '../publish';
import { type Handler, type Situation, unserved } from '../situation';
import { TAKEN } from '../undo';
import { type Held, hold } from './hold';
import { type Chosen, chosenOf, Finding, type FromQueue, ownQueue, rabbitOf } from './ready';

/** Messages that are got in one step: undone in one go, they come back in their order. */
const STEP = 1000;
const WITHIN = 1000;
const TWICE = 'done, but the connection broke before RabbitMQ knew that the original may go: it may be there twice';
const NOT_ACKED = 'the connection broke before RabbitMQ knew that it may go: it may be there still';

/** One way to change what is ready in a queue. */
export interface ReadyAction {
  /** Why a message is left alone; null = it is taken. */
  leave?(message: TaskMessage): string | null;
  /** Queue in which it waits afterwards; null = none. */
  queue?(own: string | null): string | null;
  /** What is published in its place; null = nothing. @throws UnwritableValue */
  publication(message: RabbitMessage, task: TaskMessage, queue: string): Promise<Publication | null>;
}

interface Item {
  readonly subject: string;
  readonly ref: string | null;
  readonly publication: Publication | null;
  readonly undo: RabbitUndoUnit;
  readonly refusal: string | null;
}

/** Actions on messages that are ready in queues of RabbitMQ. */
export function readyHandler(
  declaration: ActionDeclaration,
  actionOf: (parameters: Plan['parameters']) => ReadyAction,
): Handler {
  return {
    declaration,
    needs: [],
    plan: async (request, situation, signal) => {
      const action = actionOf(request.parameters);
      return planReady(
        declaration,
        request,
        await chosenOf(situation.context, request.targets, signal),
        action,
        situation,
        signal,
      );
    },
    work: async (plan, situation, signal) => {
      const action = actionOf(plan.parameters);
      return takingWork(await chosenOf(situation.context, plan.targets, signal), action, situation, signal);
    },
  };
}

export async function takingWork(
  { from, decided }: Chosen,
  action: ReadyAction,
  situation: Situation,
  signal: AbortSignal,
): Promise<Work<never>> {
  const rabbit = rabbitOf(situation.context);
  const works: Work<never>[] = [];
  if (decided.length > 0) works.push(once(decided));
  for (const each of from) {
    const { refusal } = rabbit.permit(each.queue);
    if (refusal !== null) works.push(once([outcome({ id: each.queue, ref: null }, 'refused', refusal)]));
    else if (each.chosen !== null) works.push(new ChosenWork(each, action, situation));
    else {
      const [depth] = await rabbit.broker.depths([each.queue], signal);
      works.push(new WholeWork(each.queue, depth?.ready ?? 0, action, situation));
    }
  }
  return new Sequence(works);
}

const once = (outcomes: readonly ItemOutcome[]): Work<never> => {
  let left: readonly ItemOutcome[] | null = outcomes;
  return {
    total: outcomes.length,
    next: async () => {
      const now = left;
      left = null;
      return now === null ? null : deciding(now);
    },
  };
};

/** Chosen messages of one queue: found again by what they are, in one walk. */
class ChosenWork implements Work<never> {
  readonly total: number;
  readonly #from: FromQueue;
  readonly #action: ReadyAction;
  readonly #situation: Situation;
  #done = false;

  constructor(from: FromQueue, action: ReadyAction, situation: Situation) {
    this.total = from.chosen?.length ?? 0;
    this.#from = from;
    this.#action = action;
    this.#situation = situation;
  }

  async next(_size: number, signal: AbortSignal): Promise<Batch<never> | null> {
    const { queue, chosen } = this.#from;
    if (this.#done || chosen === null || chosen.length === 0) return null;
    this.#done = true;
    const rabbit = rabbitOf(this.#situation.context);
    const finding = new Finding(chosen);
    const order = { queue, atMost: finding.atMost, pick: (message: RabbitMessage) => finding.pick(message) };
    const held = await hold(rabbit.broker, order, signal);
    const missing = new Set(chosen.map(({ ref }) => ref));
    for (const ref of finding.found) missing.delete(ref);
    const gone = chosen
      .filter(({ ref }) => missing.has(ref))
      .map(({ ref, looked }) =>
        outcome({ ref, id: readDelivery(looked.message).id }, 'gone', `${NO_LONGER_THERE}; look at the queue again`),
      );
    return batchOf(queue, held, finding.found, gone, this.#action, this.#situation, signal);
  }
}

/** All that waited when it began, from the front, in steps. */
class WholeWork implements Work<never> {
  readonly total: number;
  readonly #queue: string;
  readonly #action: ReadyAction;
  readonly #situation: Situation;
  #left: number;

  constructor(queue: string, count: number, action: ReadyAction, situation: Situation) {
    this.total = count;
    this.#left = count;
    this.#queue = queue;
    this.#action = action;
    this.#situation = situation;
  }

  async next(_size: number, signal: AbortSignal): Promise<Batch<never> | null> {
    if (this.#left <= 0) return null;
    const rabbit = rabbitOf(this.#situation.context);
    const order = { queue: this.#queue, atMost: Math.min(STEP, this.#left), pick: () => 'take' as const };
    const held = await hold(rabbit.broker, order, signal);
    this.#left = held.messages.length === 0 ? 0 : this.#left - held.messages.length;
    if (held.messages.length === 0) return null;
    return batchOf(this.#queue, held, null, [], this.#action, this.#situation, signal);
  }

  settle({ outcomes }: Did<never>): void {
    // What was left alone is in front again: going on would meet it for ever.
    if (outcomes.some(each => each.outcome !== 'done')) this.#left = 0;
  }
}

async function batchOf(
  queue: string,
  held: Held,
  refs: readonly string[] | null,
  gone: readonly ItemOutcome[],
  action: ReadyAction,
  { context }: Situation,
  signal: AbortSignal,
): Promise<Batch<never>> {
  const rabbit = rabbitOf(context);
  const items: Item[] = [];
  try {
    for (const [index, message] of held.messages.entries()) {
      const own = await ownQueue(rabbit, queue, message, signal);
      items.push(await itemOf(message, refs?.[index] ?? null, queue, own, action));
    }
  } catch (error) {
    await held.finish([]);
    throw error;
  }
  const taken = items.filter(({ refusal }) => refusal === null);
  return {
    subjects: taken.map(({ subject }) => subject),
    ...(refs === null ? {} : { refs: taken.map(({ ref }) => ref ?? '') }),
    // Undone from the last to the first, each goes to the end of the queue: so that the first one comes first again.
    undo: taken.map(({ undo }) => undo).reverse(),
    outcomes: [
      ...gone,
      ...items.flatMap(({ subject, ref, refusal }) =>
        refusal === null ? [] : [outcome({ id: subject, ref }, 'refused', refusal)],
      ),
    ],
    weight: 0,
    run: async (_record, during) => ({ outcomes: await running(items, held, context, during), undo: [] }),
  };
}

async function itemOf(
  message: RabbitMessage,
  ref: string | null,
  queue: string,
  own: string | null,
  action: ReadyAction,
): Promise<Item> {
  const task = readDelivery(message);
  const subject = task.id ?? createHash('sha256').update(message.body).digest('hex').slice(0, 32);
  const target = action.queue?.(own) ?? own;
  let refusal = action.leave?.(task) ?? null;
  let publication: Publication | null = null;
  try {
    if (refusal === null && action.queue !== undefined && target === null) refusal = 'its queue cannot be told';
    if (refusal === null) publication = await action.publication(message, task, target ?? queue);
  } catch (error) {
    if (!(error instanceof UnwritableValue)) throw error;
    refusal = error.message;
  }
  return { subject, ref, publication, refusal, undo: undoOf(subject, message, own ?? queue, publication) };
}

/**
 * Back at the end of its queue; of what was published instead, first that is taken back. A delayed task goes to its own
 * queue, where a worker holds it until its ETA: its way through the delays cannot be begun in the middle.
 */
function undoOf(
  subject: string,
  message: RabbitMessage,
  queue: string,
  publication: Publication | null,
): RabbitUndoUnit {
  const put = { kind: 'publish', queue, message: saveMessage(message) } as const;
  if (publication === null) return { broker: 'rabbitmq', subject, operations: [put] };
  const take = {
    kind: 'take',
    queue: publication.routingKey,
    correlationId: publication.properties.correlationId ?? null,
    bodySha256: createHash('sha256').update(publication.body).digest('hex'),
    within: WITHIN,
    refusal: TAKEN,
  } as const;
  return { broker: 'rabbitmq', subject, operations: [take, put] };
}

/** Published and confirmed first, and only then acknowledged. */
async function running(
  items: readonly Item[],
  held: Held,
  context: Situation['context'],
  signal: AbortSignal,
): Promise<ItemOutcome[]> {
  const { broker } = rabbitOf(context);
  const taken = items.filter(({ refusal }) => refusal === null);
  const publishing = taken.filter(({ publication }) => publication !== null);
  const said = new Map<Item, ItemOutcome>();
  try {
    const answers = await broker.publish(
      publishing.flatMap(({ publication }) => publication ?? []),
      signal,
    );
    for (const [index, item] of publishing.entries()) said.set(item, published(item, answers[index] ?? 'unknown'));
  } catch (error) {
    await held.finish([]);
    throw error;
  }
  const goes = (item: Item) => item.refusal === null && (said.get(item)?.outcome ?? 'done') === 'done';
  let report: TakeReport;
  try {
    report = await held.finish(items.map(goes));
  } catch (thrown) {
    const { message } = asInspectorError(thrown, 'acknowledging messages');
    return taken.map(item => said.get(item) ?? outcome({ id: item.subject, ref: item.ref }, 'unknown', message));
  }
  const twice = new Set(report.twice.map(position => items[position]));
  return taken.map(item => {
    const about = { id: item.subject, ref: item.ref };
    if (!twice.has(item)) return said.get(item) ?? outcome(about, 'done', null);
    return item.publication === null ? outcome(about, 'unknown', NOT_ACKED) : outcome(about, 'done', TWICE);
  });
}

async function planReady(
  declaration: ActionDeclaration,
  request: Parameters<Handler['plan']>[0],
  { from, decided }: Chosen,
  action: ReadyAction,
  situation: Situation,
  signal: AbortSignal,
): Promise<Plan> {
  const { context } = situation;
  const rabbit = rabbitOf(context);
  if (!rabbit.known) await rabbit.overview(signal);
  const queues = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const cautions = new Set<string>();
  const refs: string[] = [];
  let saved = 0;
  let total = 0;
  for (const each of decided) add(leftOut, each.reason ?? each.outcome, 1);
  const depths = await rabbit.broker.depths(
    from.map(({ queue }) => queue),
    signal,
  );
  for (const [index, { queue, chosen }] of from.entries()) {
    const { refusal, guarantee } = rabbit.permit(queue);
    const ready = depths[index]?.ready ?? 0;
    const there = chosen?.length ?? ready;
    if (refusal !== null) {
      add(leftOut, refusal, there);
      continue;
    }
    for (const { ref, looked } of chosen ?? []) {
      const against = action.leave?.(readDelivery(looked.message)) ?? null;
      const own = await ownQueue(rabbit, queue, looked.message, signal);
      if (against !== null) add(leftOut, against, 1);
      else {
        total++;
        saved += looked.message.body.length;
        refs.push(ref);
        add(queues, action.queue?.(own) ?? own ?? queue, 1);
      }
    }
    if (chosen === null && ready > 0) {
      total += ready;
      add(queues, action.queue?.(queue) ?? queue, ready);
    }
    // Those that stand in front are got and put back.
    if (chosen !== null && there > 0) cautions.add(guarantee);
  }
  if (action.queue !== undefined)
    for (const [queue, count] of queues) {
      const caution = unserved(queue, count, situation);
      if (caution !== null) cautions.add(caution);
    }
  return simplePlan(request, declaration, {
    total,
    byQueue: [...queues].map(([queue, count]) => ({ queue, count, note: null })),
    sample: refs.length === 0 ? [] : await context.rows(refs.slice(0, 5), signal),
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    savedBytes: saved,
    cautions: [...cautions],
  });
}
