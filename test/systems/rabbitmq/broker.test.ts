import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectedRabbit, connectRabbit, openSaved, saveMessage } from '../../../src/brokers/rabbitmq';
import { startRabbit, type TestRabbit, waitFor } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();
const body = (text: string) => Buffer.from(text);

/** A connection of its own to a fresh virtual host, with some queues declared in it. */
async function fresh(queues: readonly string[] = [], durable = true) {
  const vhost = await rabbit.vhost();
  const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl }, signal);
  for (const queue of queues)
    await rabbit.api('PUT', `/api/queues/${vhost.name}/${encodeURIComponent(queue)}`, { durable });
  return { vhost, broker, [Symbol.dispose]: () => broker.close() };
}

const texts = async (broker: ConnectedRabbit, queue: string) =>
  (await broker.look(queue, 1000, signal)).map(message => Buffer.from(message.body).toString());

describe('connecting', () => {
  test('tells server, node and virtual host', async () => {
    // A node that has just started tells its process with its first statistics.
    const node = `/api/nodes/${rabbit.node}`;
    await waitFor(async () => 'os_pid' in ((await rabbit.api('GET', node)) as object), { what: 'first statistics' });
    using place = await fresh();
    const { broker, vhost } = place;
    expect(broker.vhost).toBe(vhost.name);
    expect(broker.address).toBe(`127.0.0.1:${rabbit.port}/${vhost.name}`);
    expect(broker.server).toMatchObject({ product: 'RabbitMQ', node: rabbit.node });
    expect(broker.server.atLeast('3.8')).toBe(true);
    expect(broker.process).toEqual({ pid: rabbit.pid, port: rabbit.port });
    expect(broker.management?.url).toBe(rabbit.managementUrl);
    expect(broker.managementProblem).toBeNull();
  });
});

describe('messages', () => {
  test('are published with confirmation; one without a queue is unroutable', async () => {
    using place = await fresh(['in']);
    const { broker } = place;
    const publications = ['in', 'nowhere', 'in'].map((routingKey, n) => ({
      routingKey,
      properties: { correlationId: `c${n}` },
      body: body(`m${n}`),
    }));
    expect(await broker.publish(publications, signal)).toEqual(['done', 'unroutable', 'done']);
    expect(await broker.depths(['in', 'nowhere', 'in'], signal)).toEqual([
      { ready: 2, consumers: 0 },
      null,
      { ready: 2, consumers: 0 },
    ]);
    expect(await texts(broker, 'in')).toEqual(['m0', 'm2']);
    expect(await broker.purge('in', signal)).toBe(2);
  });

  test('keep the very bytes of their headers', async () => {
    using place = await fresh(['in']);
    const { broker, vhost } = place;
    const other = await connect(vhost.url);
    const channel = await other.createConfirmChannel();
    const headers = {
      byte: 3,
      short: 300,
      int: { '!': 'int', value: -3 },
      long: { '!': 'long', value: 2 ** 40 },
      whole: { '!': 'double', value: 1 },
      nothing: null,
      yes: true,
      list: [1, 'two', null, { deep: [{ '!': 'timestamp', value: 5 }] }],
      decimal: { '!': 'decimal', value: { places: 2, digits: 314 } },
    };
    channel.sendToQueue('in', body('x'), { headers, contentType: 'application/json', priority: 3 });
    await channel.waitForConfirms();
    await other.close();
    const [message] = await broker.look('in', 1, signal);
    expect(message?.properties).toEqual({
      contentType: 'application/json',
      priority: 3,
      deliveryMode: undefined,
      headers: { ...headers, int: -3, long: 2 ** 40, whole: 1 },
    });
    if (message === undefined) return;
    const saved = saveMessage(message);
    const again = openSaved(JSON.parse(JSON.stringify(saved)));
    expect(await broker.publish([{ ...again, routingKey: 'in' }], signal)).toEqual(['done']);
    const both = await broker.look('in', 2, signal);
    expect(both.map(saveMessage)).toEqual([saved, saved]);
  });
});

describe('taking', () => {
  test('acknowledges what was acted on and leaves the rest in its order', async () => {
    using place = await fresh(['from', 'to']);
    const { broker } = place;
    const publications = ['a', 'b', 'c', 'd'].map(text => ({ routingKey: 'from', properties: {}, body: body(text) }));
    await broker.publish(publications, signal);
    const report = await broker.take(
      {
        queue: 'from',
        atMost: 3,
        pick: (_message, position) => (position === 1 ? 'take' : 'leave'),
        act: async taken => {
          const outcomes = await broker.publish(
            taken.map(message => ({ ...message, exchange: '', routingKey: 'to' })),
            signal,
          );
          return outcomes.map(outcome => outcome === 'done');
        },
      },
      signal,
    );
    expect(report).toEqual({ looked: 3, taken: 1, twice: [] });
    expect(await texts(broker, 'from')).toEqual(['a', 'c', 'd']);
    expect(await texts(broker, 'to')).toEqual(['b']);
  });
});

describe('a queue of our own', () => {
  test('hears what comes and leaves nothing behind', async () => {
    using place = await fresh();
    const { broker, vhost } = place;
    const stop = new AbortController();
    const binding = { exchange: 'ours', routingKey: '#', declare: 'topic' } as const;
    const heard: string[] = [];
    const subscription = await broker.subscribe([binding], stop.signal);
    const publication = (text: string) => ({ exchange: 'ours', routingKey: 'k', properties: {}, body: body(text) });
    await broker.publish([publication('1'), publication('2')], signal);
    for await (const message of subscription) {
      heard.push(Buffer.from(message.body).toString());
      if (heard.length === 2) stop.abort();
    }
    expect(heard).toEqual(['1', '2']);
    expect(await broker.depths([subscription.queue], signal)).toEqual([null]);
    // The API's list is a few milliseconds older than the queue's end.
    const left = async () => (await rabbit.api('GET', `/api/queues/${vhost.name}`)) as readonly unknown[];
    await waitFor(async () => (await left()).length === 0, { what: 'our queue to be gone' });
  });
});

describe('the management API', () => {
  test('lists queues page by page', async () => {
    using place = await fresh(['b', 'a', 'c']);
    const { broker } = place;
    const page = await broker.management?.queues({ page: 1, size: 2 }, signal);
    expect(page).toMatchObject({
      pages: 2,
      total: 3,
      items: [{ name: 'a', durable: true, type: 'classic' }, { name: 'b' }],
    });
    const named = await broker.management?.queues({ page: 1, size: 2, name: 'c' }, signal);
    expect(named).toMatchObject({ pages: 1, total: 1, items: [{ name: 'c' }] });
  });
});
