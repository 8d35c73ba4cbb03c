/** Retrying 10,000 failed tasks of Celery, against bare publishing of the same messages. */
import { createHash } from 'node:crypto';
import { connect } from 'amqplib';
import type { Redis } from 'ioredis';
import { connectRabbit } from '../src/brokers/rabbitmq';
import { connectRedis } from '../src/brokers/redis/connect';
import type { Broker, Companions } from '../src/model';
import { celery } from '../src/systems/celery';
import { CeleryInstallation } from '../src/systems/celery/installation';
import { parseOptions } from '../src/systems/celery/options';
import { clientOf, startRabbit, startRedis, type TestRedis } from '../test/support';
import type { BenchResult } from './result';
import { fillResults, messageOf, resultKeyOf } from './support/celery-data';

const TASKS = 10_000;
const ROUNDS = 3;
/** Messages that wait for their confirmation at the same time. */
const WINDOW = 256;
const QUEUE = 'celery';
const never = new AbortController().signal;

interface Pair {
  readonly ours: number;
  readonly bare: number;
}

export async function run(): Promise<BenchResult[]> {
  await using redis = await startRedis();
  const backend = redis.url.replace(/\/0$/, '/1');
  const results = await connectRedis({ url: backend }, never);
  try {
    return [await onRedis(redis, results, backend), await onRabbit(redis, results, backend)];
  } finally {
    results.close();
  }
}

async function onRedis(redis: TestRedis, results: Broker, backend: string): Promise<BenchResult> {
  const broker = await connectRedis({ url: redis.url }, never);
  const client = clientOf(redis);
  const store = clientOf(redis, 1);
  try {
    const pairs: Pair[] = [];
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      await fill(redis, client);
      const { milliseconds: ours, steps } = await retryAll(broker, results, backend);
      await fill(redis, client);
      pairs.push({ ours, bare: await bareRedis(client, store, Math.round(TASKS / steps)) });
    }
    return resultOf('Redis, against bare Lua calls in the same steps', 3, pairs.slice(1));
  } finally {
    broker.close();
    client.disconnect();
    store.disconnect();
  }
}

async function onRabbit(redis: TestRedis, results: Broker, backend: string): Promise<BenchResult> {
  const rabbit = await startRabbit();
  const client = clientOf(redis);
  try {
    const { url } = await rabbit.vhost();
    const broker = await connectRabbit({ url, managementUrl: rabbit.managementUrl }, never);
    const bare = await connect(url, { noDelay: true });
    const channel = await bare.createConfirmChannel();
    await channel.assertQueue(QUEUE);
    const pairs: Pair[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      await channel.purgeQueue(QUEUE);
      await fill(redis, client);
      const { milliseconds: ours } = await retryAll(broker, results, backend);
      await channel.purgeQueue(QUEUE);
      const began = performance.now();
      for (let from = 0; from < TASKS; from += WINDOW) {
        for (let n = from; n < Math.min(TASKS, from + WINDOW); n++) {
          const { body, headers } = JSON.parse(messageOf(n, QUEUE)) as { body: string; headers: object };
          channel.publish('', QUEUE, Buffer.from(body, 'base64'), { headers, persistent: true, mandatory: true });
        }
        await channel.waitForConfirms();
      }
      pairs.push({ ours, bare: performance.now() - began });
    }
    await bare.close();
    broker.close();
    return resultOf('RabbitMQ, against bare publishing with confirms', 2, pairs.slice(1));
  } finally {
    client.disconnect();
    await rabbit.kill();
  }
}

async function fill(redis: TestRedis, client: Redis): Promise<void> {
  await client.flushall();
  await fillResults(redis, { database: 1, results: TASKS, failedEvery: 1 });
}

async function retryAll(
  broker: Broker,
  results: Broker,
  backend: string,
): Promise<{ readonly milliseconds: number; readonly steps: number }> {
  const companions: Companions = {
    open: async () => results,
    database: async () => results,
    otherDatabases: async () => [{ db: 1, keys: TASKS }],
  };
  const options = parseOptions({ results: backend });
  const installation = new CeleryInstallation(celery, { broker, key: '', options, companions }, []);
  // As it is when a person sees the list: the index is there.
  for await (const _ of installation.complete(never));
  const target = { kind: 'selector', queue: null, state: 'failed' } as const;
  const plan = await installation.plan({ action: 'retry', targets: [target], parameters: {} }, never);
  globalThis.gc?.();
  const began = performance.now();
  const running = installation.perform(plan, never);
  let steps = 0;
  let step = await running.next();
  for (; step.done !== true; step = await running.next()) if (step.value.phase === 'did') steps++;
  if (step.value.counts.done !== TASKS) throw new Error(`Only ${step.value.counts.done} were retried.`);
  return { milliseconds: performance.now() - began, steps };
}

/** The same guarantee and nothing else: a result goes only if it is what was read, and its task is published with that. */
const BARE = `
redis.call('SELECT', 1)
local there = {}
for i = 2, #KEYS do
  if redis.sha1hex(redis.call('GET', KEYS[i])) == ARGV[2 * i - 3] then
    redis.call('DEL', KEYS[i])
    there[#there + 1] = i
  end
end
redis.call('SELECT', 0)
for _, i in ipairs(there) do redis.call('LPUSH', KEYS[1], ARGV[2 * i - 2]) end
return #there`;

/** What a tool would write: no undo, no report. */
async function bareRedis(client: Redis, store: Redis, size: number): Promise<number> {
  const sha = (await client.script('LOAD', BARE)) as string;
  const began = performance.now();
  for (let from = 0; from < TASKS; from += size) {
    const numbers = Array.from({ length: Math.min(size, TASKS - from) }, (_value, n) => from + n);
    const keys = numbers.map(resultKeyOf);
    const read = await store.mgetBuffer(keys);
    const args = read.flatMap((value, n) => [sha1(value), messageOf(from + n, QUEUE)]);
    const done = await client.evalsha(sha, keys.length + 1, QUEUE, ...keys, ...args);
    if (done !== keys.length) throw new Error(`Only ${String(done)} of ${keys.length} were retried.`);
  }
  return performance.now() - began;
}

const sha1 = (value: Buffer | null): string =>
  createHash('sha1')
    .update(value ?? '')
    .digest('hex');

function resultOf(what: string, bound: number, pairs: readonly Pair[]): BenchResult {
  const sorted = [...pairs].sort((a, b) => a.ours / a.bare - b.ours / b.bare);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  const ms = (value: number) => `${Math.round(value)} ms`;
  return {
    name: `Celery: retry all of ${TASKS.toLocaleString('en')} failed on ${what}`,
    ratio: middle.ours / middle.bare,
    bound,
    better: 'lower',
    detail: `${ms(middle.ours)} against ${ms(middle.bare)}`,
  };
}
