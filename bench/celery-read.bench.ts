/** Reading Celery on Redis: overviews and pages of waiting tasks, against a bare ioredis pipeline. */
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../src/brokers/redis';
import type { Companions, Installation } from '../src/model';
import { celery } from '../src/systems/celery';
import { CeleryInstallation } from '../src/systems/celery/installation';
import { parseOptions } from '../src/systems/celery/options';
import { writeCursor } from '../src/systems/celery/redis/cursor';
import { hashOf } from '../src/systems/celery/redis/shown';
import { clientOf, startRedis, type TestRedis } from '../test/support';
import type { BenchResult } from './result';
import { fillPending, fillQueues, fillResults, idOf, messageOf, queueOf } from './support/celery-data';
import { loopResult, timesOf } from './support/figures';
import { type Comparison, compare } from './support/measure';

const PENDING = 100_000;
const RESULTS = 100_000;
const QUEUES = 10_000;
const PAGE = 50;
const QUEUE = 'celery';
/** Between the name of a list and its priority. */
const SEPARATOR = '\x06\x16';
const STEPS = ['', `${SEPARATOR}3`, `${SEPARATOR}6`, `${SEPARATOR}9`];
const never = new AbortController().signal;

export async function run(): Promise<BenchResult[]> {
  return [...(await one()), ...(await many())];
}

interface Sides {
  readonly installation: Installation;
  /** For the bare side: the messages, and the results in their database. */
  readonly client: Redis;
  readonly store: Redis;
}

/** Messages in one database, results in the next one, as Celery's own documentation has it. */
async function on(
  fill: (redis: TestRedis) => Promise<void>,
  measure: (sides: Sides) => Promise<BenchResult[]>,
): Promise<BenchResult[]> {
  await using redis = await startRedis();
  await fill(redis);
  await fillResults(redis, { database: 1, results: RESULTS, failedEvery: 2 });
  const broker = await connectRedis({ url: redis.url }, never);
  const results = await connectRedis({ url: redis.url.replace(/\/0$/, '/1') }, never);
  const [client, store] = [clientOf(redis), clientOf(redis, 1)];
  try {
    const installation = await foundOn(broker, results);
    return await measure({ installation, client, store });
  } finally {
    broker.close();
    results.close();
    client.disconnect();
    store.disconnect();
  }
}

/** As it is when a person sees it: found, its names known, all of its results looked at. */
async function foundOn(broker: ConnectedRedis, results: ConnectedRedis): Promise<Installation> {
  const companions: Companions = {
    open: async () => results,
    database: async () => results,
    otherDatabases: async () => [{ db: 1, keys: RESULTS }],
  };
  const [found] = await celery.detect(broker, {}, never);
  if (found === undefined) throw new Error('No Celery was found.');
  const place = { broker, key: '', options: parseOptions({}), companions };
  const installation = new CeleryInstallation(celery, place, found.evidence);
  await installation.overview(never);
  for await (const _ of installation.complete(never));
  return installation;
}

function one(): Promise<BenchResult[]> {
  return on(
    redis => fillPending(redis, QUEUE, PENDING),
    async sides => [...(await queueList(sides)), ...(await pages(sides))],
  );
}

async function queueList({ installation, client, store }: Sides): Promise<BenchResult[]> {
  const ours = async () => {
    const { counts } = await installation.overview(never);
    const told = JSON.stringify([counts.waiting, counts.failed, counts.finished]);
    if (told !== JSON.stringify([{ exact: PENDING }, { exact: RESULTS / 2 }, { exact: RESULTS / 2 }]))
      throw new Error(`The overview tells ${told}.`);
  };
  const name = `Celery: overview of ${PENDING.toLocaleString('en')} pending and ${RESULTS.toLocaleString('en')} results`;
  const same = await compare(ours, () => bareOverview(client, store, [QUEUE], [QUEUE], lists([QUEUE])), 201, 30);
  return [overviewResult(name, same), loopResult(name, [same])];
}

function many(): Promise<BenchResult[]> {
  return on(
    redis => fillQueues(redis, QUEUES),
    async ({ installation, client, store }) => {
      const queues = Array.from({ length: QUEUES }, (_value, n) => queueOf(n));
      const ours = async () => {
        const overview = await installation.overview(never);
        if (overview.queues.length !== QUEUES) throw new Error(`Only ${overview.queues.length} queues were read.`);
      };
      // As ours knows them: every first list, the others where they hold something.
      const counted = queues.flatMap((queue, n) => (n % 4 === 0 ? lists([queue]) : [queue]));
      const same = await compare(ours, () => bareOverview(client, store, queues.slice(0, 500), queues, counted), 15);
      const name = `Celery: overview of ${QUEUES.toLocaleString('en')} queues`;
      return [overviewResult(name, same), loopResult(name, [same])];
    },
  );
}

