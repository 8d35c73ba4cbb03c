import { createHash } from 'node:crypto';
import type { RabbitMessage } from '../../../brokers/rabbitmq/port';
import type { InspectorError } from '../../../model';

/** Bytes of bodies that are kept of all looks together; the oldest look goes first. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** Milliseconds by which statistics may lag, well over the 5,000 that are usual. */
const STATISTICS_LAG = 30_000;
/** Headers that the broker itself changes with a delivery: they are no part of what a message is. */
const VOLATILE = ['x-delivery-count', 'x-acquired-count'];

/** A message as a look showed it. */
export interface LookedMessage {
  readonly queue: string;
  /** 0 = was first in the queue. */
  readonly position: number;
  readonly message: RabbitMessage;
  /** See `messageHash`. */
  readonly hash: string;
}

export interface Look {
  readonly queue: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Tells looks of one queue apart. */
  readonly number: number;
  readonly messages: readonly LookedMessage[];
  /** Why nothing could be read; null where it could. */
  readonly failure: InspectorError | null;
}

/** What was looked at, by queue: the last look of each, kept in memory only. */
export class Looks {
  readonly #looks = new Map<string, Look>();
  /** Highest delivery count that a message of the queue may have by now, as far as was seen. */
  readonly #deliveries = new Map<string, number>();
  #number = 0;

  remember(queue: string, messages: readonly RabbitMessage[]): Look {
    const looked = messages.map((message, position) => new Looked(queue, position, message));
    const counts = messages.map(deliveryCount);
    // Putting back counts as one more.
    if (counts.length > 0) this.#deliveries.set(queue, Math.max(this.deliveries(queue), ...counts.map(n => n + 1)));
    return this.#keep({ queue, at: Date.now(), number: ++this.#number, messages: looked, failure: null });
  }

  /** A look that failed is remembered too: the page says why, with the broker's words. */
  fail(queue: string, failure: InspectorError): Look {
    return this.#keep({ queue, at: Date.now(), number: ++this.#number, messages: [], failure });
  }

  /** Messages that were taken out of a queue: what the last look at it showed of them is shown no more. */
  forget(queue: string, messages: readonly RabbitMessage[]): void {
    const look = this.#looks.get(queue);
    if (look === undefined || look.messages.length === 0 || messages.length === 0) return;
    const taken = new Map<string, number>();
    for (const message of messages) {
      const hash = messageHash(message);
      taken.set(hash, (taken.get(hash) ?? 0) + 1);
    }
    const left = look.messages.filter(({ hash }) => {
      const count = taken.get(hash) ?? 0;
      if (count > 0) taken.set(hash, count - 1);
      return count === 0;
    });
    if (left.length === 0) this.#looks.delete(queue);
    else this.#keep({ ...look, number: ++this.#number, messages: left });
  }

  of(queue: string): Look | null {
    return this.#looks.get(queue) ?? null;
  }

  all(): readonly Look[] {
    return [...this.#looks.values()];
  }

  deliveries(queue: string): number {
    return this.#deliveries.get(queue) ?? 0;
  }

  /** Statistics say that nothing is there any more that could have been counted. Right after a look they are older. */
  emptied(queue: string): void {
    const look = this.#looks.get(queue);
    if (look === undefined || Date.now() - look.at > STATISTICS_LAG) this.#deliveries.delete(queue);
  }

  #keep(look: Look): Look {
    this.#looks.delete(look.queue);
    this.#looks.set(look.queue, look);
    let bytes = 0;
    for (const { queue, messages } of [...this.#looks.values()].reverse()) {
      bytes += messages.reduce((sum, { message }) => sum + message.body.length, 0);
      if (bytes > KEPT_BYTES && queue !== look.queue) this.#looks.delete(queue);
    }
    return look;
  }
}

/** Hashes only when somebody asks: a page shows few of what a look got. */
class Looked implements LookedMessage {
  readonly queue: string;
  readonly position: number;
  readonly message: RabbitMessage;
  #hash: string | undefined;

  constructor(queue: string, position: number, message: RabbitMessage) {
    this.queue = queue;
    this.position = position;
    this.message = message;
  }

  get hash(): string {
    this.#hash ??= messageHash(this.message);
    return this.#hash;
  }
}

/** How often the broker has delivered it in vain (quorum queues); 0 where it does not count. */
export function deliveryCount({ properties }: RabbitMessage): number {
  const count = properties.headers?.['x-delivery-count'];
  return typeof count === 'number' && count > 0 ? count : 0;
}

/**
 * What a message is, whenever it is got: SHA-256 over body, properties and headers, without what the broker changes with
 * each delivery; the first 32 hex digits.
 */
export function messageHash({ exchange, routingKey, properties, body }: RabbitMessage): string {
  const { headers, ...others } = properties;
  const own = Object.entries(headers ?? {}).filter(([name]) => !VOLATILE.includes(name));
  return createHash('sha256')
    .update(stable({ exchange, routingKey, ...others, headers: Object.fromEntries(own) }))
    .update('\0')
    .update(body)
    .digest('hex')
    .slice(0, 32);
}

/** JSON with sorted names; bytes and big integers as text. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    if (each instanceof Uint8Array) return Buffer.from(each).toString('base64');
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
