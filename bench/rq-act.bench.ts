/** Retrying 100,000 failed jobs of RQ, against bare Lua calls of the same step size on the same data. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import { connectRedis } from '../src/brokers/redis/connect';
import { createRqActions } from '../src/systems/rq/act';
import { clientOf, startRedis, type TestRedis } from '../test/support';
import type { BenchResult } from './result';
import { ms } from './support/figures';

const JOBS = 100_000;
const AT = '2026-11-20T21:39:01.982219Z';
const never = new AbortController().signal;

/** What a tool would write that does the same to Redis and nothing else: no undo, no report. */
const BARE = `
for i = 1, #ARGV - 1 do
  local id, job = ARGV[i + 1], KEYS[i + 2]
  if redis.call('ZREM', KEYS[1], id) == 1 and redis.call('EXISTS', job) == 1 then
    redis.call('HSET', job, 'status', 'queued', 'enqueued_at', ARGV[1])
    redis.call('HDEL', job, 'started_at', 'ended_at', 'exc_info')
    redis.call('PERSIST', job)
    redis.call('SADD', 'rq:queues', KEYS[2])
    redis.call('RPUSH', KEYS[2], id)
  end
end
return #ARGV - 1`;

interface Run {
  readonly milliseconds: number;
  /** Milliseconds that single steps held Redis, ascending. */
  readonly holds: readonly number[];
  /** Jobs in the steps, on average. */
  readonly stepSize: number;
}

export async function run(): Promise<BenchResult[]> {
  const redis = await startRedis({ args: ['--slowlog-log-slower-than', '0', '--slowlog-max-len', '40000'] });
  const client = clientOf(redis);
  try {
    await fill(client);
    await ours(redis, client);
    const pairs: { readonly ours: Run; readonly bare: Run; readonly loop: number }[] = [];
    for (let round = 0; round < 3; round++) {
      await fill(client);
      const { measured, loop } = await ours(redis, client);
      await fill(client);
      pairs.push({ ours: measured, bare: await bare(client, Math.round(measured.stepSize)), loop });
    }
    return results(pairs);
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

function results(pairs: readonly { readonly ours: Run; readonly bare: Run; readonly loop: number }[]): BenchResult[] {
  const ratioOf = (pair: (typeof pairs)[number]) => pair.ours.milliseconds / pair.bare.milliseconds;
  const middle = [...pairs].sort((a, b) => ratioOf(a) - ratioOf(b))[Math.floor(pairs.length / 2)]!;
  const holds = pairs.flatMap(pair => pair.ours.holds).sort((a, b) => a - b);
  const bareHolds = pairs.flatMap(pair => pair.bare.holds).sort((a, b) => a - b);
  const p99 = holds[Math.floor(holds.length * 0.99)] ?? 0;
  const loops = pairs.map(pair => pair.loop).sort((a, b) => a - b);
  return [
    {
      name: `RQ: retry all of ${JOBS.toLocaleString('en')} failed, against bare Lua calls of the same step size`,
      ratio: ratioOf(middle),
      bound: 2,
      better: 'lower',
      detail: `${(middle.ours.milliseconds / 1000).toFixed(2)} s against ${(middle.bare.milliseconds / 1000).toFixed(2)} s, ${Math.round(middle.ours.stepSize)} jobs a step`,
    },
    {
      name: 'RQ: time that 99 % of the steps of retry all hold Redis at most, in ms',
      ratio: p99,
      bound: 5,
      better: 'lower',
      detail: `median ${ms(holds[holds.length >> 1] ?? 0)}, longest ${ms(holds.at(-1) ?? 0)}, longest of the bare run ${ms(bareHolds.at(-1) ?? 0)}`,
    },
    {
      name: 'RQ: longest delay of the event loop during retry all, in ms',
      ratio: loops.at(-1) ?? 0,
      bound: 50,
      better: 'lower',
      detail: `longest of each run: ${loops.map(ms).join(', ')}`,
    },
  ];
}

async function fill(client: Redis): Promise<void> {
  await client.flushall();
  const score = Math.floor(Date.now() / 1000) + 31_536_000;
  for (let from = 0; from < JOBS; from += 2000) {
    const pipeline = client.pipeline();
    for (let index = from; index < from + 2000; index++) {
      const id = `9c1f04e2-5b1d-4d2a-9f00-${String(index).padStart(12, '0')}`;
      pipeline.hset(`rq:job:${id}`, {
        data: 'x'.repeat(150),
        created_at: AT,
        enqueued_at: AT,
        started_at: AT,
        ended_at: AT,
        status: 'failed',
        origin: 'default',
        description: 'shop.payments.charge_card(4821)',
        timeout: '180',
        worker_name: 'worker-1',
        success_callback_name: '',
        failure_callback_name: '',
      });
      pipeline.expireat(`rq:job:${id}`, score + index);
      pipeline.zadd('rq:failed:default', `${score + index}`, id);
    }
    await pipeline.exec();
  }
  await client.sadd('rq:queues', 'rq:queue:default');
  await client.call('SLOWLOG', 'RESET');
}

async function ours(redis: TestRedis, client: Redis): Promise<{ measured: Run; loop: number }> {
  const broker = await connectRedis({ url: redis.url }, never);
  const actions = createRqActions({
    broker,
    known: () => null,
    rows: async () => [],
    async *search() {},
  });
  const delay = monitorEventLoopDelay({ resolution: 5 });
  try {
    const target = { kind: 'selector', queue: 'default', state: 'failed' } as const;
    const plan = await actions.plan({ action: 'retry', targets: [target], parameters: {} }, never);
    // What filling the broker left behind is not collected on our time.
    globalThis.gc?.();
    delay.enable();
    await new Promise(resolve => setTimeout(resolve, 20));
    delay.reset();
    const began = performance.now();
    let steps = 0;
    let units = 0;
    const running = actions.perform(plan, never);
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) {
      if (step.value.phase !== 'did') continue;
      steps++;
      units += step.value.undo.length;
    }
    const milliseconds = performance.now() - began;
    delay.disable();
    if (step.value.counts.done !== JOBS || units !== JOBS)
      throw new Error(`Only ${step.value.counts.done} were retried.`);
    return {
      measured: { milliseconds, holds: await holdsOf(client), stepSize: JOBS / steps },
      loop: delay.max / 1e6,
    };
  } finally {
    broker.close();
  }
}

async function bare(client: Redis, size: number): Promise<Run> {
  const sha = (await client.script('LOAD', BARE)) as string;
  const began = performance.now();
  let steps = 0;
  for (;;) {
    const ids = await client.zrange('rq:failed:default', '0', String(size - 1));
    if (ids.length === 0) break;
    const keys = ['rq:failed:default', 'rq:queue:default', ...ids.map(id => `rq:job:${id}`)];
    await client.evalsha(sha, keys.length, ...keys, AT, ...ids);
    steps++;
  }
  const milliseconds = performance.now() - began;
  return { milliseconds, holds: await holdsOf(client), stepSize: JOBS / steps };
}

/** How long each script held Redis, by its own slow log, which is made to keep everything. */
async function holdsOf(client: Redis): Promise<number[]> {
  const log = (await client.call('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][];
  return log
    .filter(([, , , args]) => args[0]?.toLowerCase() === 'evalsha')
    .map(([, , micros]) => micros / 1000)
    .sort((a, b) => a - b);
}
