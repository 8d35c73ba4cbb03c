/** Pages of every state: their order, their cursors while the lists move, their cost. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Installation, JobPage, JobQuery, State } from '../../../../src/model';
import { asRedis5, clientOf, type RedisProxy, startProxy, startRedis, type TestRedis } from '../../../support';
import { type Connected, connected, numbered, putJobs, register, signal } from './support';

let redis: TestRedis;
let proxy: RedisProxy;
let client: Redis;
const open: Connected[] = [];

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis, asRedis5);
  client = clientOf(redis);
});

afterAll(async () => {
  for (const { broker } of open) broker.close();
  client.disconnect();
  await proxy.close();
  await redis.stop();
});

beforeEach(async () => {
  await client.flushall();
});

async function connect(url = redis.url): Promise<Connected> {
  const connection = await connected(url);
  open.push(connection);
  return connection;
}

/** All ids of a state, page by page; `between` runs after each page. */
async function walk(
  installation: Installation,
  query: Pick<JobQuery, 'queue' | 'state' | 'size'>,
  between: (page: JobPage, number: number) => Promise<void> = async () => undefined,
): Promise<(string | null)[]> {
  const ids: (string | null)[] = [];
  let cursor: string | null = null;
  for (let number = 1; number < 500; number++) {
    const page: JobPage = await installation.jobs({ ...query, cursor }, signal);
    ids.push(...page.items.map(item => item.id));
    if (page.next === null) return ids;
    cursor = page.next;
    await between(page, number);
  }
  throw new Error('The walk does not end.');
}

const failed = { queue: 'default', state: 'failed', size: 50 } as const;

describe.each([
  ['Redis of this machine', () => redis.url],
  ['behind a proxy that answers as 5.0 does', () => `redis://127.0.0.1:${proxy.port}/0`],
])('%s', (_name, url) => {
  test.each([
    ['failed', 'rq:failed:default', 'down'],
    ['finished', 'rq:finished:default', 'down'],
    ['deferred', 'rq:deferred:default', 'down'],
    ['running', 'rq:wip:default', 'down'],
    ['canceled', 'rq:canceled:default', 'down'],
    ['scheduled', 'rq:scheduled:default', 'up'],
  ] as const)('a registry of %s jobs is walked in order, each once', async (state, key, direction) => {
    const ids = numbered(120);
    await putJobs(client, 'default', state === 'running' ? 'started' : state, ids);
    await register(client, key, ids, 1_900_000_000);
    const { installation } = await connect(url());
    const expected = direction === 'down' ? [...ids].reverse() : ids;
    expect(await walk(installation, { queue: 'default', state, size: 50 })).toEqual(expected);
    const page = await installation.jobs({ queue: 'default', state, cursor: null, size: 1000 }, signal);
    expect(page.total).toEqual({ exact: 120 });
    expect(page.items[0]).toMatchObject({ state, queue: 'default', task: 'shop.payments.refund', problems: [] });
    expect(page.items[0]?.args?.text).toBe(direction === 'down' ? '(119)' : '(0)');
  });

  test('a queue is walked from its head while workers take from it', async () => {
    const ids = numbered(3000);
    await putJobs(client, 'default', 'queued', ids);
    await client.rpush('rq:queue:default', ...ids);
    const { installation } = await connect(url());
    const moves: (number | null)[] = [];
    const seen = await walk(installation, { queue: 'default', state: 'waiting', size: 500 }, async (page, number) => {
      moves.push(page.moved);
      // 120 are taken each time, and once far more than any window reaches: everything that was shown, and more.
      await client.ltrim('rq:queue:default', number === 3 ? 1500 : 120, -1);
    });
    expect(new Set(seen).size).toBe(seen.length);
    const last = await client.lrange('rq:queue:default', 0, -1);
    expect(seen).toEqual(expect.arrayContaining(last));
    expect(moves.slice(1, 3)).toEqual([-120, -120]);
  });

  test('the walk goes on where it was when new failures come and shown ones go', async () => {
    const ids = numbered(400);
    await putJobs(client, 'default', 'failed', ids);
    await register(client, 'rq:failed:default', ids, 1_900_000_000);
    const { installation } = await connect(url());
    const moves: (number | null)[] = [];
    const seen = await walk(installation, failed, async (page, number) => {
      moves.push(page.moved);
      const fresh = numbered(30, `new${number}`);
      await putJobs(client, 'default', 'failed', fresh);
      await register(client, 'rq:failed:default', fresh, 1_900_001_000 + number * 100);
      // The very job the cursor stands on is retried by somebody else.
      if (number === 2) await client.zrem('rq:failed:default', page.items.at(-1)!.id!);
    });
    expect(seen).toEqual([...ids].reverse());
    expect(moves[1]).toBe(30);
    expect(moves.at(-1)).toBe(30);
  });

  test('jobs with one score are each shown once', async () => {
    const ids = numbered(900);
    await putJobs(client, 'default', 'failed', ids);
    await client.zadd('rq:failed:default', ...ids.flatMap(id => ['-1', id]));
    const { installation } = await connect(url());
    const seen = await walk(installation, { ...failed, size: 100 });
    expect([...seen].sort()).toEqual(ids);
  });

  test('all queues are merged by score, and lists follow one another', async () => {
    const names = ['alpha', 'beta', 'gamma'];
    const ids = numbered(90);
    for (const [n, name] of names.entries()) {
      const own = ids.filter((_id, i) => i % 3 === n);
      await putJobs(client, name, 'failed', own);
      for (const id of own) await client.zadd(`rq:failed:${name}`, 1_900_000_000 + ids.indexOf(id), id);
      await client.rpush(`rq:queue:${name}`, ...own);
    }
    const { installation } = await connect(url());
    expect(await walk(installation, { queue: null, state: 'failed', size: 20 })).toEqual([...ids].reverse());
    const waiting = await walk(installation, { queue: null, state: 'waiting', size: 20 });
    expect(waiting).toEqual(names.flatMap((_name, n) => ids.filter((_id, i) => i % 3 === n)));
    const page = await installation.jobs({ queue: null, state: 'failed', cursor: null, size: 20 }, signal);
    expect(page.total).toEqual({ exact: 90 });
  });
});

