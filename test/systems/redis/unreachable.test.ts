import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../../../src/brokers/redis';
import { freePort, startRedis, type TestRedis } from '../../support';
import { failure, never, ping, SECRET } from './connecting';

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
