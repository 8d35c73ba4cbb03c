/** Read-only scripts are sent whole once, and called by their hash from then on, whatever the server forgets or forbids. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Command, type ConnectedRedis, connectRedis, isFailure } from '../../../src/brokers/redis';
import { clientOf, type RedisProxy, startProxy, startRedis, type TestRedis } from '../../support';

const never = new AbortController().signal;
const add = (a: number, b: number): Command => ['EVAL_RO', 'return ARGV[1] + ARGV[2]', 0, a, b];
const broken: Command = ['EVAL_RO', "return redis.call('LLEN', KEYS[1])", 1, 'text'];

let redis: TestRedis;
let proxy: RedisProxy;
let broker: ConnectedRedis;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis);
});
beforeEach(async () => {
  broker?.close();
  broker = await connectRedis({ url: proxy.url }, never);
  proxy.reset();
});
afterAll(async () => {
  broker.close();
  await proxy.stop();
  await redis.stop();
});

const sent = () => proxy.commands.map(({ name }) => name);

test('whole the first time, by hash afterwards, among other commands', async () => {
  expect(await broker.read([add(1, 2), ['ECHO', 'x'], add(3, 4)], never)).toEqual([3, Buffer.from('x'), 7]);
  expect(await broker.read([['ECHO', 'y'], add(5, 6)], never)).toEqual([Buffer.from('y'), 11]);
  expect(sent()).toEqual(['EVAL_RO', 'ECHO', 'EVAL_RO', 'ECHO', 'EVALSHA_RO']);
});

test('whole again when the server has forgotten it', async () => {
  const client = clientOf(redis);
  await broker.read([add(1, 2)], never);
  await client.call('SCRIPT', 'FLUSH');
  expect(await broker.read([add(3, 4), ['ECHO', 'x'], add(5, 6)], never)).toEqual([7, Buffer.from('x'), 11]);
  expect(await broker.read([add(7, 8)], never)).toEqual([15]);
  client.disconnect();
});

test('whole always where the user may not call by hash', async () => {
  const client = clientOf(redis);
  await client.call('ACL', 'SETUSER', 'whole', 'on', '>pw', '~*', '&*', '+@all', '-evalsha_ro');
  const limited = await connectRedis({ url: proxy.url.replace('redis://', 'redis://whole:pw@') }, never);
  for (const n of [1, 2, 3]) expect(await limited.read([add(n, 1)], never)).toEqual([n + 1]);
  expect(limited.may('EVAL_RO')).toBe(true);
  expect(sent().filter(name => name === 'EVALSHA_RO').length).toBeLessThanOrEqual(1);
  limited.close();
  client.disconnect();
});

test('an error inside stays in its place', async () => {
  const client = clientOf(redis);
  await client.set('text', 'x');
  for (let round = 0; round < 2; round++) {
    const [failed, sum] = await broker.read([broken, add(1, 1)], never);
    expect(isFailure(failed) && failed.message).toContain('WRONGTYPE');
    expect(sum).toBe(2);
  }
  client.disconnect();
});