test('ties over all queues are each shown once', async () => {
  const ids = numbered(300);
  for (const name of ['alpha', 'beta']) {
    const own = ids.filter((_id, i) => (i % 2 === 0) === (name === 'alpha'));
    await putJobs(client, name, 'finished', own);
    await client.zadd(`rq:finished:${name}`, ...own.flatMap(id => ['+inf', id]));
  }
  const { installation } = await connect();
  const seen = await walk(installation, { queue: null, state: 'finished', size: 40 });
  expect([...seen].sort()).toEqual(ids);
});

test('a page takes two round trips, first, middle and last, whatever the length', async () => {
  const ids = numbered(20_000);
  await putJobs(client, 'default', 'failed', ids);
  await register(client, 'rq:failed:default', ids, 1_900_000_000);
  const { broker, installation } = await connect();
  let cursor: string | null = null;
  for (let page = 0; page < 20; page++) {
    const before = broker.meter.roundTrips;
    const { next, items } = await installation.jobs({ ...failed, size: 1000, cursor }, signal);
    expect(items).toHaveLength(1000);
    expect(broker.meter.roundTrips - before).toBeLessThanOrEqual(2);
    cursor = next;
  }
  expect(cursor).toBeNull();
});

test.each<[State, string | number]>([
  ['failed', 'rubbish'],
  ['failed', Buffer.from('{"kind":"rank","section":4}').toString('base64url')],
])('a cursor that is none of ours is refused', async (state, cursor) => {
  await client.sadd('rq:queues', 'rq:queue:default');
  const { installation } = await connect();
  await expect(
    installation.jobs({ queue: 'default', state, cursor: String(cursor), size: 5 }, signal),
  ).rejects.toMatchObject({
    code: 'bad-request',
  });
});

