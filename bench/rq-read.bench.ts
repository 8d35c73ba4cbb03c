/** Reading RQ: the overview of 10,000 queues and pages among 1,000,000 failed jobs, against a bare ioredis pipeline. */
import type { Redis } from 'ioredis';
import { connectRedis } from '../src/brokers/redis/connect';
import type { Installation } from '../src/model';
import { rq } from '../src/systems/rq';
import { writeCursor } from '../src/systems/rq/read/page/cursor';
import { clientOf, startRedis, type TestRedis } from '../test/support';
import type { BenchResult } from './result';
import { loopResult, timesOf } from './support/figures';
import { type Comparison, compare } from './support/measure';
import { fillFailed, fillQueues, idOf, queueOf } from './support/rq-data';

const QUEUES = 10_000;
const JOBS = 1_000_000;
const PAGE = 50;
/** Pages before the measured ones, on either side: until then V8 still compiles, and ours is more code than the bare one. */
const WARM_UP = 400;
const never = new AbortController().signal;
const REGISTRIES = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'];

export async function run(): Promise<BenchResult[]> {
  return [...(await overviews()), ...(await pages())];
}

/** A server, the installation found on it, and a client for the bare side. */
async function on(
  fill: (redis: TestRedis) => Promise<void>,
  measure: (installation: Installation, client: Redis) => Promise<BenchResult[]>,
): Promise<BenchResult[]> {
  await using redis = await startRedis();
  await fill(redis);
  const client = clientOf(redis);
  const broker = await connectRedis({ url: redis.url }, never);
  try {
    const [installation] = await rq.detect(broker, {}, never);
    if (installation === undefined) throw new Error('No RQ was found.');
    return await measure(installation, client);
  } finally {
    broker.close();
    client.disconnect();
  }
}

function overviews(): Promise<BenchResult[]> {
  return on(
    redis => fillQueues(redis, QUEUES),
    async (installation, client) => {
      const queues = Array.from({ length: QUEUES }, (_value, n) => queueOf(n));
      const ours = async () => {
        const overview = await installation.overview(never);
        if (overview.queues.length !== QUEUES) throw new Error(`Only ${overview.queues.length} queues were read.`);
      };
      const same = await compare(ours, () => bareOverview(client, queues), 15);
      const counts = await compare(ours, () => bareCounts(client, queues), 9);
      const name = `RQ: overview of ${QUEUES.toLocaleString('en')} queues`;
      return [
        {
          name: `${name}, against a bare pipeline of the same reads`,
          ratio: same.ratio,
          bound: 2,
          better: 'lower',
          detail: `${timesOf(same)}; against LLEN and six ZCARD alone ${counts.ratio.toFixed(2)} (${timesOf(counts)})`,
        },
        loopResult(name, [same, counts]),
      ];
    },
  );
}

/**
 * What the overview reads, as somebody who knows the names of the queues would read it: a pipeline of fixed keys and
 * of the list, the registries and the intermediate list of every queue, and one of the times of the first waiting
 * jobs. The replies are only received: nothing is made of them.
 */
async function bareOverview(client: Redis, queues: readonly string[]): Promise<void> {
  const first = client.pipeline().smembers('rq:queues').smembers('rq:workers').exists('rq:suspended').time();
  first.lrange('rq:queue:failed', -500, -1).llen('rq:queue:failed').zcard('rq:scheduler:scheduled_jobs');
  first.call('ZRANGE', 'rq:scheduler:scheduled_jobs', 0, 499, 'WITHSCORES');
  first.call('ZRANGE', 'rq:cron_schedulers', 0, 99, 'WITHSCORES');
  const [, workers] = (await first.exec()) ?? [];
  const second = client.pipeline();
  for (const queue of queues) {
    second.llen(`rq:queue:${queue}`);
    for (const registry of REGISTRIES) second.zcard(`rq:${registry}:${queue}`);
    second.llen(`rq:queue:${queue}:intermediate`);
  }
  const filled = queues.filter((_queue, n) => n % 4 === 0).slice(0, 2000);
  for (const queue of filled) second.lindex(`rq:queue:${queue}`, 0);
  for (const worker of (workers?.[1] ?? []) as string[]) second.hgetall(worker).pttl(worker);
  const replies = (await second.exec()) ?? [];
  const third = client.pipeline();
  for (let i = 0; i < filled.length; i++)
    third.hget(`rq:job:${String(replies[queues.length * 8 + i]?.[1])}`, 'enqueued_at');
  await third.exec();
}

