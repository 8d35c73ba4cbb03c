/** Kinds of queues that answer differently, a server that is short of memory, a network that keeps silent. */
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectedRabbit, connectRabbit } from '../../../src/brokers/rabbitmq';
import { freePort, startRabbit, type TestRabbit, waitFor } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();
const message = (text: string, routingKey = 'q') => ({ routingKey, properties: {}, body: Buffer.from(text) });
const texts = async (broker: ConnectedRabbit, count: number) =>
  (await broker.look('q', count, signal)).map(({ body }) => Buffer.from(body).toString());

async function withQueue(settings: Readonly<Record<string, unknown>>) {
  const vhost = await rabbit.vhost();
  await rabbit.api('PUT', `/api/queues/${vhost.name}/q`, { durable: true, arguments: settings });
  const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl }, signal);
  return { vhost, broker, [Symbol.dispose]: () => broker.close() };
}

describe('kinds of queues', () => {
  test.each(['classic', 'quorum'])('%s: looked at in parts, the order stays, and the look is marked', async type => {
    using place = await withQueue({ 'x-queue-type': type });
    const { broker } = place;
    const wanted = ['a', 'b', 'c', 'd', 'e'];
    await broker.publish(
      wanted.map(text => message(text)),
      signal,
    );
    expect(await texts(broker, 3)).toEqual(['a', 'b', 'c']);
    expect(await texts(broker, 10)).toEqual(wanted);
    const [first] = await broker.look('q', 1, signal);
    expect(first?.redelivered).toBe(true);
    if (type === 'quorum') expect(first?.properties.headers).toEqual({ 'x-delivery-count': 2 });
    await waitFor(async () => (await broker.management?.queues({ page: 1, size: 1 }, signal))?.items[0]?.ready === 5, {
      what: 'the statistics to have come',
    });
    const page = await broker.management?.queues({ page: 1, size: 1 }, signal);
    expect(page?.items).toMatchObject([{ name: 'q', type, ready: 5, unacked: 0, consumers: 0 }]);
  });

  test('a quorum queue with a single active consumer lets nobody look; the connection stands', async () => {
    using place = await withQueue({ 'x-queue-type': 'quorum', 'x-single-active-consumer': true });
    const { broker } = place;
    await broker.publish([message('a')], signal);
    await expect(broker.look('q', 1, signal)).rejects.toMatchObject({ code: 'unsupported' });
    expect(await broker.depths(['q'], signal)).toEqual([{ ready: 1, consumers: 0 }]);
  });

  test('an exclusive queue of another connection is said to be so', async () => {
    using place = await withQueue({});
    const { broker, vhost } = place;
    const other = await connectRabbit({ url: vhost.url, managementUrl: null }, signal);
    const ours = await other.subscribe([], signal);
    await expect(broker.depths([ours.queue], signal)).rejects.toMatchObject({
      code: 'forbidden',
      message: `The queue ${ours.queue} belongs to another connection alone (exclusive).`,
    });
    await ours.close();
    other.close();
  });

  test('a stream says what it cannot do; where nobody tells that it is one, the server ends the connection', async () => {
    using place = await withQueue({ 'x-queue-type': 'stream' });
    const { broker, vhost } = place;
    const refused = { code: 'unsupported', message: expect.stringContaining('stream') };
    await expect(broker.look('q', 1, signal)).rejects.toMatchObject(refused);
    expect(broker.lost).toBeNull();
    const blind = await connectRabbit({ url: vhost.url, managementUrl: null }, signal);
    await expect(blind.look('q', 1, signal)).rejects.toMatchObject({ code: 'unsupported' });
    await blind.reconnect(signal);
    expect(await blind.depths(['q'], signal)).toMatchObject([{ consumers: 0 }]);
    blind.close();
  });

  test('consumers, bindings, exchanges and connections are listed', async () => {
    using place = await withQueue({});
    const { broker, vhost } = place;
    const { management } = broker;
    const subscription = await broker.subscribe([{ exchange: 'amq.topic', routingKey: 'a.#' }], signal);
    expect(await management?.bindings(signal)).toContainEqual({
      source: 'amq.topic',
      destination: subscription.queue,
      destinationType: 'queue',
      routingKey: 'a.#',
    });
    expect(await management?.exchanges(signal)).toContainEqual({
      name: 'amq.topic',
      type: 'topic',
      durable: true,
      internal: false,
    });
    const listed = await waitFor(
      async () => {
        const consumers = (await management?.consumers(signal)) ?? [];
        const connections = (await management?.connections(signal)) ?? [];
        return consumers.length > 0 && (connections[0]?.product ?? null) !== null ? { consumers, connections } : null;
      },
      { what: 'the statistics to have come', timeout: 15_000 },
    );
    expect(listed.consumers).toMatchObject([{ queue: subscription.queue, ackRequired: false, peerHost: '127.0.0.1' }]);
    expect(listed.connections).toMatchObject([
      { user: 'guest', product: 'Job Queue Inspector', state: 'running', heartbeatSeconds: 20 },
    ]);
    expect(listed.connections[0]?.name).toBe(listed.consumers[0]?.connection);
    expect(vhost.name).toBe(broker.vhost);
    await subscription.close();
  });
});

