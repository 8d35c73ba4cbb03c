/** What is found on a Redis: prefixes, queues that nobody bound, what is no queue; and what is broken there. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Installation } from '../../../../src/model';
import { clientOf, differences, dumpRedis, startRedis, type TestRedis } from '../../../support';
import { bind, connected, detected, envelope, hold, page, signal } from './support';

let redis: TestRedis;
let client: Redis;
const close: (() => void)[] = [];

beforeAll(async () => {
  redis = await startRedis();
  client = clientOf(redis);
});

afterAll(async () => {
  for (const each of close) each();
  client.disconnect();
  await redis.stop();
});

beforeEach(async () => {
  await client.flushall();
});

async function found(options: Record<string, unknown> = {}): Promise<readonly Installation[]> {
  const { broker, installations } = await detected(redis.url, options);
  close.push(() => broker.close());
  return installations;
}

async function queuesOf(installation: Installation | undefined) {
  const { queues } = (await installation?.overview(signal)) ?? { queues: [] };
  return queues.map(({ name, counts }) => [name, counts.waiting]);
}

test('nothing is found on an empty database, nor beside keys of others', async () => {
  expect(await found()).toEqual([]);
  await client.rpush('jobs', 'x', '{"body": "no envelope"}');
  await client.set('unacked', 'a string');
  await client.set('celery', 'a string');
  expect(await found()).toEqual([]);
});

test('each global_keyprefix is an installation of its own, with its own lists', async () => {
  await bind(client, 'celery');
  await client.lpush('celery', envelope());
  await bind(client, 'celery', 'shop:');
  await bind(client, 'mail', 'shop:');
  await client.lpush('shop:celery', envelope(), envelope());
  await client.lpush('shop:mail', envelope({ queue: 'mail' }));
  await client.lpush('shop:unbound', envelope({ queue: 'unbound' }));
  await bind(client, 'celery', 'shop:eu:');
  await client.lpush('shop:eu:celery', envelope());
  const installations = await found();
  expect(installations.map(({ key, name }) => [key, name])).toEqual([
    ['', 'Celery'],
    ['shop:', 'Celery shop:'],
    ['shop:eu:', 'Celery shop:eu:'],
  ]);
  const [plain, shop, europe] = installations;
  expect(await queuesOf(plain)).toEqual([['celery', { exact: 1 }]]);
  expect(await queuesOf(shop)).toEqual([
    ['celery', { exact: 2 }],
    ['mail', { exact: 1 }],
    ['unbound', { exact: 1 }],
  ]);
  expect(await queuesOf(europe)).toEqual([['celery', { exact: 1 }]]);
  const [only, ...more] = await found({ prefix: 'shop:' });
  expect([only?.key, more.length]).toEqual(['shop:', 0]);
  const rows = await page(only as Installation, 'waiting', { queue: 'mail' });
  expect((await only?.job(rows.items[0]?.ref ?? '', signal))?.queue).toBe('mail');
});

test('remote control, events and what kombu 5.7 keeps beside are no queues', async () => {
  await bind(client, 'celery');
  await client.sadd('_kombu.binding.celery.pidbox', '\x06\x16\x06\x16w1@host.celery.pidbox');
  await client.sadd('_kombu.binding.reply.celery.pidbox', 'oid\x06\x16\x06\x16oid.reply.celery.pidbox');
  await client.sadd('_kombu.binding.celeryev', 'worker.#\x06\x16^worker.*$\x06\x16celeryev.some-id');
  await client.sadd('_kombu.binding_permanent.celery', 'celery\x06\x16\x06\x16celery');
  await client.zadd('_kombu.binding_deadlines', 1, 'celeryev');
  await client.lpush('oid.reply.celery.pidbox', envelope());
  await client.sadd('_kombu.binding.odd', 'no parts');
  const installations = await found();
  expect(installations).toHaveLength(1);
  expect(await queuesOf(installations[0])).toEqual([['celery', { exact: 0 }]]);
});

test('a queue is known by its bindings, by its list, by a priority alone, or by name', async () => {
  await client.sadd('_kombu.binding.media', 'image.#\x06\x16^image\\.*.*?$\x06\x16images');
  await client.sadd('_kombu.binding.media', 'video\x06\x16\x06\x16videos');
  await client.lpush('unbound', envelope({ queue: 'unbound' }));
  await client.lpush('urgent\x06\x169', envelope({ queue: 'urgent' }));
  const [installation] = await found({ queues: ['named'] });
  expect(await queuesOf(installation)).toEqual([
    ['images', { exact: 0 }],
    ['named', { exact: 0 }],
    ['unbound', { exact: 1 }],
    ['urgent', { exact: 1 }],
    ['videos', { exact: 0 }],
  ]);
  // What a worker holds belongs to the queue that its exchange and routing key lead to.
  await hold(client, { id: 'a', exchange: 'media', queue: 'image.thumb.small' }, 1);
  await hold(client, { id: 'b', exchange: 'media', queue: 'video' }, 2);
  const { items } = await page(installation as Installation, 'taken');
  expect(items.map(({ id, queue }) => [id, queue])).toEqual([
    ['a', 'images'],
    ['b', 'videos'],
  ]);
  expect((await page(installation as Installation, 'taken', { queue: 'images' })).items.map(({ id }) => id)).toEqual([
    'a',
  ]);
});

test('queues that appear later are found, and those that were emptied stay', async () => {
  await bind(client, 'celery');
  const { broker, installation } = await connected(redis.url);
  close.push(() => broker.close());
  expect(await queuesOf(installation)).toEqual([['celery', { exact: 0 }]]);
  await bind(client, 'late');
  await client.lpush('later', envelope({ queue: 'later' }));
  for (let look = 0; look < 3; look++) await installation.overview(signal);
  expect((await queuesOf(installation)).map(([name]) => name)).toEqual(['celery', 'late', 'later']);
  await client.del('later');
  expect(await queuesOf(installation)).toContainEqual(['later', { exact: 0 }]);
  const before = broker.meter.roundTrips;
  const { cost } = await installation.overview(signal);
  expect(broker.meter.roundTrips - before).toBeLessThanOrEqual(4);
  expect(cost.roundTrips).toBeLessThanOrEqual(4);
});

test('names of any bytes and shapes are kept, and lead back', async () => {
  const odd = ['a/b: %C3 ü', 'with.pidbox.inside', 'quoted "name"', '日本'];
  for (const queue of odd) {
    await bind(client, queue);
    await client.lpush(queue, envelope({ id: `in ${queue}`, queue }));
  }
  const raw = Buffer.from([0x71, 0xff, 0x00]);
  await client.sadd('_kombu.binding.raw', Buffer.concat([raw, Buffer.from('\x06\x16\x06\x16'), raw]));
  await client.lpush(raw, envelope({ id: 'raw' }));
  const [installation] = await found();
  const { queues } = (await installation?.overview(signal)) ?? { queues: [] };
  expect(queues.map(({ name }) => name).sort()).toEqual([...odd, `q\\xff\0`].sort());
  for (const { name } of queues) {
    const { items } = await page(installation as Installation, 'waiting', { queue: name });
    expect(items).toHaveLength(1);
    expect((await installation?.job(items[0]?.ref ?? '', signal))?.queue).toBe(name);
  }
});

test('what is broken is shown with its bytes, neighbors are unharmed, and nothing is changed', async () => {
  await bind(client, 'celery');
  await client.sadd('_kombu.binding.wrong', 'wrong\x06\x16\x06\x16wrong');
  await client.set('wrong', 'no list');
  await client.lpush('celery', envelope({ id: 'good-1' }), 'not JSON', Buffer.from([0xff, 0x00]), '{}', '[]', '');
  await client.lpush('celery', envelope({ id: 'no-body' }).replace(/"body": "[^"]*"/, '"body": "@@@"'));
  await client.lpush('celery', envelope({ id: 'good-2' }));
  await hold(client, { id: 'held' }, 1_790_000_000);
  await client.multi().zadd('unacked_index', 5, 'broken').hset('unacked', 'broken', 'x').exec();
  const before = await dumpRedis(redis);
  const [installation] = await found();
  if (installation === undefined) throw new Error('nothing found');
  const overview = await installation.overview(signal);
  expect(overview.queues.find(({ name }) => name === 'wrong')?.counts.waiting).toEqual({
    unknown: expect.stringContaining('WRONGTYPE'),
  });
  const { items } = await page(installation, 'waiting', { queue: 'celery' });
  expect(items.map(({ id, problems }) => [id, problems.length > 0])).toEqual([
    ['good-1', false],
    ...Array.from({ length: 5 }, () => [null, true]),
    ['no-body', true],
    ['good-2', false],
  ]);
  for (const row of [...items, ...(await page(installation, 'taken')).items]) {
    const job = await installation.job(row.ref, signal);
    expect(job.raw[0]?.entries[0]?.bytes).toBeInstanceOf(Uint8Array);
    expect(job.raw[0]?.command).toMatch(/redis-cli/);
    if (row.problems.length > 0) expect(job.problems.length).toBeGreaterThan(0);
  }
  const held = await page(installation, 'taken');
  expect(held.items.map(({ id }) => id)).toEqual([null, 'held']);
  expect(await page(installation, 'waiting', { queue: 'wrong' })).toMatchObject({ items: [] });
  for await (const _step of installation.search({ text: 'zzz', queue: null, state: null, limit: 5 }, signal));
  expect(differences(before, await dumpRedis(redis))).toEqual([]);
});

test('among a hundred thousand other keys the queues are found at once, and the rest by completing', async () => {
  for (let from = 0; from < 100_000; from += 10_000) {
    const pairs = Array.from({ length: 10_000 }, (_unused, n) => [`celery-task-meta-${from + n}`, '{}']).flat();
    await client.mset(...pairs);
  }
  await bind(client, 'celery', 'far:');
  await client.lpush('far:celery', envelope());
  const [installation] = await found();
  expect(installation?.key).toBe('far:');
  for await (const _step of installation?.complete?.(signal) ?? []);
  expect(await queuesOf(installation)).toEqual([['celery', { exact: 1 }]]);
});
