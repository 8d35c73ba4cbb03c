/** Retrying 10,000 failed tasks of Celery and emptying a queue of 100,000, against bare commands that do the same. */
import { connect } from 'amqplib';
import type { Redis } from 'ioredis';
import { connectRabbit } from '../src/brokers/rabbitmq';
import { connectRedis } from '../src/brokers/redis/connect';
import type { ActionRequest, Broker, Companions, Installation } from '../src/model';
import { celery } from '../src/systems/celery';
import { CeleryInstallation } from '../src/systems/celery/installation';
import { parseOptions } from '../src/systems/celery/options';
import { clientOf, startRabbit, startRedis, type TestRedis } from '../test/support';
import type { BenchResult } from './result';
import { bareEmptying, bareRetry, holdsOf } from './support/celery-bare';
import { fillPending, fillResults, messageOf } from './support/celery-data';
import { watchLoop } from './support/measure';

const TASKS = 10_000;
const WAITING = 100_000;
/** Milliseconds that a step may hold Redis, and the event loop. */
const HOLD_LIMIT = 5;
const LOOP_LIMIT = 50;
const ROUNDS = 3;
/** Messages that wait for their confirmation at the same time. */
const WINDOW = 256;
const QUEUE = 'celery';
const never = new AbortController().signal;

interface Pair {
  readonly ours: number;
  readonly bare: number;
  readonly loop: number;
  /** Milliseconds that single steps held Redis. */
  readonly holds: readonly number[];
}

interface Run {
  readonly milliseconds: number;
  readonly steps: number;
  readonly loop: number;
}

export async function run(): Promise<BenchResult[]> {
  await using redis = await startRedis({ args: ['--slowlog-log-slower-than', '0', '--slowlog-max-len', '40000'] });
  const backend = redis.url.replace(/\/0$/, '/1');
  const results = await connectRedis({ url: backend }, never);
  try {
    return [
      ...(await onRedis(redis, results, backend)),
      ...(await onRabbit(redis, results, backend)),
      ...(await emptying(redis)),
    ];
  } finally {
    results.close();
  }
}

async function onRedis(redis: TestRedis, results: Broker, backend: string): Promise<BenchResult[]> {
  const broker = await connectRedis({ url: redis.url }, never);
  const client = clientOf(redis);
  const store = clientOf(redis, 1);
  try {
    const pairs: Pair[] = [];
    // The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      await fill(redis, client);
      const { milliseconds: ours, steps, loop } = await retryAll(broker, results, backend);
      const holds = await holdsOf(client);
      await fill(redis, client);
      pairs.push({ ours, bare: await bareRetry(client, store, QUEUE, TASKS, Math.round(TASKS / steps)), loop, holds });
    }
    return resultsOf(RETRY, 'on Redis, against bare Lua calls in the same steps', pairs.slice(1));
  } finally {
    broker.close();
    client.disconnect();
    store.disconnect();
  }
}

async function onRabbit(redis: TestRedis, results: Broker, backend: string): Promise<BenchResult[]> {
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
      const { milliseconds: ours, loop } = await retryAll(broker, results, backend);
      await channel.purgeQueue(QUEUE);
      const began = performance.now();
      for (let from = 0; from < TASKS; from += WINDOW) {
        for (let n = from; n < Math.min(TASKS, from + WINDOW); n++) {
          const { body, headers } = JSON.parse(messageOf(n, QUEUE)) as { body: string; headers: object };
          channel.publish('', QUEUE, Buffer.from(body, 'base64'), { headers, persistent: true, mandatory: true });
        }
        await channel.waitForConfirms();
      }
      pairs.push({ ours, bare: performance.now() - began, loop, holds: [] });
    }
    await bare.close();
    broker.close();
    return resultsOf(RETRY, 'on RabbitMQ, against bare publishing with confirms', pairs.slice(1));
  } finally {
    client.disconnect();
    await rabbit.kill();
  }
}

async function fill(redis: TestRedis, client: Redis): Promise<void> {
  await client.flushall();
  await fillResults(redis, { database: 1, results: TASKS, failedEvery: 1 });
  await client.call('SLOWLOG', 'RESET');
}

async function retryAll(broker: Broker, results: Broker, backend: string): Promise<Run> {
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
  return perform(installation, { action: 'retry', targets: [target], parameters: {} }, TASKS);
}

