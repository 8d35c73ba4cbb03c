/** Where results are: beside the messages, in another database, at a URL of the person's, lost and back. */
import { describe, expect, test } from 'vitest';
import { CompanionBrokers } from '../../../../src/inspector/companions';
import { openLink } from '../../../../src/inspector/open';
import type { Link } from '../../../../src/inspector/ports';
import type { NamedBackend } from '../../../../src/systems/celery/parts';
import { clientOf, startProxy, startRedis, type TestRedis } from '../../../support';
import { complete, failure, never, page, put, resultsAt, uuid } from './support';

/** Companions as a connection has them. */
async function connected(url: string, password?: string) {
  const profile = { id: 'shop', name: 'shop', url, environment: 'local', access: 'own' } as const;
  const link: Link = await openLink(profile, password, never);
  const brokers = new CompanionBrokers({
    open: openLink,
    secrets: { get: async id => (id === 'shop' ? password : undefined), set: async () => {}, delete: async () => {} },
    profile: () => profile,
    link: () => link,
  });
  const dispose = async () => {
    await brokers.close();
    await link.close();
  };
  return { brokers, companions: brokers.for('celery'), link, [Symbol.asyncDispose]: dispose };
}

async function fill(redis: TestRedis, database: number, count: number, prefix = ''): Promise<void> {
  const client = clientOf(redis, database);
  for (let n = 0; n < count; n++) await put(client, uuid(n), failure(`order ${n}`), prefix);
  client.disconnect();
}

const urlOf = (redis: TestRedis, database: number) => redis.url.replace(/\/\d+$/, `/${database}`);

describe('found by themselves', () => {
  test('beside the messages', async () => {
    await using redis = await startRedis();
    await fill(redis, 0, 2);
    using world = await resultsAt(redis.url);
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'found', reason: null });
    expect(world.results.store?.broker).toBe(world.broker);
  });

  test('in another database of the same Redis, with its password', async () => {
    await using redis = await startRedis({ password: 'secret' });
    await fill(redis, 3, 4);
    const plain = redis.url.replace(':secret@', '');
    await using connection = await connected(plain, 'secret');
    using world = await resultsAt(redis.url, { companions: connection.companions });
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'found', address: `127.0.0.1:${redis.port}/3` });
    const store = world.results.store;
    if (store === null) throw new Error('no store');
    await complete(store);
    expect(store.counts().failed).toEqual({ exact: 4 });
  });

  test('nowhere: it says so, names what workers told, and looks again later', async () => {
    await using redis = await startRedis();
    await using connection = await connected(redis.url);
    const named = () => [{ url: 'redis://other:6379/1', database: 'elsewhere' as const }];
    using world = await resultsAt(redis.url, { companions: connection.companions, named });
    expect(world.results.companion).toMatchObject({ state: 'missing', reason: expect.stringContaining('not been') });
    await world.results.locate(never);
    expect(world.results.companion).toEqual({
      role: 'results',
      title: 'Result backend',
      state: 'missing',
      address: null,
      reason: expect.stringMatching(/^No results were found in the databases of this Redis\. /),
      candidates: ['redis://other:6379/1'],
    });
  });

  test('of several databases the one that workers name, also where another was taken first', async () => {
    await using redis = await startRedis();
    await fill(redis, 3, 4);
    await using connection = await connected(redis.url);
    const url = 'redis://cache/5';
    let named: NamedBackend[] = [];
    using world = await resultsAt(redis.url, { companions: connection.companions, named: () => named });
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'found', address: `127.0.0.1:${redis.port}/3` });
    await fill(redis, 5, 2);
    named = [{ url, database: 5 }];
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'found', address: `127.0.0.1:${redis.port}/5` });
    named = [{ url, database: 'elsewhere' }];
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'missing', candidates: [url] });
    expect(world.results.store).toBeNull();
  });

  test('of several databases none, where nobody tells which; those of another Celery beside its messages never', async () => {
    await using redis = await startRedis();
    await fill(redis, 1, 1);
    await fill(redis, 3, 4);
    const client = clientOf(redis, 3);
    await client.sadd('_kombu.binding.celery', 'celery\x06\x16\x06\x16celery');
    client.disconnect();
    await using connection = await connected(redis.url);
    const { companions } = connection;
    using first = await resultsAt(redis.url, { companions });
    await first.results.locate(never);
    expect(first.results.companion).toMatchObject({ state: 'found', address: `127.0.0.1:${redis.port}/1` });
    await fill(redis, 2, 1);
    using second = await resultsAt(redis.url, { companions });
    await second.results.locate(never);
    expect(second.results.store).toBeNull();
    expect(second.results.companion).toMatchObject({
      state: 'missing',
      reason: expect.stringContaining(`127.0.0.1:${redis.port}/1`),
      candidates: [3, 1, 2].map(db => `redis://127.0.0.1:${redis.port}/${db}`),
    });
  });

  test('by the prefix of the installation, where several share a database', async () => {
    await using redis = await startRedis();
    await fill(redis, 0, 1);
    await fill(redis, 0, 2, 'shop_');
    await fill(redis, 0, 3, 'blog:');
    for (const [key, count] of [
      ['', 1],
      ['shop', 2],
      ['blog:', 3],
    ] as const) {
      using world = await resultsAt(redis.url, { key });
      await world.results.locate(never);
      if (world.results.store === null) throw new Error('no store');
      await complete(world.results.store);
      expect(world.results.store.counts().failed, key).toEqual({ exact: count });
    }
  });
});

