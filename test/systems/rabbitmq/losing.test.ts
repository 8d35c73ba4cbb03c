/** What happens when the connection goes in the middle, when a permission is missing, when the management API is not there. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRabbit, type RabbitConnectOptions } from '../../../src/brokers/rabbitmq';
import type { PublishOutcome } from '../../../src/brokers/rabbitmq/port';
import type { InspectorError } from '../../../src/model';
import { freePort, startRabbit, type TestRabbit, waitFor } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();
const body = (text: string) => Buffer.from(text);
const message = (text: string, routingKey = 'in') => ({
  routingKey,
  properties: { correlationId: text },
  body: body(text),
});

/** A user of its own for each test, so that its connections alone can be closed. */
async function fresh(options: Partial<RabbitConnectOptions> = {}) {
  const vhost = await rabbit.vhost();
  const user = { name: `u-${vhost.name}`, password: 'pw', vhost: vhost.name, tags: 'monitoring' };
  await rabbit.addUser({ ...user, configure: '.*', write: '.*', read: '.*' });
  for (const queue of ['in', 'out']) await rabbit.api('PUT', `/api/queues/${vhost.name}/${queue}`, { durable: true });
  const url = `amqp://${user.name}@127.0.0.1:${rabbit.port}/${vhost.name}`;
  const { managementUrl } = rabbit;
  const broker = await connectRabbit({ url, password: 'pw', managementUrl, ...options }, signal);
  /** The server lists a connection some moments after it is there. */
  const close = () => rabbit.closeConnections(({ user: owner }) => owner === user.name);
  const cut = (timeout = 10_000) => waitFor(close, { what: 'a connection to close', timeout });
  return { vhost, user, broker, cut, [Symbol.dispose]: () => broker.close() };
}

describe('the connection is lost', () => {
  test('it is said once, nothing hangs, and it comes back in place', async () => {
    using place = await fresh();
    const { broker, cut } = place;
    await broker.publish([message('before')], signal);
    const losses: InspectorError[] = [];
    broker.onLost(error => losses.push(error));
    await cut();
    await waitFor(() => broker.lost !== null, { what: 'the loss to be seen' });
    expect(losses).toHaveLength(1);
    expect(losses[0]).toMatchObject({ code: 'connection-lost', answer: expect.stringContaining('CONNECTION_FORCED') });
    await expect(broker.depths(['in'], signal)).rejects.toMatchObject({ code: 'connection-lost' });
    await broker.reconnect(signal);
    expect(broker.lost).toBeNull();
    expect(await broker.depths(['in'], signal)).toEqual([{ ready: 1, consumers: 0 }]);
  });

  test('while publishing: what was confirmed is there, what is unknown may be, what was refused is not', async () => {
    using place = await fresh();
    const { broker, vhost, cut } = place;
    const messages = Array.from({ length: 20_000 }, (_value, index) => message(`m${index}`));
    const outcomes: PublishOutcome[] = [];
    const count = (wanted: string) => outcomes.filter(outcome => outcome === wanted).length;
    const cutting = new AbortController();
    const knife = (async () => {
      while (!cutting.signal.aborted) await cut(200).catch(() => undefined);
    })();
    // The management API lists a connection some seconds after it was opened: only then can it be cut.
    while (count('refused') === 0) {
      if (broker.lost !== null) await broker.reconnect(signal);
      const batch = await broker.publish(messages, signal);
      expect(batch).toHaveLength(messages.length);
      outcomes.push(...batch);
    }
    cutting.abort();
    await knife;
    expect(count('done')).toBeGreaterThan(0);
    expect(count('unknown')).toBeLessThanOrEqual(300);
    expect(count('unroutable')).toBe(0);
    const other = await connectRabbit({ url: vhost.url, managementUrl: null }, signal);
    const [depth] = await other.depths(['in'], signal);
    expect(depth?.ready).toBeGreaterThanOrEqual(count('done'));
    expect(depth?.ready).toBeLessThanOrEqual(count('done') + count('unknown'));
    other.close();
  });

  test('while taking: nothing is lost, and what exists twice is named', async () => {
    using place = await fresh();
    const { broker, vhost, cut } = place;
    await broker.publish(
      ['a', 'b', 'c'].map(text => message(text)),
      signal,
    );
    const report = await broker.take(
      {
        queue: 'in',
        atMost: 3,
        pick: (_message, position) => (position < 2 ? 'take' : 'leave'),
        act: async taken => {
          const outcomes = await broker.publish(
            taken.map(each => message(Buffer.from(each.body).toString(), 'out')),
            signal,
          );
          await cut();
          await waitFor(() => broker.lost !== null, { what: 'the loss to be seen' });
          return outcomes.map(outcome => outcome === 'done');
        },
      },
      signal,
    );
    expect(report).toEqual({ looked: 3, taken: 0, twice: [0, 1] });
    const other = await connectRabbit({ url: vhost.url, managementUrl: null }, signal);
    const depths = () => other.depths(['in', 'out'], signal);
    await waitFor(async () => (await depths())[0]?.ready === 3, { what: 'the messages to be back' });
    expect((await depths())[1]?.ready).toBe(2);
    other.close();
  });

  test('while listening: the listener is told', async () => {
    using place = await fresh();
    const { broker, cut } = place;
    const subscription = await broker.subscribe([{ exchange: 'amq.topic', routingKey: '#' }], signal);
    const hearing = (async () => {
      for await (const _ of subscription) throw new Error('Nobody has said anything.');
    })();
    await Promise.all([expect(hearing).rejects.toMatchObject({ code: 'connection-lost' }), cut()]);
  });
});