async function bareCounts(client: Redis, queues: readonly string[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const queue of queues) {
    pipeline.llen(`rq:queue:${queue}`);
    for (const registry of REGISTRIES) pipeline.zcard(`rq:${registry}:${queue}`);
  }
  await pipeline.exec();
}

function pages(): Promise<BenchResult[]> {
  return on(
    redis => fillFailed(redis, 'default', JOBS),
    async (installation, client) => {
      // The overview that a person has seen before: it says what kind of list RQ 0.13's is.
      await installation.overview(never);
      const places = [
        ['first', 0],
        ['middle', JOBS / 2],
        ['last', JOBS - PAGE],
      ] as const;
      const results: BenchResult[] = [];
      const comparisons: Comparison[] = [];
      for (const [place, rank] of places) {
        const cursor = await cursorTo(client, rank);
        const ours = async () => {
          const page = await installation.jobs({ queue: 'default', state: 'failed', cursor, size: PAGE }, never);
          // Highest score first, so that job JOBS - 1 - rank stands at a rank.
          const [first] = page.items;
          if (page.items.length !== PAGE || first?.id !== idOf(JOBS - 1 - rank) || first.error === null)
            throw new Error(`The ${place} page holds ${page.items.length} jobs from ${first?.id} on.`);
        };
        const comparison = await compare(ours, () => barePage(client, rank), 201, WARM_UP);
        comparisons.push(comparison);
        results.push({
          name: `RQ: ${place} page of ${PAGE} among ${JOBS.toLocaleString('en')} failed, against a bare pipeline`,
          ratio: comparison.ratio,
          bound: 1.5,
          better: 'lower',
          detail: timesOf(comparison),
        });
      }
      results.push(loopResult(`RQ: pages among ${JOBS.toLocaleString('en')} failed`, comparisons));
      return results;
    },
  );
}

/** The cursor that a walk through all pages before has at a rank: the last rows' members, the last one first. */
async function cursorTo(client: Redis, rank: number): Promise<string | null> {
  if (rank === 0) return null;
  const before = await client.zrevrange('rq:failed:default', rank - 5, rank - 1);
  const anchors = before.reverse();
  const score = await client.zscore('rq:failed:default', anchors[0] ?? '');
  return writeCursor({ kind: 'rank', section: 'failed:default', rank: rank - 1, score, anchors });
}

/** The ids, then what a row shows of each job: its small fields, its call, its newest result. Nothing is decoded. */
async function barePage(client: Redis, rank: number): Promise<void> {
  const [, members] =
    (await client
      .pipeline()
      .zcard('rq:failed:default')
      .zrevrange('rq:failed:default', rank, rank + PAGE - 1, 'WITHSCORES')
      .exec()) ?? [];
  const ids = ((members?.[1] ?? []) as string[]).filter((_member, index) => index % 2 === 0);
  const pipeline = client.pipeline();
  for (const id of ids) {
    pipeline.hmgetBuffer(`rq:job:${id}`, ...FIELDS);
    pipeline.xrevrangeBuffer(`rq:results:${id}`, '+', '-', 'COUNT', 1);
  }
  await pipeline.exec();
}

const FIELDS = ['status', 'origin', 'description', 'created_at', 'enqueued_at', 'started_at', 'ended_at'];
FIELDS.push('worker_name', 'data', 'exc_info');