describe('named by a person', () => {
  test('on another Redis, with its own password', async () => {
    await using messages = await startRedis();
    await using backend = await startRedis({ password: 'secret' });
    await fill(backend, 2, 5, 'shop_');
    await using connection = await connected(messages.url);
    const options = { results: urlOf(backend, 2), resultPrefix: 'shop' };
    using world = await resultsAt(messages.url, { companions: connection.companions, options });
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'found', address: `127.0.0.1:${backend.port}/2` });
    expect(JSON.stringify(world.results.companion)).not.toContain('secret');
    if (world.results.store === null) throw new Error('no store');
    await complete(world.results.store);
    expect(world.results.store.counts().failed).toEqual({ exact: 5 });
  });

  test('where nothing answers: failed, and why, without the password', async () => {
    await using messages = await startRedis();
    await using connection = await connected(messages.url);
    const options = { results: 'redis://:secret@127.0.0.1:1/0' };
    using world = await resultsAt(messages.url, { companions: connection.companions, options });
    await world.results.locate(never);
    const { companion, store } = world.results;
    expect(store).toBeNull();
    expect(companion).toMatchObject({ state: 'failed', address: 'redis://127.0.0.1:1/0' });
    expect(companion.reason).toContain('127.0.0.1:1');
    expect(JSON.stringify(companion)).not.toContain('secret');
  });

  test.each([
    ['rpc://', /would take them away/],
    ['db+postgresql://shop:secret@db/shop', /SQL database/],
    ['mongodb://db/shop', /MongoDB/],
  ])('%s is not read, and it is said why', async (results, reason) => {
    await using messages = await startRedis();
    using world = await resultsAt(messages.url, { options: { results } });
    await world.results.locate(never);
    expect(world.results.companion).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    expect(JSON.stringify(world.results.companion)).not.toContain('secret');
  });
});

test('one that is lost is no loss of the messages’ broker, and is opened again in place', async () => {
  await using messages = await startRedis();
  await using backend = await startRedis();
  await fill(backend, 0, 3);
  await using proxy = await startProxy(backend, {});
  await using connection = await connected(messages.url);
  using world = await resultsAt(messages.url, { companions: connection.companions, options: { results: proxy.url } });
  await world.results.locate(never);
  const { store } = world.results;
  if (store === null) throw new Error('no store');
  await complete(store);
  await proxy.close();
  await expect(page(store, 'failed')).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('result backend'),
  });
  expect(world.broker.lost).toBeNull();
  await proxy.open();
  await world.results.locate(never);
  expect(world.results.store).toBe(store);
  expect((await page(store, 'failed')).items).toHaveLength(3);
});