test('pages and search find what came after the connection, also where no overview is asked for', async () => {
  await putJobs(client, 'default', 'queued', ['early']);
  await client.rpush('rq:queue:default', 'early');
  const { broker, installation } = await connect();
  const page = async (queue: string | null, state: State) =>
    (await installation.jobs({ queue, state, cursor: null, size: 10 }, signal)).items.map(({ id }) => id);
  expect(await page(null, 'waiting')).toEqual(['early']);
  await putJobs(client, 'new', 'queued', ['late']);
  await client.rpush('rq:queue:new', 'late');
  // A worker of RQ 0.12 has put its first failed job into its list.
  await putJobs(client, 'default', 'failed', ['lost']);
  await client.sadd('rq:queues', 'rq:queue:failed');
  await client.rpush('rq:queue:failed', 'lost');
  const start = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => start + 6000);
  try {
    expect(await page('default', 'failed')).toEqual(['lost']);
    expect(await page(null, 'waiting')).toEqual(['early', 'late']);
    expect(await page(null, 'failed')).toEqual(['lost']);
    const before = broker.meter.roundTrips;
    expect(await page(null, 'waiting')).toHaveLength(2);
    expect(broker.meter.roundTrips - before).toBe(2);
  } finally {
    clock.mockRestore();
  }
});

test('ids of any bytes lead to their jobs', async () => {
  const ids = [
    Buffer.from([0xff, 0x00, 0x41]),
    Buffer.from('a/b:c %2F é'),
    Buffer.from(String.raw`\xff`),
    Buffer.from('x'.repeat(3000)),
  ];
  await putJobs(client, 'default', 'failed', ids);
  await register(client, 'rq:failed:default', ids, 1_900_000_000);
  const { installation } = await connect();
  const page = await installation.jobs({ ...failed, cursor: null }, signal);
  expect(page.items.map(item => item.id)).toEqual(['x'.repeat(3000), String.raw`\x5cxff`, 'a/b:c %2F é', '\\xff\0A']);
  for (const item of page.items) {
    expect(item.problems).toEqual([]);
    const job = await installation.job(item.ref, signal);
    expect(job).toMatchObject({
      id: item.id,
      ref: item.ref,
      state: 'failed',
      task: 'shop.payments.refund',
      problems: [],
    });
    expect((await installation.find(item.id!, null, signal)).map(row => row.ref)).toEqual([item.ref]);
  }
});

test('an id in two places is two rows', async () => {
  await putJobs(client, 'default', 'failed', ['twice']);
  await client.zadd('rq:failed:default', 1_900_000_000, 'twice');
  await client.rpush('rq:queue:default', 'twice');
  const { installation } = await connect();
  const rows = await installation.find('twice', null, signal);
  expect(rows.map(row => row.state).sort()).toEqual(['failed', 'waiting']);
  expect(new Set(rows.map(row => row.ref)).size).toBe(2);
  expect(await installation.find('nobody', null, signal)).toEqual([]);
});

test('search looks at ids, functions, arguments and errors, says how far, and stops at its limit', async () => {
  const ids = numbered(1200);
  await putJobs(client, 'default', 'failed', ids);
  await putJobs(client, 'default', 'failed', ['odd'], { exc_info: Buffer.from('ValueError: a very odd Failure') });
  await register(client, 'rq:failed:default', [...ids, 'odd'], 1_900_000_000);
  const { installation } = await connect();
  const search = async (text: string, limit = 10) => {
    const found: (string | null)[] = [];
    const looked: number[] = [];
    for await (const step of installation.search({ text, queue: null, state: 'failed', limit }, signal)) {
      if ('found' in step) found.push(step.found.id);
      else looked.push(step.looked);
      if ('of' in step) expect(step.of).toBe(1201);
    }
    return { found, looked };
  };
  expect(await search('ODD FAIL')).toEqual({ found: ['odd'], looked: [500, 1000, 1201] });
  expect((await search('job-00042')).found).toEqual(['job-00042']);
  expect((await search('refund(777)')).found).toEqual(['job-00777']);
  expect((await search('payments.refund', 7)).found).toHaveLength(7);
  expect((await search('nothing like it')).found).toEqual([]);
});
