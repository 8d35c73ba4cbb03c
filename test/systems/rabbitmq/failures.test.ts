import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRabbit, type RabbitConnectOptions } from '../../../src/brokers/rabbitmq';
import { InspectorError } from '../../../src/model';
import { freePort, startRabbit, startRedis, type TestRabbit } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit({ tls: true });
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();
const PASSWORD = 's3cret/pässword';

/** What connecting throws; no word of it may hold the password. */
async function failure(options: RabbitConnectOptions): Promise<InspectorError> {
  const broker = await connectRabbit({ managementUrl: null, ...options }, signal).catch((thrown: unknown) => thrown);
  if (!(broker instanceof InspectorError)) throw new Error(`It did not fail clearly: ${String(broker)}`);
  expect(JSON.stringify(broker)).not.toContain(PASSWORD);
  expect(broker.stack).not.toContain(PASSWORD);
  return broker;
}

describe('connecting says what was wrong', () => {
  test('a name that does not resolve', async () => {
    const error = await failure({ url: `amqp://u@no-such-host.invalid/`, password: PASSWORD });
    expect(error).toMatchObject({ code: 'unresolved', tried: 'connecting to no-such-host.invalid:5672' });
  });

  test('a port where nothing listens', async () => {
    const error = await failure({ url: `amqp://127.0.0.1:${await freePort()}/`, password: PASSWORD });
    expect(error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('Nothing listens there') });
  });

  test('a wrong password', async () => {
    const error = await failure({ url: rabbit.url, password: PASSWORD });
    expect(error).toMatchObject({
      code: 'unauthorized',
      message: 'ACCESS_REFUSED: this RabbitMQ does not accept the user guest or the password.',
      answer: expect.stringContaining('ACCESS_REFUSED'),
    });
  });

  test('a virtual host that is not there, and one that this user may not enter', async () => {
    const missing = await failure({ url: `amqp://guest:guest@127.0.0.1:${rabbit.port}/nowhere` });
    expect(missing).toMatchObject({
      code: 'no-such-database',
      message: 'This RabbitMQ has no virtual host nowhere.',
      answer: expect.stringContaining('vhost nowhere not found'),
    });
    const { name } = await rabbit.vhost();
    await rabbit.addUser({ name: 'stranger', password: PASSWORD, vhost: '/' });
    const url = `amqp://stranger@127.0.0.1:${rabbit.port}/${name}`;
    expect(await failure({ url, password: PASSWORD })).toMatchObject({
      code: 'forbidden',
      message: `The user stranger may not enter the virtual host ${name}.`,
    });
  });

  test('a Redis, an HTTP server and something else behind the port', async () => {
    await using redis = await startRedis();
    expect(await failure({ url: `amqp://127.0.0.1:${redis.port}/` })).toMatchObject({
      code: 'not-a-broker',
      message: `127.0.0.1:${redis.port} is a Redis, not a RabbitMQ.`,
    });
    expect(await failure({ url: `amqp://127.0.0.1:${rabbit.managementPort}/` })).toMatchObject({
      code: 'not-a-broker',
      message: expect.stringContaining('with HTTP'),
    });
    await using stranger = await serving(Buffer.from('220 mail.example ESMTP ready\r\n'));
    expect(await failure({ url: `amqp://127.0.0.1:${stranger.port}/` })).toMatchObject({ code: 'not-a-broker' });
  });

  test('one that says nothing at all', async () => {
    await using silent = await serving(null);
    const error = await failure({ url: `amqp://127.0.0.1:${silent.port}/`, connectTimeoutMs: 2500 });
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('Timed out after 2.5 s') });
  });

  test('an abort', async () => {
    await using silent = await serving(null);
    const stop = new AbortController();
    const connecting = connectRabbit({ url: `amqp://127.0.0.1:${silent.port}/` }, stop.signal);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
  });

  test('TLS on one side only, an unknown authority, a missing client certificate', async () => {
    const secure = rabbit.tlsUrl ?? '';
    expect(await failure({ url: secure.replace('amqps:', 'amqp:') })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('speaks TLS'),
    });
    expect(await failure({ url: rabbit.url.replace('amqp:', 'amqps:') })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('does not speak TLS'),
    });
    expect(await failure({ url: secure })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('an authority that this machine does not know'),
    });
    const { ca = '' } = rabbit.certificates ?? {};
    expect(await failure({ url: secure, tls: { ca } })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('client certificate'),
    });
    expect(await failure({ url: secure, tls: { ca, serverName: 'elsewhere.example' } })).toMatchObject({
      code: 'tls',
      message: expect.stringContaining('is for another name'),
    });
  });
});

test('TLS with a client certificate; the first of several hosts that lets us in', async () => {
  const { ca = '', clientCert = '', clientKey = '' } = rabbit.certificates ?? {};
  const tls = { ca, certificate: clientCert, key: clientKey };
  const secure = rabbit.tlsUrl ?? '';
  const broker = await connectRabbit({ url: secure, tls, managementUrl: rabbit.managementUrl }, signal);
  expect(await broker.publish([{ routingKey: 'nowhere', properties: {}, body: Buffer.from('x') }], signal)).toEqual([
    'unroutable',
  ]);
  broker.close();
  const url = `amqp://guest:guest@127.0.0.1:${await freePort()},127.0.0.1:${rabbit.port}/`;
  const second = await connectRabbit({ url, managementUrl: null }, signal);
  expect(second.node).toBe(`127.0.0.1:${rabbit.port}`);
  second.close();
});

/** A server that says one thing and then nothing. */
async function serving(greeting: Buffer | null): Promise<{ readonly port: number } & AsyncDisposable> {
  const port = await freePort();
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== null) socket.write(greeting);
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
