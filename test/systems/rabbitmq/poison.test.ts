/** Messages that stop other clients: read, shown and put back byte by byte; read back by Celery's own py-amqp. */
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRabbit, republication } from '../../../src/brokers/rabbitmq';
import { pythonOf, runPython, startRabbit, type TestRabbit, waitFor } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  [rabbit] = await Promise.all([startRabbit(), pythonOf('celery-newest')]);
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();

/** py-amqp publishes, or gets one message and prints its headers with their types. */
const SCRIPT = `
import sys, json, amqp
c = amqp.Connection('127.0.0.1:%s' % sys.argv[1], userid='guest', password='guest', virtual_host=sys.argv[2])
c.connect()
ch = c.channel()
if sys.argv[3] == 'publish':
    headers = {'big': 2**40 + 1, 'negative': -2**40, 'limit': [300, None], 'small': -3, 'two': 200, 'float': 1.0,
               'deep': {'eta': 1790000000000, 'list': [2**33, 'x', True]}, 'last': 'ok'}
    ch.basic_publish_confirm(amqp.Message(b'body', application_headers=headers, correlation_id='c'), '', sys.argv[4])
else:
    m = ch.basic_get(sys.argv[4])
    print(json.dumps([m.headers, {k: type(v).__name__ for k, v in m.headers.items()}]))
    ch.basic_ack(m.delivery_tag)
c.close()
`;
const HEADERS = {
  big: 2 ** 40 + 1,
  negative: -(2 ** 40),
  limit: [300, null],
  small: -3,
  two: 200,
  float: 1,
  deep: { eta: 1790000000000, list: [2 ** 33, 'x', true] },
  last: 'ok',
};

const amqp = async (vhost: string, what: 'publish' | 'get', queue: string) =>
  (await runPython('celery-newest', SCRIPT, [String(rabbit.port), vhost, what, queue])).toString();

async function fresh(...queues: readonly string[]) {
  const vhost = await rabbit.vhost();
  for (const queue of queues) await rabbit.api('PUT', `/api/queues/${vhost.name}/${queue}`, { durable: true });
  const broker = await connectRabbit({ url: vhost.url, managementUrl: null }, signal);
  return { vhost, broker, [Symbol.dispose]: () => broker.close() };
}

test('the driver alone cannot read what py-amqp writes; we can, and pass it on as it was', async () => {
  using place = await fresh('in', 'out');
  const { vhost, broker } = place;
  await amqp(vhost.name, 'publish', 'in');
  const bare = await connect(vhost.url);
  const failure = new Promise<Error>(resolve => bare.on('error', resolve));
  const channel = await bare.createChannel();
  channel.on('error', () => undefined);
  channel.get('in').catch(() => undefined);
  expect((await failure).message).toContain('Unexpected type tag "L"');
  await waitFor(async () => (await broker.depths(['in'], signal))[0]?.ready === 1, { what: 'the message to be back' });

  const [message] = await broker.look('in', 1, signal);
  expect(message?.properties.headers).toEqual(HEADERS);
  const report = await broker.take(
    {
      queue: 'in',
      atMost: 1,
      pick: () => 'take',
      act: async taken => {
        const outcomes = await broker.publish(
          taken.map(each => republication(each, 'out')),
          signal,
        );
        return outcomes.map(outcome => outcome === 'done');
      },
    },
    signal,
  );
  expect(report).toEqual({ looked: 1, taken: 1, twice: [] });
  const [headers, types] = JSON.parse(await amqp(vhost.name, 'get', 'out'));
  expect(headers).toEqual(HEADERS);
  expect(types).toMatchObject({ big: 'int', small: 'int', float: 'float', negative: 'int' });
});

test('headers that are changed or written anew are read by py-amqp as they were meant', async () => {
  using place = await fresh('in', 'out');
  const { vhost, broker } = place;
  await amqp(vhost.name, 'publish', 'in');
  const [message] = await broker.look('in', 1, signal);
  const written = { ...message?.properties.headers, retries: 1, timelimit: [-3, 200], half: 0.5, negative: -5 };
  const publication = { routingKey: 'out', properties: { headers: written }, body: Buffer.from('x') };
  expect(await broker.publish([publication], signal)).toEqual(['done']);
  const [headers] = JSON.parse(await amqp(vhost.name, 'get', 'out'));
  expect(headers).toEqual({ ...HEADERS, retries: 1, timelimit: [-3, 200], half: 0.5, negative: -5 });
});