test('publishing that is stopped says of every message whether it was published', async () => {
  using place = await withQueue({});
  const { broker } = place;
  const stop = new AbortController();
  const publishing = broker.publish(
    Array.from({ length: 20_000 }, (_value, index) => message(String(index))),
    stop.signal,
  );
  await waitFor(async () => ((await broker.depths(['q'], signal))[0]?.ready ?? 0) > 0, { what: 'the first', every: 1 });
  stop.abort();
  const outcomes = await publishing;
  const done = outcomes.filter(outcome => outcome === 'done').length;
  expect(outcomes).toEqual(outcomes.map((_outcome, index) => (index < done ? 'done' : 'refused')));
  expect(done).toBeLessThan(20_000);
  expect(await broker.depths(['q'], signal)).toEqual([{ ready: done, consumers: 0 }]);
});

test('two publish at the same time', async () => {
  using place = await withQueue({});
  const { broker } = place;
  const many = (routingKey: string) =>
    broker.publish(
      Array.from({ length: 500 }, (_value, index) => message(`${routingKey}${index}`, routingKey)),
      signal,
    );
  const [one, other] = await Promise.all([many('q'), many('nowhere')]);
  expect(new Set(one)).toEqual(new Set(['done']));
  expect(new Set(other)).toEqual(new Set(['unroutable']));
  expect(await broker.depths(['q'], signal)).toEqual([{ ready: 500, consumers: 0 }]);
});

test('a server that is short of memory takes nothing more, says so, and can still be looked at', async () => {
  await using short = await startRabbit({ management: false, config: ['vm_memory_high_watermark.absolute = 10MB'] });
  const broker = await connectRabbit({ url: short.url, managementUrl: null, replyTimeoutMs: 2000 }, signal);
  const subscription = await broker.subscribe([{ exchange: 'amq.topic', routingKey: '#' }], signal);
  const publication = { ...message('x'), exchange: 'amq.topic', routingKey: 'k' };
  const outcomes = await broker.publish([publication, publication, publication], signal);
  expect(outcomes[0]).toMatch(/^(?:done|unknown)$/);
  await expect(broker.publish([publication], signal)).rejects.toMatchObject({
    code: 'out-of-memory',
    answer: expect.stringContaining('memory'),
  });
  // The connection that looks was never blocked.
  expect(await broker.depths([subscription.queue], signal)).toMatchObject([{ consumers: 1 }]);
  await subscription.close();
  broker.close();
});

test('a network that passes nothing on any more is noticed by the heartbeat', async () => {
  const port = await freePort();
  const pairs: [Socket, Socket][] = [];
  const server = createServer(client => {
    const upstream = connectTcp(rabbit.port, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.pipe(upstream).pipe(client);
    pairs.push([client, upstream]);
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const url = `amqp://guest:guest@127.0.0.1:${port}/?heartbeat=1`;
  const broker = await connectRabbit({ url, managementUrl: null, replyTimeoutMs: 30_000 }, signal);
  const lost = new Promise<string>(resolve => broker.onLost(error => resolve(error.answer)));
  for (const [client, upstream] of pairs) {
    client.unpipe(upstream);
    upstream.unpipe(client);
  }
  // A question that is under way ends too.
  await expect(broker.depths(['q'], signal)).rejects.toMatchObject({ code: 'connection-lost' });
  expect(await lost).toContain('Heartbeat timeout');
  broker.close();
  for (const socket of pairs.flat()) socket.destroy();
  server.close();
});
