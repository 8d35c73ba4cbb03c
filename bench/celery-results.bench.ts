/** Celery's results: the index of 100,000 against a bare SCAN and MGET of the same keys, and pages from it. */
import type { Redis } from 'ioredis';
import { connectRedis } from '../src/brokers/redis/connect';
import { RedisResultStore } from '../src/systems/celery/results';
import { clientOf, startRedis } from '../test/support';
import type { BenchResult } from './result';
import { fillResults, resultKeyOf } from './support/celery-data';
import { loopResult, ms, timesOf } from './support/figures';
import { compare, repeat } from './support/measure';

const RESULTS = 100_000;
const FAILED_EVERY = 2;
const PAGE = 50;
const LOOP_LIMIT = 20;
const BYTES_LIMIT = 200;
const never = new AbortController().signal;

export async function run(): Promise<BenchResult[]> {
  await using redis = await startRedis();
  await fillResults(redis, { database: 0, results: RESULTS, failedEvery: FAILED_EVERY });
  const client = clientOf(redis);
  const broker = await connectRedis({ url: redis.url }, never);
  const newStore = () => new RedisResultStore({ broker, prefix: '', installation: '', messages: broker });
  try {
    return [...(await indexing(newStore, client)), ...(await pages(newStore, client)), await memory(newStore)];
  } finally {
    broker.close();
    client.disconnect();
  }
}

const name = `Celery: index of ${RESULTS.toLocaleString('en')} results`;

async function indexing(newStore: () => RedisResultStore, client: Redis): Promise<BenchResult[]> {
  const comparison = await compare(
    async () => {
      const store = newStore();
      await complete(store);
      if (store.size !== RESULTS) throw new Error(`Only ${store.size} results were found.`);
    },
    () => bareIndex(client),
    7,
    2,
  );
  const store = newStore();
  await complete(store);
  const later = await repeat(() => complete(store), 5);
  return [
    {
      name: `${name}, against a bare SCAN and MGET of the same keys`,
      ratio: comparison.ratio,
      bound: 2,
      better: 'lower',
      detail: `${timesOf(comparison)}; a later look, half of them known to have succeeded: ${ms(later.median)}`,
    },
    loopResult(name, [comparison], LOOP_LIMIT, 'bare commands'),
  ];
}

async function complete(store: RedisResultStore): Promise<void> {
  for await (const _looked of store.complete(never)) {
    // Only the end is of interest.
  }
}

/** Every key once, in the same steps; nothing is made of the values. */
async function bareIndex(client: Redis): Promise<void> {
  let cursor = '0';
  let read = 0;
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', 'celery-task-meta-*', 'COUNT', 1000);
    cursor = next;
    if (keys.length > 0) read += (await client.mgetBuffer(...keys)).length;
  } while (cursor !== '0');
  if (read < RESULTS) throw new Error(`Only ${read} values were read.`);
}

async function pages(newStore: () => RedisResultStore, client: Redis): Promise<BenchResult[]> {
  const store = newStore();
  await complete(store);
  const page = async (cursor: string | null) => {
    const { items, next } = await store.page({ state: 'failed', queue: null, cursor, size: PAGE }, never);
    if (items.length !== PAGE || items[0]?.error === null) throw new Error(`A page holds ${items.length} failures.`);
    return next;
  };
  const keys = Array.from({ length: RESULTS / FAILED_EVERY }, (_value, n) => resultKeyOf(n * FAILED_EVERY)).reverse();
  const same = await compare(
    () => page(null),
    () => client.mgetBuffer(...keys.slice(0, PAGE)),
    301,
    50,
  );
  let cursor: string | null = null;
  let from = 0;
  const walk = await compare(
    async () => {
      cursor = await page(cursor);
    },
    async () => {
      from = (from + PAGE) % (keys.length - PAGE);
      await client.mgetBuffer(...keys.slice(from, from + PAGE));
    },
    301,
    50,
  );
  return [
    {
      name: `Celery: first page of ${PAGE} failures among ${RESULTS.toLocaleString('en')} results, seen before, against a bare MGET`,
      ratio: same.ratio,
      bound: 1.5,
      better: 'lower',
      detail: `${timesOf(same)}; pages seen for the first time, one after the other: ${walk.ratio.toFixed(2)} (${timesOf(walk)})`,
    },
    loopResult('Celery: pages of results', [same, walk], LOOP_LIMIT, 'bare commands'),
  ];
}

async function memory(newStore: () => RedisResultStore): Promise<BenchResult> {
  const store = newStore();
  const before = settled();
  await complete(store);
  const bytes = settled() - before;
  if (store.size !== RESULTS) throw new Error(`Only ${store.size} results were found.`);
  return {
    name: `${name}: bytes of memory for each`,
    ratio: bytes / RESULTS,
    bound: BYTES_LIMIT,
    better: 'lower',
    detail: `${(bytes / 1024 / 1024).toFixed(1)} MB in all; heap and buffers, after garbage collection`,
  };
}

/** Bytes in use when nothing is left to collect. */
function settled(): number {
  if (globalThis.gc === undefined) throw new Error('Run it with --expose-gc.');
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
