import type { RedisBroker } from '../../../../brokers/redis/port';
import { InspectorError } from '../../../../model';
import { bindingKey, type Key, keyOf } from '../../keys';
import { MOST_PRIORITY } from '../../message/build';
import type { CeleryContext, RedisTransport } from '../../parts';
import type { Put } from './change';

/** Set of bindings of queues that never expire (kombu 5.7): without it a sweep takes the bindings of an exchange away. */
export const permanentKey = (prefix: string, exchange: string): Key =>
  keyOf(`${prefix}_kombu.binding_permanent.${exchange}`);
const deadlinesKey = (prefix: string): Key => keyOf(`${prefix}_kombu.binding_deadlines`);

const bindingMember = (queue: string, separator: string): Buffer =>
  Buffer.from(keyOf(`${queue}${separator}${separator}${queue}`));

/** The broker and transport of an installation on Redis. */
export function redisOf({ broker, redis }: Pick<CeleryContext, 'broker' | 'redis'>): {
  readonly broker: RedisBroker;
  readonly redis: RedisTransport;
} {
  if (redis === null || broker.kind !== 'redis') {
    throw new InspectorError('unsupported', {
      message: 'This is done on Redis alone.',
      tried: 'changing tasks',
      answer: `the messages lie on a ${broker.kind}`,
      remedy: 'Choose another action.',
    });
  }
  return { broker: broker as RedisBroker, redis };
}

/** List of a queue in which a message of this priority waits (kombu/transport/redis.py, priority). */
export function listFor(redis: RedisTransport, queue: string, priority: number | null): Key {
  const wanted = Math.min(Math.max(priority ?? 0, 0), MOST_PRIORITY);
  const lists = redis.servedListKeys(queue);
  let best = lists[0];
  for (const list of lists) if (list.step <= wanted && list.step >= (best?.step ?? 0)) best = list;
  return best?.key ?? keyOf(queue);
}

/**
 * What makes a queue known to producers and to us, as a worker that declares it does: nothing where it is known already.
 * One round trip where there is a new one.
 */
export class Bindings {
  readonly #context: CeleryContext;
  readonly #known = new Map<string, readonly Put[]>();
  #permanent: Promise<boolean> | null = null;

  constructor(context: CeleryContext) {
    this.#context = context;
  }

  async for(queue: string, signal: AbortSignal): Promise<readonly Put[]> {
    const known = this.#known.get(queue);
    if (known !== undefined) return known;
    const { redis } = redisOf(this.#context);
    const names = await redis.queueNames(signal);
    const puts = names.includes(queue) ? [] : await this.#puts(queue, names, signal);
    this.#known.set(queue, puts);
    return puts;
  }

  /** What `for` has answered before. */
  known(queue: string): readonly Put[] | undefined {
    return this.#known.get(queue);
  }

  async #puts(queue: string, names: readonly string[], signal: AbortSignal): Promise<readonly Put[]> {
    this.#permanent ??= this.#isPermanent(names, signal);
    const { key: prefix } = this.#context;
    const { separator } = redisOf(this.#context).redis;
    const keys = [bindingKey(prefix, queue), ...((await this.#permanent) ? [permanentKey(prefix, queue)] : [])];
    return keys.map(key => ({ command: 'SADD', key, args: [bindingMember(queue, separator)] }));
  }

  /** Whether a kombu that sweeps bindings has been here. */
  async #isPermanent(names: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { broker } = redisOf(this.#context);
    const { key: prefix } = this.#context;
    const keys = [deadlinesKey(prefix), ...names.slice(0, 100).map(name => permanentKey(prefix, name))];
    const replies = await broker.read(
      keys.map(key => ['EXISTS', key] as const),
      signal,
    );
    return replies.includes(1);
  }
}
