import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, ownMachine } from '../../../src/brokers/redis';
import type { InspectorError } from '../../../src/model';
import { createSurroundings } from '../../../src/workspace';
import { asRedis5, clientOf, startProxy, startRedis, type TestRedis, waitFor } from '../../support';
import { failure, never, ping, SECRET } from './connecting';

describe('a server with a password', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({ password: SECRET });
  });
  afterAll(() => redis.stop());

  it('is greeted: facts, name, database', async () => {
    const broker = await connectRedis({ url: redis.url }, never);
    expect(broker.server).toMatchObject({ product: 'redis', mode: 'standalone', role: 'master', processId: redis.pid });
    expect(broker.server.tcpPort).toBe(redis.port);
    expect(broker.server.atLeast('5.0')).toBe(true);
    expect(broker.server.atLeast('99')).toBe(false);
    expect(broker.address).toBe(`127.0.0.1:${redis.port}/0`);
    expect(broker.url).toBe(`redis://127.0.0.1:${redis.port}/0`);
    const [clients] = await broker.read([['CLIENT', 'LIST']], never);
    expect(String(clients)).toContain('name=job-queue-inspector');
    expect(broker.may('EVAL')).toBe(true);
    broker.close();
  });

  it('takes the password apart from the URL', async () => {
    expect(await ping(await connectRedis({ url: `127.0.0.1:${redis.port}`, password: SECRET }, never))).toBe('PONG');
  });

  it('asks for the password', async () => {
    const error = await failure({ url: `redis://127.0.0.1:${redis.port}` });
    expect(error).toMatchObject({ code: 'unauthorized', message: 'NOAUTH: this Redis wants a password.' });
    expect(error.tried).toBe(`connecting to 127.0.0.1:${redis.port}`);
  });

  it('refuses a wrong one', async () => {
    const error = await failure({ url: `redis://127.0.0.1:${redis.port}`, password: 'wrong-secret' });
    expect(error.code).toBe('unauthorized');
    expect(JSON.stringify(error)).not.toContain('wrong-secret');
  });

  it('has databases, but not that many', async () => {
    const client = clientOf(redis, 3);
    await client.set('in', 'three');
    client.disconnect();
    const broker = await connectRedis({ url: redis.url.replace(/0$/, '3') }, never);
    expect(String((await broker.read([['GET', 'in']], never))[0])).toBe('three');
    const script = { name: 'where', source: "return redis.call('GET', 'in')" };
    expect(String(await broker.run({ script, keys: ['in'], args: [], record: 'r' }, never))).toBe('three');
    broker.close();
    expect(await failure({ url: redis.url.replace(/0$/, '99') })).toMatchObject({
      code: 'no-such-database',
      message: `127.0.0.1:${redis.port} has no database 99.`,
    });
  });
});

describe('users (ACL)', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
    const client = clientOf(redis);
    const rules = {
      reader: '~* +@read +scan',
      lame: '~* &* +@all -eval -evalsha -scan',
      half: '~* &* +@all -rpush',
      keys: '~rq:* &* +@all',
    };
    for (const [name, text] of Object.entries(rules))
      await client.call('ACL', 'SETUSER', name, 'on', `>${SECRET}`, ...text.split(' '));
    client.disconnect();
  });
  afterAll(() => redis.stop());
  const as = (user: string) =>
    connectRedis({ url: `redis://${user}@127.0.0.1:${redis.port}/0`, password: SECRET }, never);

  it('connects one who may only read, and knows that', async () => {
    const broker = await as('reader');
    expect(broker.server.atLeast('6.0')).toBe(true);
    expect(broker.server.role).toBe('master');
    await broker.read([['GET', 'a']], never);
    expect([broker.may('evalsha'), broker.may('SCAN')]).toEqual(['needs EVALSHA, which this user may not run', true]);
    const script = { name: 'x', source: 'return 1' };
    await expect(broker.run({ script, keys: [], args: [], record: 'r' }, never)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'This change needs EVALSHA, which this user may not run. Nothing was changed.',
    });
    expect(broker.meter.writes).toBe(0);
    await expect(broker.publish('x', 'x', never)).rejects.toMatchObject({ code: 'forbidden' });
    expect(broker.may('PUBLISH')).toBe('needs PUBLISH, which this user may not run');
    broker.close();
  });

  it('finds out before it is tried that EVAL and SCAN are missing', async () => {
    const broker = await as('lame');
    expect(broker.may('EVAL')).toBe('needs EVAL, which this user may not run');
    expect(broker.may('SCAN')).toBe('needs SCAN, which this user may not run');
    expect(broker.may('PUBLISH')).toBe(true);
    const scanning = broker.scan({ match: '*' }, never)[Symbol.asyncIterator]();
    await expect(scanning.next()).rejects.toMatchObject({
      code: 'forbidden',
      message: 'This user may not run SCAN (ACL). Queues cannot be discovered; add their names by hand.',
    });
    broker.close();
  });

  it('does not begin a script of which one command would be refused in the middle', async () => {
    const broker = await as('half');
    const client = clientOf(redis);
    await client.set('kept', 'x');
    const script = { name: 'move', source: "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[2], 'x')" };
    const step = { script, keys: ['kept', 'list'], args: [], record: 'r' };
    await expect(broker.run(step, never)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'This change needs RPUSH, which this user may not run. Nothing was changed.',
    });
    expect(await client.exists('kept')).toBe(1);
    client.disconnect();
    broker.close();
  });

  it('does not take a missing key pattern for a missing command', async () => {
    const broker = await as('keys');
    expect([broker.may('DEL'), broker.may('EVAL'), broker.may('PUBLISH')]).toEqual([true, true, true]);
    const [reply] = await broker.read([['GET', 'elsewhere']], never);
    expect(reply).toMatchObject({ code: 'NOPERM' });
    expect(broker.may('GET')).toBe(true);
    broker.close();
  });
});

