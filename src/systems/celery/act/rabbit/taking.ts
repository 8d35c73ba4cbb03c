import type { Publication, RabbitMessage } from '../../../../brokers/rabbitmq/port';
import type { ActionDeclaration, ItemOutcome, Plan } from '../../../../model';
import {
  type Batch,
  type Did,
  decided as deciding,
  NO_LONGER_THERE,
  outcome,
  Sequence,
  type Work,
} from '../../../acting/work';
import { readDelivery } from '../../rabbitmq/messages';
import type { TaskMessage } from '../../types';
import type { Handler, Situation } from '../situation';
import { batchOf } from './batch';
import { hold } from './hold';
import { planReady } from './plan';
import { type Chosen, chosenOf, Finding, type FromQueue, rabbitOf } from './ready';

/** Messages that are got in one step: undone in one go, they come back in their order. */
const STEP = 1000;

/** One way to change what is ready in a queue. */
export interface ReadyAction {
  /** Why a message is left alone; null = it is taken. */
  leave?(message: TaskMessage): string | null;
  /** Queue in which it waits afterwards; null = none. */
  queue?(own: string | null): string | null;
  /** What is published in its place; null = nothing. @throws UnwritableValue */
  publication(message: RabbitMessage, task: TaskMessage, queue: string): Promise<Publication | null>;
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

/** Work that takes what was chosen, queue by queue; a queue that may not be taken from is refused. */
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
