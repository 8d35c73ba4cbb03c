/** A result backend as Celery leaves it, and what reads it. */
import type { Redis } from 'ioredis';
import { connectRedis } from '../../../../src/brokers/redis';
import type { Companions, JobPage, JobQuery, State } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import type { CeleryOptions, NamedBackend, Results } from '../../../../src/systems/celery/parts';
import { createResults, RedisResultStore } from '../../../../src/systems/celery/results';
import type { ResultStore } from '../../../../src/systems/celery/types';

export const never = new AbortController().signal;

const OPTIONS = parseOptions({});

export interface Given {
  readonly options?: Partial<CeleryOptions>;
  readonly companions?: Companions | null;
  readonly key?: string;
  readonly named?: () => readonly NamedBackend[];
}

/** Results of an installation whose messages are at a URL. */
export async function resultsAt(url: string, given: Given = {}) {
  const broker = await connectRedis({ url }, never);
  const options = { ...OPTIONS, ...given.options };
  const place = { broker, key: given.key ?? '', options, companions: given.companions ?? null };
  const results: Results = createResults(place, given.named ?? (() => []));
  return { broker, results, [Symbol.dispose]: () => broker.close() };
}

/** The store itself, with an index of its own. */
export async function storeAt(url: string, prefix = '') {
  const broker = await connectRedis({ url }, never);
  const store = new RedisResultStore({ broker, prefix, installation: '', messages: broker });
  return { broker, store, [Symbol.dispose]: () => broker.close() };
}

/** To the end. @returns how far it was at each step */
export async function complete(store: Pick<ResultStore, 'complete'>, signal = never) {
  const steps: { looked: number; of: number }[] = [];
  for await (const looked of store.complete(signal)) steps.push(looked);
  return steps;
}

export function page(store: Pick<ResultStore, 'page'>, state: State, more: Partial<JobQuery> = {}): Promise<JobPage> {
  return store.page({ state, queue: null, cursor: null, size: 50, ...more }, never);
}

export const uuid = (n: number) => `4d7a1be0-93c2-4f6e-8b11-${String(n).padStart(12, '0')}`;

/** A result as Celery 5.7 writes it by JSON. */
export function meta(id: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    status: 'SUCCESS',
    result: 3,
    traceback: null,
    children: [],
    date_done: '2026-11-20T21:39:01.982219+00:00',
    task_id: id,
    ...more,
  });
}

export const failure = (message: string) => ({
  status: 'FAILURE',
  result: { exc_type: 'CardDeclined', exc_message: [message], exc_module: 'shop.errors' },
  traceback: `Traceback (most recent call last):\n  File "/app/shop/gateway.py", line 9, in charge\n    raise CardDeclined("${message}")\nshop.errors.CardDeclined: ${message}\n`,
});

export const put = (client: Redis, id: string, more: Readonly<Record<string, unknown>> = {}, prefix = '') =>
  client.set(`${prefix}celery-task-meta-${id}`, meta(id, more), 'EX', 86_400);

/** A moment of that day. */
export const doneAt = (ms: number) =>
  `${new Date(Date.parse('2026-11-20T21:39:01Z') + ms).toISOString().slice(0, 23)}219`;
