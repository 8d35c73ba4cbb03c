import type { RabbitMessage } from '../../../../brokers/rabbitmq/port';
import { InspectorError, type ItemOutcome, type Ref, type Target } from '../../../../model';
import { outcome } from '../../../acting/work';
import type { CeleryContext } from '../../parts';
import { isRabbitTransport, messageHash, type RabbitTransport } from '../../rabbitmq';
import type { LookedMessage } from '../../rabbitmq/looks';
import { isDelayedQueue } from '../../rabbitmq/names';
import { goneOutcome, placeOf } from '../things';

/** Place of a message that was looked at. */
const READY_PLACE = 'ready';

/** @throws InspectorError `unsupported` where the messages are not on RabbitMQ */
export function rabbitOf({ transport }: Pick<CeleryContext, 'transport'>): RabbitTransport {
  if (isRabbitTransport(transport)) return transport;
  throw new InspectorError('unsupported', {
    message: 'This is done on RabbitMQ alone.',
    tried: 'changing tasks',
    answer: 'the messages lie on another kind of broker',
    remedy: 'Choose another action.',
  });
}

/** Messages to be taken from one queue of RabbitMQ. */
export interface FromQueue {
  readonly queue: string;
  /** Chosen ones; null = all that wait when it begins. */
  readonly chosen: readonly { readonly ref: Ref; readonly looked: LookedMessage }[] | null;
}

export interface Chosen {
  readonly from: readonly FromQueue[];
  readonly decided: readonly ItemOutcome[];
}

const NOT_READY = 'it does not wait in a queue: a worker holds it, or only its result is there';

/** What the targets name, by queue; a search goes through what was looked at. */
export async function chosenOf(
  context: CeleryContext,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Chosen> {
  const rabbit = rabbitOf(context);
  const byQueue = new Map<string, { ref: Ref; looked: LookedMessage }[]>();
  const whole: FromQueue[] = [];
  const decided: ItemOutcome[] = [];
  const choose = (ref: Ref) => {
    if (placeOf(ref) !== READY_PLACE) {
      decided.push(outcome({ ref, id: null }, 'refused', NOT_READY));
      return;
    }
    try {
      const looked = rabbit.looked(ref);
      const list = byQueue.get(looked.queue) ?? [];
      list.push({ ref, looked });
      byQueue.set(looked.queue, list);
    } catch (error) {
      if (!(error instanceof InspectorError) || error.code !== 'gone') throw error;
      decided.push(goneOutcome({ ref, id: null }));
    }
  };
  for (const target of targets) {
    if (target.kind === 'jobs') for (const ref of target.refs) choose(ref);
    else if (target.kind === 'queue') whole.push({ queue: target.name, chosen: null });
    else if (target.kind === 'selector' && target.search !== undefined && target.search !== '') {
      const { queue, state, search: text } = target;
      for await (const hit of context.search({ text, queue, state, limit: Number.MAX_SAFE_INTEGER }, signal))
        if ('found' in hit) choose(hit.found.ref);
    } else if (target.kind === 'selector') {
      const queues =
        target.state === 'scheduled'
          ? rabbit.delayedQueues()
          : target.queue !== null
            ? [target.queue]
            : await rabbit.queueNames(signal);
      for (const queue of queues) whole.push({ queue, chosen: null });
    }
  }
  return { from: [...whole, ...[...byQueue].map(([queue, chosen]) => ({ queue, chosen }))], decided };
}

/** Messages beyond the last place of a chosen one that are looked through: others may have come in front, by priority. */
const SLACK = 100;

/** Finds chosen messages again while a queue is walked through; equal ones as often as they were chosen. */
export class Finding {
  readonly #wanted = new Map<string, Ref[]>();
  #left: number;
  readonly atMost: number;

  constructor(chosen: readonly { readonly ref: Ref; readonly looked: LookedMessage }[]) {
    for (const { ref, looked } of chosen) {
      const refs = this.#wanted.get(looked.hash) ?? [];
      refs.push(ref);
      this.#wanted.set(looked.hash, refs);
    }
    this.#left = chosen.length;
    this.atMost = Math.max(...chosen.map(({ looked }) => looked.position + 1)) + SLACK;
  }

  readonly found: Ref[] = [];

  pick(message: RabbitMessage): 'take' | 'leave' | 'stop' {
    if (this.#left === 0) return 'stop';
    const ref = this.#wanted.get(messageHash(message))?.shift();
    if (ref === undefined) return 'leave';
    this.#left--;
    this.found.push(ref);
    return 'take';
  }
}

/** Queue of the application in which a message waits, or will wait when its delay is over. */
export async function ownQueue(
  rabbit: RabbitTransport,
  queue: string,
  message: RabbitMessage,
  signal: AbortSignal,
): Promise<string | null> {
  if (!isDelayedQueue(queue)) return queue;
  const { keyBehindDelay } = await import('../../rabbitmq/names');
  const key = keyBehindDelay(message.routingKey);
  if (key === null) return null;
  const names = await rabbit.queueNames(signal);
  return names.includes(key) ? key : null;
}