async function perform(installation: Installation, request: ActionRequest, expected: number): Promise<Run> {
  const plan = await installation.plan(request, never);
  globalThis.gc?.();
  const longest = watchLoop();
  const began = performance.now();
  const running = installation.perform(plan, never);
  let steps = 0;
  let step = await running.next();
  for (; step.done !== true; step = await running.next()) if (step.value.phase === 'did') steps++;
  const milliseconds = performance.now() - began;
  const { done } = step.value.counts;
  if (done !== expected) throw new Error(`Only ${done} of ${expected} were done.`);
  return { milliseconds, steps, loop: longest() };
}

/** The waiting tasks of one queue, and that it can be stopped on the way. */
async function emptying(redis: TestRedis): Promise<BenchResult[]> {
  const broker = await connectRedis({ url: redis.url }, never);
  const client = clientOf(redis);
  try {
    const place = { broker, key: '', options: parseOptions({}), companions: null };
    const request = { action: 'empty', targets: [{ kind: 'queue', name: QUEUE }], parameters: {} } as const;
    const pairs: Pair[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await fillQueue(redis, client);
      const {
        milliseconds: ours,
        steps,
        loop,
      } = await perform(new CeleryInstallation(celery, place, []), request, WAITING);
      const holds = await holdsOf(client);
      await fillQueue(redis, client);
      pairs.push({ ours, bare: await bareEmptying(client, QUEUE, WAITING, Math.round(WAITING / steps)), loop, holds });
    }
    await fillQueue(redis, client);
    await stopped(new CeleryInstallation(celery, place, []), request, client);
    const what = `empty a queue of ${WAITING.toLocaleString('en')}`;
    return resultsOf(what, 'on Redis, against bare reading and removing in the same steps', pairs);
  } finally {
    broker.close();
    client.disconnect();
  }
}

/** @throws Error where more is done after it was stopped, or other than was said */
async function stopped(installation: Installation, request: ActionRequest, client: Redis): Promise<void> {
  const plan = await installation.plan(request, never);
  const stop = new AbortController();
  const running = installation.perform(plan, stop.signal);
  let step = await running.next();
  for (; step.done !== true; step = await running.next()) if (step.value.phase === 'did') stop.abort();
  const left = await client.llen(QUEUE);
  const { counts, stopped: ended } = step.value;
  if (!ended || counts.done + left !== WAITING || left < WAITING * 0.99)
    throw new Error(`Stopped after the first step, ${counts.done} were done and ${left} are left.`);
}

async function fillQueue(redis: TestRedis, client: Redis): Promise<void> {
  await client.flushall();
  await fillPending(redis, QUEUE, WAITING);
  await client.call('SLOWLOG', 'RESET');
}

const RETRY = `retry all of ${TASKS.toLocaleString('en')} failed`;

function resultsOf(action: string, against: string, pairs: readonly Pair[]): BenchResult[] {
  const sorted = [...pairs].sort((a, b) => a.ours / a.bare - b.ours / b.bare);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  const ms = (value: number) => `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
  const loops = pairs.map(({ loop }) => loop).sort((a, b) => a - b);
  const holds = pairs.flatMap(pair => pair.holds).sort((a, b) => a - b);
  const [where = ''] = against.split(',');
  const results: BenchResult[] = [
    {
      name: `Celery: ${action} ${against}`,
      ratio: middle.ours / middle.bare,
      bound: 2,
      better: 'lower',
      detail: `${ms(middle.ours)} against ${ms(middle.bare)}`,
    },
    {
      name: `Celery: longest time without a turn of the event loop during ${action} ${where}, in ms`,
      ratio: loops.at(-1) ?? 0,
      bound: LOOP_LIMIT,
      better: 'lower',
      detail: `longest of each run: ${loops.map(ms).join(', ')}`,
    },
  ];
  if (holds.length === 0) return results;
  return [
    ...results,
    {
      name: `Celery: time that 99 % of the steps of ${action} hold Redis at most, in ms`,
      ratio: holds[Math.floor(holds.length * 0.99)] ?? 0,
      bound: HOLD_LIMIT,
      better: 'lower',
      detail: `median ${ms(holds[holds.length >> 1] ?? 0)}, longest ${ms(holds.at(-1) ?? 0)}`,
    },
  ];
}
