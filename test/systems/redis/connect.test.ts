import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectedRedis, type ConnectOptions, connectRedis, ownMachine } from '../../../src/brokers/redis';
import { InspectorError } from '../../../src/model';
import { createSurroundings } from '../../../src/workspace';
import { asRedis5, clientOf, freePort, startProxy, startRedis, type TestRedis, waitFor } from '../../support';

const never = new AbortController().signal;
const SECRET = 'p@ss:/w#rd?%é';

async function failure(options: ConnectOptions, signal = never): Promise<InspectorError> {
  try {
    const broker = await connectRedis({ connectTimeoutMs: 1500, ...options }, signal);
    broker.close();
  } catch (thrown) {
    if (thrown instanceof InspectorError) {
      expect(JSON.stringify(thrown)).not.toContain(SECRET);
      expect(thrown.remedy).not.toBe('');
      return thrown;
    }
    throw thrown;
  }
  throw new Error('It connected.');
}

async function ping(broker: ConnectedRedis): Promise<string> {
  try {
    return String((await broker.read([['PING']], never))[0]);
  } finally {
    broker.close();
  }
}

/** A server of another kind. */
async function answering(reply: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    reply(socket);
  });
  const port = await freePort();
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  return { port, server };
}

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

describe('what is not there', () => {
  it('a name that does not resolve', async () => {
    const error = await failure({ url: 'redis://this_redis.invalid:6379/0', password: SECRET });
    expect(error.code).toBe('unresolved');
    expect(error.message).toBe(
      'Could not connect to this_redis.invalid:6379. The name does not resolve on this machine.',
    );
  });

  it('a port where nothing listens', async () => {
    const port = await freePort();
    const error = await failure({ url: `redis://localhost:${port}` });
    expect(error.message).toBe(
      `Connection refused by localhost:${port}. Nothing listens there. Is the container running?`,
    );
    expect(error.code).toBe('unreachable');
  });

  it('a unix socket', async () => {
    expect(await failure({ url: 'unix:///nowhere/redis.sock' })).toMatchObject({ code: 'unreachable' });
  });

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['AMQP', 'AMQP\0\0\x09\x01'],
  ])('a server that speaks %s', async (_name, text) => {
    const { port, server } = await answering(socket => socket.once('data', () => socket.end(text)));
    expect(await failure({ url: `redis://127.0.0.1:${port}` })).toMatchObject({
      code: 'not-a-broker',
      message: `127.0.0.1:${port} answers, but it is not a Redis.`,
    });
    server.close();
  });

  it('protected mode', async () => {
    const { port, server } = await answering(socket =>
      socket.end('-DENIED Redis is running in protected mode because protected mode is enabled.\r\n'),
    );
    const error = await failure({ url: `redis://127.0.0.1:${port}` });
    expect(error).toMatchObject({ code: 'forbidden', message: expect.stringContaining('protected mode') });
    server.close();
  });

  it('a server that never answers', async () => {
    const { port, server } = await answering(() => undefined);
    const error = await failure({ url: `redis://127.0.0.1:${port}`, connectTimeoutMs: 300 });
    expect(error).toMatchObject({
      code: 'timeout',
      message: `Timed out after 300 ms connecting to 127.0.0.1:${port}.`,
    });
    server.close();
  });

  it('is given up when the person does', async () => {
    const { port, server } = await answering(() => undefined);
    const stop = new AbortController();
    const connecting = failure({ url: `redis://127.0.0.1:${port}` }, stop.signal);
    setImmediate(() => stop.abort());
    expect((await connecting).code).toBe('aborted');
    server.close();
  });
});

describe('a unix socket', () => {
  it('connects, with a password and a database', async () => {
    await using redis = await startRedis({ unixSocket: true, password: SECRET });
    const broker = await connectRedis({ url: `unix://${redis.socketPath}?db=2`, password: SECRET }, never);
    expect(broker.address).toBe(`${redis.socketPath}/2`);
    expect(await ping(broker)).toBe('PONG');
  });
});

describe('TLS', () => {
  let redis: TestRedis;
  const files = () => {
    const { ca, clientCert, clientKey } = redis.certificates ?? { ca: '', clientCert: '', clientKey: '' };
    return { ca, certificate: clientCert, key: clientKey };
  };
  beforeAll(async () => {
    redis = await startRedis({ tls: true });
  });
  afterAll(() => redis.stop());

  it('connects with our own authority and a client certificate, as files and as text', async () => {
    expect(await ping(await connectRedis({ url: redis.url, tls: files() }, never))).toBe('PONG');
    const texts = Object.fromEntries(Object.entries(files()).map(([name, file]) => [name, readFileSync(file, 'utf8')]));
    expect(await ping(await connectRedis({ url: redis.url, tls: texts }, never))).toBe('PONG');
  });

  it('compares the name in the certificate with the host, or with the server name given', async () => {
    const tls = { ...files(), serverName: 'elsewhere.example' };
    expect(await failure({ url: redis.url, tls })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('another name'),
    });
    const right = { ...files(), serverName: 'localhost' };
    expect(await ping(await connectRedis({ url: redis.url, tls: right }, never))).toBe('PONG');
  });

  it('does not trust an unknown authority, unless the URL says so', async () => {
    const { certificate, key } = files();
    const error = await failure({ url: redis.url, tls: { certificate, key } });
    expect(error).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('an authority that this machine does not know'),
    });
    const url = `${redis.url}?ssl_cert_reqs=none`;
    expect(await ping(await connectRedis({ url, tls: { certificate, key } }, never))).toBe('PONG');
  });

  it('says that a client certificate is wanted', async () => {
    const { ca } = files();
    const error = await failure({ url: redis.url, tls: { ca } });
    expect(error).toMatchObject({ code: 'tls', message: expect.stringContaining('client certificate') });
  });

  it('says that the server speaks TLS, and that it does not', async () => {
    const plainly = await failure({ url: redis.url.replace('rediss', 'redis') });
    expect(plainly).toMatchObject({ code: 'tls', remedy: 'Use rediss:// instead of redis://.' });
    await using plain = await startRedis();
    const secretly = await failure({ url: plain.url.replace('redis', 'rediss'), connectTimeoutMs: 800 });
    expect(secretly).toMatchObject({ code: 'tls', remedy: 'Use redis:// instead of rediss://.' });
  });

  it('names a file that cannot be read, and one that is no PEM', async () => {
    expect(await failure({ url: redis.url, tls: { ca: '/nowhere/ca.pem' } })).toMatchObject({
      code: 'tls',
      message: 'The CA could not be read from /nowhere/ca.pem.',
    });
    expect(await failure({ url: redis.url, tls: { key: '/etc/hostname' } })).toMatchObject({ code: 'tls' });
  });
});
