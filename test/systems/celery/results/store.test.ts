/** The index of results and its pages, on a private Redis: what comes, changes and goes, and what is broken. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clientOf, startProxy, startRedis, type TestRedis } from '../../../support';
import { complete, doneAt, failure, meta, never, page, put, storeAt, uuid } from './support';

let redis: TestRedis;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = clientOf(redis);
});
afterAll(async () => {
  client.disconnect();
  await redis.kill();
});
beforeEach(() => client.flushall());

const failed = (n: number) => ({ ...failure(`order ${n}`), date_done: doneAt(n) });

async function fill(count: number): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < count; n++) pipeline.set(`celery-task-meta-${uuid(n)}`, meta(uuid(n), failed(n)));
  await pipeline.exec();
}

describe('pages', () => {
  test('come newest first, and together hold every result once', async () => {
    await fill(260);
    using world = await storeAt(redis.url);
    await complete(world.store);
    const ids: (string | null)[] = [];
    let cursor: string | null = null;
    do {
      const read = await page(world.store, 'failed', { cursor, size: 50 });
      ids.push(...read.items.map(({ id }) => id));
      expect(read.total).toEqual({ exact: 260 });
      cursor = read.next;
    } while (cursor !== null);
    expect(ids).toEqual(Array.from({ length: 260 }, (_value, n) => uuid(259 - n)));
  });

  test('what comes while somebody pages is seen by a later look, and nothing is shown twice', async () => {
    await fill(100);
    using world = await storeAt(redis.url);
    await complete(world.store);
    const first = await page(world.store, 'failed', { size: 60 });
    await put(client, uuid(500), failed(500));
    await complete(world.store);
    const second = await page(world.store, 'failed', { size: 60, cursor: first.next });
    expect(second.items.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_value, n) => uuid(39 - n)));
    expect((await page(world.store, 'failed')).items[0]?.id).toBe(uuid(500));
  });

  test('what is gone is left out, with others in its place', async () => {
    await fill(80);
    using world = await storeAt(redis.url);
    await complete(world.store);
    for (let n = 70; n < 80; n++) await client.del(`celery-task-meta-${uuid(n)}`);
    const read = await page(world.store, 'failed', { size: 20 });
    expect(read.items.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_value, n) => uuid(69 - n)));
    expect(read.total).toEqual({ exact: 70 });
  });

  test('what has changed its state since has left the list', async () => {
    await fill(3);
    using world = await storeAt(redis.url);
    await complete(world.store);
    await put(client, uuid(1), { date_done: doneAt(9) });
    expect((await page(world.store, 'failed')).items.map(({ id }) => id)).toEqual([uuid(2), uuid(0)]);
    expect((await page(world.store, 'finished')).items.map(({ id }) => id)).toEqual([uuid(1)]);
  });

  test('a row that was seen before is the same while its bytes are', async () => {
    await fill(2);
    using world = await storeAt(redis.url);
    await complete(world.store);
    const before = await page(world.store, 'failed');
    await put(client, uuid(0), { ...failure('another'), date_done: doneAt(0) });
    const after = await page(world.store, 'failed');
    expect(after.items[0]).toBe(before.items[0]);
    expect(after.items[1]?.error?.message).toBe('another');
  });

  test('a text that is no cursor is refused', async () => {
    using world = await storeAt(redis.url);
    await expect(page(world.store, 'failed', { cursor: 'nonsense' })).rejects.toMatchObject({ code: 'bad-request' });
  });
});

describe('the index', () => {
  test('says how far it is, and then when it was whole', async () => {
    await fill(2500);
    using world = await storeAt(redis.url);
    const { store } = world;
    expect(store.counts().failed).toMatchObject({ unknown: expect.any(String) });
    const walk = store.complete(never)[Symbol.asyncIterator]();
    let step = await walk.next();
    while (store.size === 0 && step.done !== true) step = await walk.next();
    expect(store.counts().failed).toEqual({ atLeast: store.size });
    const early = await page(store, 'failed');
    expect(early.items.length).toBeGreaterThan(0);
    expect(early.order).toMatch(/^newest first, of [\d,]+ results looked at$/);
    while (step.done !== true) step = await walk.next();
    expect(store.counts().failed).toEqual({ exact: 2500 });
    expect((await page(store, 'failed')).order).toMatch(/^newest first, of 2,500 results, as of \d\d:\d\d:\d\d UTC$/);
  });

  test('a later look finds what is new, has changed and has gone', async () => {
    await fill(1200);
    using world = await storeAt(redis.url);
    const { store } = world;
    await complete(store);
    await client.del(`celery-task-meta-${uuid(5)}`);
    await put(client, uuid(6), { date_done: doneAt(7) });
    await put(client, uuid(2000), { status: 'STARTED', result: { pid: 812, hostname: 'w@shop' }, date_done: null });
    await complete(store);
    expect(store.counts()).toMatchObject({ failed: { exact: 1198 }, finished: { exact: 1 }, running: { exact: 1 } });
    expect((await page(store, 'running')).items[0]).toMatchObject({ id: uuid(2000), worker: 'w@shop' });
    await put(client, uuid(2000), { ...failed(1), date_done: doneAt(9000) });
    await complete(store);
    expect(store.counts()).toMatchObject({ failed: { exact: 1199 }, running: { exact: 0 } });
    expect((await page(store, 'failed')).items[0]?.id).toBe(uuid(2000));
  });

  test('two that ask for it share one way through', async () => {
    await fill(3000);
    await using proxy = await startProxy(redis, {});
    using world = await storeAt(proxy.url);
    const [one, other] = await Promise.all([complete(world.store), complete(world.store)]);
    expect(one.at(-1)).toEqual(other.at(-1));
    // 3,000 keys by 475: each for itself would be twice as many.
    const scans = proxy.commands.filter(({ name }) => name === 'SCAN').length;
    expect(scans).toBeLessThan(10);
  });

  test('one that is left goes on where it was', async () => {
    await fill(5000);
    await using proxy = await startProxy(redis, {});
    using world = await storeAt(proxy.url);
    for await (const _looked of world.store.complete(never)) if (world.store.size > 2500) break;
    const before = proxy.commands.filter(({ name }) => name === 'SCAN').length;
    await complete(world.store);
    expect(world.store.counts().failed).toEqual({ exact: 5000 });
    const scans = proxy.commands.filter(({ name }) => name === 'SCAN').length;
    // 5,000 keys by 475 are 11; from the beginning again it would be half as many more.
    expect(before).toBeGreaterThan(4);
    expect(scans).toBeLessThan(15);
  });

  test('ids of every kind are told apart', async () => {
    const ids = [uuid(1), uuid(1).toUpperCase(), 'order-4821', 'ünï', 'a'.repeat(400)];
    for (const id of ids) await put(client, id, failed(1));
    await client.set(Buffer.from('celery-task-meta-\xff\xfe', 'latin1'), meta('x', failed(2)));
    using world = await storeAt(redis.url);
    await complete(world.store);
    const { items } = await page(world.store, 'failed');
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set([...ids, String.raw`\xff\xfe`]));
    for (const { id } of items) expect(await world.store.row(id ?? '', never)).toMatchObject({ id });
  });

  test('only the keys of its prefix count', async () => {
    await put(client, uuid(1), failed(1));
    await put(client, uuid(2), failed(2), 'shop_');
    await put(client, uuid(3), failed(3), 'sh*p_');
    for (const [prefix, n] of [
      ['', 1],
      ['shop_', 2],
      ['sh*p_', 3],
    ] as const) {
      using world = await storeAt(redis.url, prefix);
      await complete(world.store);
      expect((await page(world.store, 'failed')).items.map(({ id }) => id)).toEqual([uuid(n)]);
    }
  });
});

describe('what is broken', () => {
  const broken: readonly (readonly [string, string | Buffer])[] = [
    ['no serializer', 'hello'],
    ['cut JSON', '{"status": "SUCC'],
    ['a list', '[1, 2]'],
    ['no status', '{"result": 1}'],
    ['a status that is no text', '{"status": 5}'],
    ['a cut pickle', Buffer.from('80049512', 'hex')],
    ['unpacking that never ends', Buffer.from('\0celery-compressed\0application/x-gzip\0nonsense', 'latin1')],
    ['an unknown compression', Buffer.from('\0celery-compressed\0application/x-none\0nonsense', 'latin1')],
  ];

  test('is a row with its reason, and hides no other', async () => {
    for (const [n, [, bytes]] of broken.entries()) await client.set(`celery-task-meta-${uuid(n)}`, bytes);
    await put(client, uuid(100), failed(1));
    await client.lpush(`celery-task-meta-${uuid(200)}`, 'a list');
    using world = await storeAt(redis.url);
    await complete(world.store);
    const { items } = await page(world.store, 'failed');
    expect(items).toHaveLength(broken.length + 1);
    for (const [n, [what, bytes]] of broken.entries()) {
      const row = items.find(({ id }) => id === uuid(n));
      expect(row?.nativeState, what).toBe('UNREADABLE');
      expect(row?.problems[0]?.reason, what).toMatch(/stored result/);
      const result = await world.store.get(uuid(n), never);
      expect(Buffer.from(result?.raw ?? []), what).toEqual(Buffer.from(bytes));
    }
    expect(items.find(({ id }) => id === uuid(100))?.error?.message).toBe('order 1');
  });

  test('a huge result is never sent whole for a list, and still tells its state and time', async () => {
    const huge = meta(uuid(1), { ...failed(1), result: 'x'.repeat(3_000_000), name: 'shop.big', queue: 'reports' });
    await client.set(`celery-task-meta-${uuid(1)}`, huge);
    await put(client, uuid(2), { ...failed(2), result: 'y'.repeat(100_000) });
    using world = await storeAt(redis.url);
    const before = Number(/total_net_output_bytes:(\d+)/.exec(await client.info('stats'))?.[1]);
    await complete(world.store);
    const { items } = await page(world.store, 'failed');
    const sent = Number(/total_net_output_bytes:(\d+)/.exec(await client.info('stats'))?.[1]) - before;
    expect(sent).toBeLessThan(1_000_000);
    expect(items.map(({ id }) => id)).toEqual([uuid(2), uuid(1)]);
    expect(items[1]).toMatchObject({ endedAt: '2026-11-20T21:39:01.001Z' });
    expect(items[1]?.problems[0]?.reason).toContain('2.9 MB');
    const whole = await world.store.get(uuid(1), never);
    expect(whole?.raw.length).toBe(huge.length);
  });
});

describe('queues', () => {
  test('filter where results tell theirs; otherwise it is said', async () => {
    await put(client, uuid(1), { ...failed(1), name: 'shop.mail', args: [], kwargs: {}, queue: 'mail' });
    await put(client, uuid(2), { ...failed(2), name: 'shop.pay', args: [], kwargs: {}, queue: 'pay' });
    using world = await storeAt(redis.url);
    await complete(world.store);
    const mail = await page(world.store, 'failed', { queue: 'mail' });
    expect(mail).toMatchObject({ items: [{ id: uuid(1), queue: 'mail' }], total: { exact: 1 } });
    expect((await page(world.store, 'failed', { queue: 'none' })).total).toEqual({ exact: 0 });
    await put(client, uuid(3), failed(3));
    await complete(world.store);
    const some = await page(world.store, 'failed', { queue: 'mail' });
    expect(some.total).toEqual({ atLeast: 1 });
    expect(some.order).toContain('1 of 3 do not tell their queue');
  });

  test('none tells its queue: how many there are is not known', async () => {
    await put(client, uuid(1), failed(1));
    using world = await storeAt(redis.url);
    await complete(world.store);
    const read = await page(world.store, 'failed', { queue: 'mail' });
    expect(read).toMatchObject({ items: [], total: { unknown: expect.stringContaining('result_extended') } });
  });
});

describe('search', () => {
  test('finds a text in id, task, arguments, error and traceback, and says how far it has looked', async () => {
    await fill(700);
    await put(client, uuid(900), { ...failed(900), name: 'shop.Refund', args: [4821], kwargs: { note: 'Ünique' } });
    using world = await storeAt(redis.url);
    const search = async (text: string, limit = 50) => {
      const found: (string | null)[] = [];
      let last = { looked: 0, of: 0 };
      for await (const step of world.store.search({ text, queue: null, state: null, limit }, never)) {
        if ('found' in step) found.push(step.found.id);
        else last = step;
      }
      return { found, last };
    };
    expect((await search('refund')).found).toEqual([uuid(900)]);
    expect((await search('ünique')).found).toEqual([uuid(900)]);
    expect((await search('order 650')).found).toEqual([uuid(650)]);
    expect((await search(uuid(3))).found).toEqual([uuid(3)]);
    expect((await search('gateway.py', 5)).found).toHaveLength(5);
    expect((await search('nowhere')).last).toEqual({ looked: 701, of: 701 });
  });
});

describe('chords', () => {
  test('tell which parts have come in', async () => {
    const group = '7c2c44ce-b5f2-4efa-9d11-fa2dce6723a6';
    using world = await storeAt(redis.url);
    expect(await world.store.chord(group, never)).toBeNull();
    await client.set(`celery-taskset-meta-${group}.s`, '3');
    await client.zadd(`celery-taskset-meta-${group}.j`, 1, JSON.stringify([1, uuid(1), 'SUCCESS', 3]));
    expect(await world.store.chord(group, never)).toEqual({ arrived: 1, size: 3, ids: [uuid(1)] });
    await client.del(`celery-taskset-meta-${group}.j`);
    await client.rpush(`celery-taskset-meta-${group}.j`, JSON.stringify([1, uuid(2), 'SUCCESS', 3]));
    await client.set(`celery-taskset-meta-${group}.t`, '1');
    expect(await world.store.chord(group, never)).toEqual({ arrived: 1, size: 4, ids: [uuid(2)] });
  });
});
