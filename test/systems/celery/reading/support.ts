/** What the tests of reading Celery on Redis share: a connected installation, and messages as kombu writes them. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Installation, JobPage, JobQuery, State } from '../../../../src/model';
import { celery } from '../../../../src/systems/celery';

export const signal = new AbortController().signal;

export interface Connected {
  readonly broker: ConnectedRedis;
  readonly installation: Installation;
}

/** Connects as the extension does, and finds every Celery there. */
export async function detected(url: string, options: Record<string, unknown> = {}) {
  const broker = await connectRedis({ url }, signal);
  return { broker, installations: await celery.detect(broker, options, signal) };
}

export async function connected(url: string, options: Record<string, unknown> = {}): Promise<Connected> {
  const { broker, installations } = await detected(url, options);
  const [installation] = installations;
  if (installation === undefined) throw new Error(`No Celery was found on ${url}.`);
  return { broker, installation };
}

export interface Sample {
  readonly id?: string | null;
  readonly task?: string;
  readonly args?: readonly unknown[];
  readonly queue?: string;
  readonly exchange?: string;
  readonly tag?: string;
  readonly headers?: Record<string, unknown>;
}

/** An envelope with the fields that kombu 5.6 and Celery 5.6 write, in their order. */
export function envelope(sample: Sample = {}): string {
  const { id = randomUUID(), task = 'shop.tasks.add', args = [1, 2], queue = 'celery', exchange = '' } = sample;
  const body = Buffer.from(
    JSON.stringify([args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
  ).toString('base64');
  const headers = {
    ...{ lang: 'py', task, id, shadow: null, eta: null, expires: null, group: null, group_index: null, retries: 0 },
    ...{ timelimit: [null, null], root_id: id, parent_id: null, argsrepr: `(${args.join(', ')})`, kwargsrepr: '{}' },
    ...{ origin: 'gen1@test', ignore_result: false },
    ...sample.headers,
  };
  const properties = {
    ...{ correlation_id: id, reply_to: randomUUID(), delivery_mode: 2 },
    ...{ delivery_info: { exchange, routing_key: queue }, priority: 0, body_encoding: 'base64' },
    delivery_tag: sample.tag ?? randomUUID(),
  };
  const message = { body, 'content-encoding': 'utf-8', 'content-type': 'application/json', headers, properties };
  return spaced(message);
}

/** JSON as Python's `json.dumps` separates it. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`)
    .join(', ')}}`;
}

export async function bind(client: Redis, queue: string, prefix = ''): Promise<void> {
  await client.sadd(`${prefix}_kombu.binding.${queue}`, `${queue}\x06\x16\x06\x16${queue}`);
}

/** Messages with the ids `task-00000` …, the first of which runs first. */
export async function fill(client: Redis, queue: string, count: number, step = 0): Promise<void> {
  await bind(client, queue);
  const key = step === 0 ? queue : `${queue}\x06\x16${step}`;
  for (let from = 0; from < count; from += 1000) {
    const pipeline = client.pipeline();
    for (let n = from; n < Math.min(count, from + 1000); n++)
      pipeline.lpush(key, envelope({ id: idOf(n, step), args: [n], queue }));
    await pipeline.exec();
  }
}

export const idOf = (n: number, step = 0): string => `task-${step}-${String(n).padStart(7, '0')}`;

/** As a worker does that holds a message (kombu/transport/redis.py, `QoS.append`). */
export async function hold(client: Redis, sample: Sample, since: number): Promise<string> {
  const tag = sample.tag ?? randomUUID();
  const { queue = 'celery', exchange = '' } = sample;
  const value = `[${envelope({ ...sample, tag })}, ${JSON.stringify(exchange)}, ${JSON.stringify(queue)}]`;
  await client.multi().zadd('unacked_index', since, tag).hset('unacked', tag, value).exec();
  return tag;
}

export function page(installation: Installation, state: State, query: Partial<JobQuery> = {}): Promise<JobPage> {
  return installation.jobs({ queue: null, state, cursor: null, size: 50, ...query }, signal);
}

/** Ids of all rows of a state, page by page. */
export async function walked(installation: Installation, state: State, query: Partial<JobQuery> = {}) {
  const ids: (string | null)[] = [];
  let cursor: string | null = null;
  do {
    const next: JobPage = await page(installation, state, { ...query, cursor });
    ids.push(...next.items.map(({ id }) => id));
    cursor = next.next;
  } while (cursor !== null);
  return ids;
}