describe('a server in trouble', () => {
  it('a replica reads, and takes no changes', async () => {
    await using master = await startRedis();
    await using replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
    const broker = await connectRedis({ url: replica.url }, never);
    expect(broker.server.role).toBe('replica');
    expect(broker.may('EVAL')).toBe('this Redis is a replica and takes no changes');
    const script = { name: 'x', source: "redis.call('SET', KEYS[1], 1)" };
    await expect(broker.run({ script, keys: ['a'], args: [], record: 'r' }, never)).rejects.toMatchObject({
      code: 'replica',
    });
    broker.close();
  });

  it('one that became a replica meanwhile refuses in its own words', async () => {
    await using redis = await startRedis();
    const broker = await connectRedis({ url: redis.url }, never);
    const client = clientOf(redis);
    await client.call('REPLICAOF', '127.0.0.1', '1');
    client.disconnect();
    const script = { name: 'x', source: "redis.call('SET', KEYS[1], 1)" };
    await expect(broker.run({ script, keys: ['a'], args: [], record: 'r' }, never)).rejects.toMatchObject({
      code: 'replica',
      message: 'READONLY: this Redis is a replica and takes no changes.',
    });
    broker.close();
  });

  it('a full one says so and is left unchanged', async () => {
    await using redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction'] });
    const client = clientOf(redis);
    await client.config('SET', 'maxmemory', '1');
    client.disconnect();
    const broker = await connectRedis({ url: redis.url }, never);
    const script = { name: 'x', source: "redis.call('RPUSH', KEYS[1], 1)" };
    await expect(broker.run({ script, keys: ['a'], args: [], record: 'r' }, never)).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(await broker.read([['EXISTS', 'a', 'r']], never)).toEqual([0]);
    broker.close();
  });

  it('one that loads its data is waited for by the person, not by us', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis, {
      rewrite: (command, reply) => {
        if (command.name !== 'INFO') return reply;
        const body = reply
          .subarray(reply.indexOf('\r\n') + 2)
          .toString('latin1')
          .replace('loading:0', 'loading:1');
        return Buffer.from(`$${body.length - 2}\r\n${body}`, 'latin1');
      },
    });
    expect(await failure({ url: proxy.url })).toMatchObject({ code: 'loading' });
  });

  it('answers as 5.0 did', async () => {
    await using redis = await startRedis({ password: SECRET });
    await using proxy = await startProxy(redis, asRedis5);
    const broker = await connectRedis({ url: proxy.url }, never);
    expect(broker.server.version).toBe('5.0.14');
    expect(broker.may('EVAL')).toBe(true);
    const client = clientOf(redis);
    await client.rpush('list', 'x');
    await client.set('text', 'x');
    client.disconnect();
    const keys: string[] = [];
    for await (const batch of broker.scan({ match: '*', type: 'list' }, never)) keys.push(...batch.keys.map(String));
    expect(keys).toEqual(['list']);
    const script = { name: 'x', source: "local t = redis.call('TIME') redis.call('SET', KEYS[1], t[1]) return 7" };
    expect(await broker.run({ script, keys: ['a'], args: [], record: 'r' }, never)).toBe(7);
    broker.close();
  });

  it('a lost connection is told once, reads fail at once, and it can be opened again', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis);
    const broker = await connectRedis({ url: proxy.url }, never);
    const losses: InspectorError[] = [];
    broker.onLost(error => losses.push(error));
    proxy.use({ cutAfterForward: command => command.name === 'DBSIZE' });
    await expect(broker.read([['PING'], ['DBSIZE']], never)).rejects.toMatchObject({ code: 'connection-lost' });
    await waitFor(() => losses.length > 0, { what: 'the loss to be told' });
    proxy.use({});
    proxy.reset();
    await expect(broker.read([['PING']], never)).rejects.toMatchObject({ code: 'connection-lost' });
    expect(proxy.commands).toEqual([]);
    await broker.reconnect(never);
    expect(broker.lost).toBeNull();
    expect(await ping(broker)).toBe('PONG');
    expect(losses).toHaveLength(1);
  });
});

describe("this machine's own", () => {
  it('is shown by the process that listens there; not through a tunnel', async () => {
    await using redis = await startRedis();
    await using tunnel = await startProxy(redis);
    const here = createSurroundings({ files: null, remote: false, restricted: null });
    const owned = async (url: string) => {
      const broker = await connectRedis({ url }, never);
      broker.close();
      return ownMachine(broker.server, url, here);
    };
    expect(await owned(redis.url)).toEqual({
      own: true,
      reason: `Process ${redis.pid} of this machine listens on port ${redis.port}.`,
    });
    expect(await owned(tunnel.url)).toMatchObject({ own: false });
  });
});
