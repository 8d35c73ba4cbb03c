import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ConnectedRedis, connectRedis, type ScriptCall } from '../../../src/brokers/redis';
import { clientOf, startRedis, type TestRedis } from '../../support';

/** A real 6.2: its refusals inside scripts have other words than those of 7. */
const never = new AbortController().signal;
let redis: TestRedis;
let broker: ConnectedRedis;

beforeAll(async () => {
  redis = await startRedis({ version: '6.2' });
  broker = await connectRedis({ url: redis.url }, never);
});
afterAll(async () => {
  broker.close();
  await redis.stop();
});

const step = (source: string, keys: string[], record: string): ScriptCall => ({
  script: { name: 'step', source },
  keys,
  args: [],
  record,
});

it('is a 6.2', () => {
  expect(broker.server.atLeast('6.2') && !broker.server.atLeast('7.0')).toBe(true);
});

it('runs a step once, also one that asks the time before it writes', async () => {
  const call = step(
    "local t = redis.call('TIME') redis.call('SET', KEYS[1], t[1]) return redis.call('INCR', KEYS[2])",
    ['t', 'n'],
    'r1',
  );
  expect(await broker.run(call, never)).toBe(1);
  expect(await broker.run(call, never)).toBe(1);
});

it('explains what a script runs into', async () => {
  const client = clientOf(redis);
  await client.set('text', 'x');
  await expect(broker.run(step("return redis.call('LPUSH', KEYS[1], 1)", ['text'], 'r2'), never)).rejects.toMatchObject(
    {
      code: 'broker-error',
      message: expect.stringContaining('of another kind'),
    },
  );
  await client.config('SET', 'maxmemory', '1');
  await expect(broker.run(step("return redis.call('LPUSH', KEYS[1], 1)", ['l'], 'r3'), never)).rejects.toMatchObject({
    code: 'out-of-memory',
  });
  await client.config('SET', 'maxmemory', '0');
  await client.call('REPLICAOF', '127.0.0.1', '1');
  await expect(broker.run(step("return redis.call('LPUSH', KEYS[1], 1)", ['l'], 'r4'), never)).rejects.toMatchObject({
    code: 'replica',
  });
  await client.call('REPLICAOF', 'NO', 'ONE');
  client.disconnect();
});

it('knows what a user may not run', async () => {
  const client = clientOf(redis);
  await client.call('ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '&*', '+@all', '-rpush', '-publish');
  await client.call('ACL', 'SETUSER', 'reader', 'on', '>pw', '~*', '+@read');
  client.disconnect();
  const half = await connectRedis({ url: `redis://half:pw@127.0.0.1:${redis.port}` }, never);
  expect([half.may('EVAL'), half.may('DEL'), half.may('RPUSH'), half.may('PUBLISH')]).toEqual([
    true,
    true,
    'needs RPUSH, which this user may not run',
    'needs PUBLISH, which this user may not run',
  ]);
  half.close();
  const reader = await connectRedis({ url: `redis://reader:pw@127.0.0.1:${redis.port}` }, never);
  expect(reader.server.version).toBe(broker.server.version);
  expect(reader.may('EVAL')).toBe('needs EVAL, which this user may not run');
  reader.close();
});

it('undoes', async () => {
  const b64 = (text: string) => Buffer.from(text).toString('base64');
  const value = { type: 'stream', entries: [{ id: '5-1', fields: [b64('f'), b64('v')] }] } as const;
  const refusal = 'no';
  const units = [
    {
      broker: 'redis',
      subject: 's',
      guards: [{ kind: 'absent', key: b64('stream'), refusal }],
      operations: [{ kind: 'create', key: b64('stream'), value, expireAt: Date.now() + 60_000 }],
    },
    { broker: 'redis', subject: 's', guards: [{ kind: 'absent', key: b64('stream'), refusal }], operations: [] },
  ] as const;
  expect(await broker.undo(units, 'undo', never)).toEqual([true, 'no']);
  const [entries] = await broker.read([['XRANGE', 'stream', '-', '+']], never);
  expect(entries).toEqual([[Buffer.from('5-1'), [Buffer.from('f'), Buffer.from('v')]]]);
});