const lists = (queues: readonly string[]) => queues.flatMap(queue => STEPS.map(step => `${queue}${step}`));

/**
 * What the overview reads, as somebody who knows the names of the queues would read it: a pipeline of the bindings, of
 * what workers hold, of a step through the keys (names of queues stand nowhere) and of RedBeat's keys, and one of the
 * lengths of the lists. The replies are only received. The results are counted by their keys alone.
 */
async function bareOverview(
  client: Redis,
  store: Redis,
  bound: readonly string[],
  queues: readonly string[],
  counted: readonly string[],
): Promise<void> {
  const first = client.pipeline();
  for (const queue of bound) first.smembers(`_kombu.binding.${queue}`);
  first.hlen('unacked').dbsize().scan('0', 'MATCH', '*_kombu.binding.*', 'COUNT', 1000);
  first.call('SCAN', '0', 'COUNT', '1000', 'TYPE', 'list');
  first.call('ZRANGE', 'redbeat::schedule', '0', '499', 'WITHSCORES');
  first.pttl('redbeat::lock').smembers('redbeat::statics');
  await Promise.all([first.exec(), store.dbsize()]);
  const second = client.pipeline();
  for (const list of counted) second.llen(list);
  for (let from = 0; queues.length > 1 && from < queues.length; from += 50)
    second.exists(...queues.slice(from, from + 50).flatMap(queue => lists([queue]).slice(1)));
  await second.exec();
}

async function pages({ installation, client }: Sides): Promise<BenchResult[]> {
  const places = [
    ['first', 0],
    ['middle', PENDING / 2],
    ['last', PENDING - PAGE],
  ] as const;
  const results: BenchResult[] = [];
  const comparisons: Comparison[] = [];
  for (const [place, rank] of places) {
    const cursor = cursorTo(rank);
    const ours = async () => {
      const { items } = await installation.jobs({ queue: QUEUE, state: 'waiting', cursor, size: PAGE }, never);
      const [row] = items;
      if (items.length !== PAGE || row?.id !== idOf(rank) || row.args === null)
        throw new Error(`The ${place} page holds ${items.length} tasks from ${row?.id} on.`);
    };
    const comparison = await compare(ours, () => barePage(client, rank), 301, 50);
    comparisons.push(comparison);
    results.push({
      name: `Celery: ${place} page of ${PAGE} among ${PENDING.toLocaleString('en')} waiting, against a bare pipeline`,
      ratio: comparison.ratio,
      bound: 1.5,
      better: 'lower',
      detail: timesOf(comparison),
    });
  }
  return [...results, loopResult(`Celery: pages among ${PENDING.toLocaleString('en')} waiting`, comparisons)];
}

/** The cursor that a walk through all pages before has at a place: the last rows' hashes, the last one first. */
function cursorTo(rank: number): string | null {
  if (rank === 0) return null;
  const anchors = Array.from({ length: 5 }, (_value, n) => {
    const bytes = Buffer.from(messageOf(rank - 1 - n, QUEUE), 'latin1');
    return [hashOf(bytes), 1] as const;
  });
  return writeCursor({ kind: 'list', queue: QUEUE, step: 0, rank: rank - 1, anchors });
}

/** The same messages, and what no view of them can do without: their envelopes are parsed, and their bodies are not. */
async function barePage(client: Redis, rank: number): Promise<void> {
  const pipeline = client.pipeline();
  for (const list of lists([QUEUE])) pipeline.llen(list);
  const replies = await pipeline.lrange(QUEUE, -(rank + PAGE), -(rank + 1)).exec();
  const messages = (replies?.[STEPS.length]?.[1] ?? []) as string[];
  const envelopes = messages.map(message => JSON.parse(message) as { readonly headers: object });
  if (envelopes.length !== PAGE) throw new Error(`Only ${envelopes.length} messages were read.`);
}

function overviewResult(name: string, comparison: Comparison): BenchResult {
  return {
    name: `${name}, against a bare pipeline of the same reads`,
    ratio: comparison.ratio,
    bound: 2,
    better: 'lower',
    detail: timesOf(comparison),
  };
}