describe('a permission is missing', () => {
  test('for writing, reading, and configuring: said so, nothing changed, the connection stands', async () => {
    using place = await fresh();
    const { broker, user } = place;
    await broker.publish([message('kept')], signal);
    await rabbit.addUser({ ...user, configure: '', write: '', read: '' });
    // A server keeps what a channel was allowed; the one for publishing is kept open.
    await broker.reconnect(signal);
    const refused = {
      code: 'forbidden',
      message: expect.stringMatching(/^The user u-\w+ (lacks a|has no \w+) permission for in\. /),
    };
    await expect(broker.look('in', 1, signal)).rejects.toMatchObject(refused);
    await expect(broker.purge('in', signal)).rejects.toMatchObject(refused);
    const gently = { ifUnused: true, ifEmpty: true };
    await expect(broker.deleteQueue('in', gently, signal)).rejects.toMatchObject(refused);
    await expect(broker.publish([message('new')], signal)).rejects.toMatchObject({ code: 'forbidden' });
    expect(broker.lost).toBeNull();
    await rabbit.addUser({ ...user, configure: '.*', write: '.*', read: '.*' });
    await broker.reconnect(signal);
    expect(await broker.look('in', 2, signal)).toHaveLength(1);
  });

  test('an exchange that is not there, a queue that is not there', async () => {
    using place = await fresh();
    const { broker } = place;
    await expect(broker.publish([{ ...message('x'), exchange: 'none' }], signal)).rejects.toMatchObject({
      code: 'gone',
    });
    await expect(broker.look('none', 1, signal)).rejects.toMatchObject({ code: 'gone' });
    await expect(broker.purge('none', signal)).rejects.toMatchObject({ code: 'gone' });
    await expect(broker.subscribe([{ exchange: 'none', routingKey: '#' }], signal)).rejects.toMatchObject({
      code: 'gone',
    });
  });

  test('a queue in use or with messages is not deleted where that was demanded', async () => {
    using place = await fresh();
    const { broker } = place;
    await broker.publish([message('kept')], signal);
    const gently = { ifUnused: true, ifEmpty: true };
    await expect(broker.deleteQueue('in', gently, signal)).rejects.toMatchObject({ code: 'changed' });
    expect(await broker.deleteQueue('in', { ...gently, ifEmpty: false }, signal)).toBe(1);
    expect(await broker.depths(['in'], signal)).toEqual([null]);
  });

  test('a full queue that rejects refuses the message', async () => {
    using place = await fresh();
    const { broker, vhost } = place;
    const settings = { durable: true, arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } };
    await rabbit.api('PUT', `/api/queues/${vhost.name}/small`, settings);
    expect(await broker.publish([message('1', 'small'), message('2', 'small')], signal)).toEqual(['done', 'refused']);
  });
});

describe('the management API', () => {
  const problemOf = async (options: Partial<RabbitConnectOptions>, tags = 'management') => {
    using place = await fresh({ managementUrl: null });
    const { user, vhost } = place;
    await rabbit.addUser({ ...user, tags, configure: '.*', write: '.*', read: '.*' });
    const url = `amqp://${user.name}@127.0.0.1:${rabbit.port}/${vhost.name}`;
    const broker = await connectRabbit(
      { url, password: 'pw', managementUrl: rabbit.managementUrl, ...options },
      signal,
    );
    // Everything else works.
    expect(await broker.depths(['in'], signal)).toEqual([{ ready: 0, consumers: 0 }]);
    broker.close();
    return [broker.management === null, broker.managementProblem] as const;
  };

  test('has the tag management alone: no process id, everything else', async () => {
    expect(await problemOf({})).toEqual([false, null]);
  });

  test('does not let a user in who has no tag, or gives another password', async () => {
    const text = `The management API at :${rabbit.managementPort} does not let this user in, so workers and rates are not shown.`;
    expect(await problemOf({}, '')).toEqual([true, expect.stringContaining(text)]);
    const other = rabbit.managementUrl.replace('//', '//guest:wrong@');
    expect(await problemOf({ managementUrl: other })).toEqual([true, expect.stringContaining(text)]);
    const fits = rabbit.managementUrl.replace('//', '//guest:guest@');
    expect(await problemOf({ managementUrl: fits }, '')).toEqual([false, null]);
  });

  test('is not there, or never answers', async () => {
    const port = await freePort();
    const text = `The management API does not answer at :${port}, so workers and rates are not shown.`;
    const options = { managementUrl: `http://127.0.0.1:${port}`, managementTimeoutMs: 300 };
    expect(await problemOf(options)).toEqual([true, expect.stringContaining(text)]);
    const server = createServer(socket => socket.on('error', () => undefined));
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
    expect(await problemOf(options)).toEqual([true, expect.stringContaining(text)]);
    server.close();
  });

  test('is something else', async () => {
    const port = await freePort();
    const server = createServer(socket => {
      socket.on('error', () => undefined).end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
    });
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
    const [none, problem] = await problemOf({ managementUrl: `http://127.0.0.1:${port}` });
    expect([none, problem]).toEqual([true, expect.stringContaining(`The management API at :${port} cannot be used`)]);
    server.close();
  });
});
