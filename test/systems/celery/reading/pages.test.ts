/** Pages of what waits and of what workers hold: order, cursors while the lists move, cost, search and single tasks. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InspectorError, type JobPage } from '../../../../src/model';
import { asRedis5, clientOf, type RedisProxy, startProxy, startRedis, type TestRedis } from '../../../support';
import { bind, type Connected, connected, envelope, fill, hold, idOf, page, signal, walked } from './support';

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

async function connect(url: string): Promise<Connected> {
  const connection = await connected(url);
  open.push(connection);
  return connection;
}

describe.each([
  ['Redis of this machine', () => redis.url],
  ['behind a proxy that answers as 5.0 does', () => `redis://127.0.0.1:${proxy.port}/0`],
])('%s', (_name, url) => {
  test('what waits comes in the order in which workers take it, by priority', async () => {
    await fill(client, 'reports', 7, 3);
    await fill(client, 'reports', 12);
    await fill(client, 'reports', 2, 9);
    const { installation } = await connect(url());
    const expected = [
      ...Array.from({ length: 12 }, (_unused, n) => idOf(n)),
      ...Array.from({ length: 7 }, (_unused, n) => idOf(n, 3)),
      ...Array.from({ length: 2 }, (_unused, n) => idOf(n, 9)),
    ];
    for (const size of [1, 5, 50]) {
      expect(await walked(installation, 'waiting', { queue: 'reports', size })).toEqual(expected);
      expect(await walked(installation, 'waiting', { size })).toEqual(expected);
    }
    const { total, order } = await page(installation, 'waiting', { queue: 'reports' });
    expect([total, order]).toEqual([{ exact: 21 }, 'next to run first']);
  });

  test('a page costs two round trips at the most, whatever the length', async () => {
    await fill(client, 'celery', 12_000);
    const { broker, installation } = await connect(url());
    await installation.overview(signal);
    let cursor: string | null = null;
    for (let n = 0; n < 4; n++) {
      const before = broker.meter.roundTrips;
      const next: JobPage = await page(installation, 'waiting', { queue: 'celery', cursor });
      expect(broker.meter.roundTrips - before).toBeLessThanOrEqual(2);
      expect(next.items[0]?.id).toBe(idOf(50 * n));
      cursor = next.next;
    }
  });

  test('tasks that stay are shown once while workers take from one end and producers add at the other', async () => {
    await fill(client, 'celery', 400);
    const { installation } = await connect(url());
    const seen: (string | null)[] = [];
    const moves: (number | null)[] = [];
    let cursor: string | null = null;
    do {
      const next: JobPage = await page(installation, 'waiting', { queue: 'celery', size: 40, cursor });
      seen.push(...next.items.map(({ id }) => id));
      moves.push(next.moved);
      cursor = next.next;
      for (let n = 0; n < 15; n++) await client.rpop('celery');
      await client.lpush('celery', envelope({ id: `late-${seen.length}` }));
    } while (cursor !== null && seen.length < 1000);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(0, 400)).toEqual(Array.from({ length: 400 }, (_unused, n) => idOf(n)));
    expect(moves.slice(1).every(moved => moved === -15)).toBe(true);
  });

  test('where all rows of the page before have gone, it goes on with what is there now', async () => {
    await fill(client, 'celery', 100);
    const { installation } = await connect(url());
    const first = await page(installation, 'waiting', { queue: 'celery', size: 10 });
    await client.ltrim('celery', 0, 69);
    const next = await page(installation, 'waiting', { queue: 'celery', size: 10, cursor: first.next });
    expect(next.items.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_unused, n) => idOf(30 + n)));
    expect(next.moved).toBe(null);
  });

  test('messages with the same bytes are rows of their own', async () => {
    await bind(client, 'celery');
    const twin = envelope({ id: 'twin' });
    await client.lpush('celery', twin, envelope({ id: 'other' }), twin, twin);
    const { installation } = await connect(url());
    const whole = await page(installation, 'waiting');
    expect(new Set(whole.items.map(({ ref }) => ref)).size).toBe(4);
    for (const { ref, id } of whole.items) expect((await installation.job(ref, signal)).id).toBe(id);
    expect(await installation.find('twin', null, signal)).toHaveLength(3);
  });

  test('held messages come longest held first, with their queue; of one queue too', async () => {
    await bind(client, 'celery');
    await bind(client, 'reports');
    for (let n = 0; n < 30; n++)
      await hold(
        client,
        { id: `held-${n}`, queue: n % 3 === 0 ? 'reports' : 'celery' },
        1_790_000_000 + Math.floor(n / 4),
      );
    const { installation } = await connect(url());
    const all = Array.from({ length: 30 }, (_unused, n) => `held-${n}`);
    for (const size of [1, 7, 50]) {
      const ids = await walked(installation, 'taken', { size });
      expect([...ids].sort()).toEqual([...all].sort());
      // Those of one second stand in the order of their tags.
      expect(ids.map(id => Math.floor(Number(id?.slice(5)) / 4))).toEqual(all.map((_id, n) => Math.floor(n / 4)));
      const own = await walked(installation, 'taken', { size, queue: 'reports' });
      expect([...own].sort()).toEqual(all.filter((_id, n) => n % 3 === 0).sort());
    }
    const { counts, queues } = await installation.overview(signal);
    expect(counts.taken).toEqual({ exact: 30 });
    const scripts = _name.startsWith('Redis');
    const taken = queues.map(queue => queue.counts.taken);
    if (scripts) expect(taken).toEqual([{ exact: 20 }, { exact: 10 }]);
    else expect(taken).toEqual([{ unknown: expect.any(String) }, { unknown: expect.any(String) }]);
  });

  test('a held message that the index lost is shown all the same, and so is one without a queue', async () => {
    await bind(client, 'celery');
    await hold(client, { id: 'kept' }, 1_790_000_000);
    const lost = await hold(client, { id: 'lost' }, 1_790_000_000);
    await hold(client, { id: 'foreign', exchange: 'nowhere', queue: 'no.key' }, 1_790_000_001);
    await client.zrem('unacked_index', lost);
    await client.zadd('unacked_index', 1, 'a tag without a message');
    const { installation } = await connect(url());
    const { items, total } = await page(installation, 'taken');
    expect(total).toEqual({ exact: 3 });
    expect(items.map(({ id, queue }) => [id, queue]).sort()).toEqual([
      ['foreign', null],
      ['kept', 'celery'],
      ['lost', 'celery'],
    ]);
    expect(items.map(({ id, takenAt }) => [id, takenAt]).sort()).toEqual([
      ['foreign', '2026-09-21T14:13:21.000Z'],
      ['kept', '2026-09-21T14:13:20.000Z'],
      ['lost', null],
    ]);
    await client.zadd('unacked_index', '9e15', 'beyond');
    await client.hset('unacked', 'beyond', `[${envelope({ id: 'beyond' })}, "", "celery"]`);
    const beyond = (await page(installation, 'taken')).items.find(({ id }) => id === 'beyond');
    expect((await installation.job(beyond?.ref ?? '', signal)).takenAt).toBe(null);
    const row = items.find(({ id }) => id === 'lost');
    const job = await installation.job(row?.ref ?? '', signal);
    expect(job.facts.find(({ name }) => name === 'Held since')).toMatchObject({ value: null });
  });

  test('a task is found by its id, and a part of its arguments, and is gone once it was taken', async () => {
    await fill(client, 'celery', 3000);
    await hold(client, { id: 'held-one', args: ['needle'] }, 1_790_000_000);
    const { installation } = await connect(url());
    const [row, ...more] = await installation.find(idOf(2990), null, signal);
    expect([row?.id, row?.queue, row?.state, more.length]).toEqual([idOf(2990), 'celery', 'waiting', 0]);
    expect(await installation.find(idOf(2990), 'reports', signal)).toEqual([]);
    expect((await installation.find('held-one', null, signal)).map(({ state }) => state)).toEqual(['taken']);
    const hits: unknown[] = [];
    let looked = 0;
    for await (const step of installation.search({ text: 'NEEDLE', queue: null, state: null, limit: 5 }, signal)) {
      if ('found' in step) hits.push(step.found.id);
      else looked = step.looked;
    }
    expect(hits).toEqual(['held-one']);
    expect(looked).toBe(3001);
    const fresh = await connect(url());
    expect((await fresh.installation.job(row?.ref ?? '', signal)).id).toBe(idOf(2990));
    await client.del('celery');
    const gone = await installation.job(row?.ref ?? '', signal).catch(thrown => thrown);
    expect(gone).toBeInstanceOf(InspectorError);
    expect(gone.code).toBe('gone');
  });

  test('a large message is a row with its size, and its neighbors are whole', async () => {
    await bind(client, 'celery');
    const large = 'x'.repeat(300_000);
    await client.lpush(
      'celery',
      envelope({ id: 'before' }),
      envelope({ id: 'large', args: [large], headers: { argsrepr: "('xxxxx...',)" } }),
      envelope({ id: 'after' }),
    );
    const { installation } = await connect(url());
    const { items } = await page(installation, 'waiting');
    expect(items.map(({ id, task, problems }) => [id, task, problems])).toEqual([
      ['before', 'shop.tasks.add', []],
      ['large', 'shop.tasks.add', []],
      ['after', 'shop.tasks.add', []],
    ]);
    const job = await installation.job(items[1]?.ref ?? '', signal);
    expect(job.args?.cut).toMatchObject({ shownCharacters: expect.any(Number) });
    expect(job.raw[0]?.entries[0]?.totalBytes).toBeGreaterThan(300_000);
    await client.lpush('celery', envelope({ id: 'wide', args: ['y'.repeat(100_000)] }));
    const wide = (await page(installation, 'waiting')).items[3];
    expect([wide?.id, wide?.state]).toEqual(['wide', 'waiting']);
    expect(await installation.job(wide?.ref ?? '', signal)).toMatchObject({ id: 'wide', task: 'shop.tasks.add' });
  });
});

describe('walking while what was handed out is taken away', () => {
  test.each([
    ['all of it', () => true],
    ['every other one', (n: number) => n % 2 === 0],
    ['none', () => false],
  ])('%s', async (_name, takes) => {
    await fill(client, 'celery', 500);
    const { installation } = await connect(redis.url);
    const { createRedisTransport } = await import('../../../../src/systems/celery/redis');
    const { createMailbox } = await import('../../../../src/systems/celery/workers');
    const { parseOptions } = await import('../../../../src/systems/celery/options');
    const broker = open.at(-1)!.broker;
    const place = { broker, key: '', options: parseOptions({}), companions: null };
    const transport = createRedisTransport(place, createMailbox(place), installation.evidence, () => null);
    const seen: (string | null)[] = [];
    for await (const elements of transport.walk({ queue: 'celery', state: 'waiting', size: 60 }, signal)) {
      for (const { bytes, message } of elements) {
        if (takes(seen.length)) expect(await client.lrem('celery', -1, bytes)).toBe(1);
        seen.push(message.id);
      }
      await client.lpush('celery', envelope({ id: 'new' }));
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_unused, n) => idOf(n)));
  });
});
