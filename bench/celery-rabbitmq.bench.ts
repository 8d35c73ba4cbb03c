/** Celery on RabbitMQ: the first page of 5,000 queues, against the management API's own answer. */
import { connect } from 'amqplib';
import { type ConnectedRabbit, connectRabbit } from '../src/brokers/rabbitmq';
import { parseOptions } from '../src/systems/celery/options';
import { createRabbitTransport, detectRabbit } from '../src/systems/celery/rabbitmq';
import type { Mailbox } from '../src/systems/celery/types';
import { startRabbit, type TestRabbit, type TestVhost, waitFor } from '../test/support';
import type { BenchResult } from './result';
import { timesOf } from './support/figures';
import { compare, repeat } from './support/measure';

const QUEUES = 5000;
const LOOP_LIMIT = 50;
const never = new AbortController().signal;

export async function run(): Promise<BenchResult[]> {
  const rabbit = await startRabbit();
  try {
    const vhost = await rabbit.vhost();
    await fill(vhost);
    await counted(rabbit, vhost);
    const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl }, never);
    try {
      return await measure(rabbit, vhost, broker);
    } finally {
      broker.close();
    }
  } finally {
    await rabbit.kill();
  }
}

/** Queues as an app with one queue for each of its tenants declares them; every seventh holds a task. */
async function fill({ url }: TestVhost): Promise<void> {
  const client = await connect(url);
  const channel = await client.createConfirmChannel();
  await channel.assertExchange('celeryev', 'topic', { durable: true });
  await channel.assertExchange('tenants', 'direct', { durable: true });
  await channel.assertQueue('celery');
  await channel.bindQueue('celery', 'tenants', 'celery');
  for (let n = 0; n < QUEUES; n++) {
    const name = `tenant-${String(n).padStart(5, '0')}`;
    await channel.assertQueue(name, { durable: false });
    await channel.bindQueue(name, 'tenants', name);
    if (n % 7 === 0) channel.publish('', name, Buffer.from('[[1, 2], {}, {}]'), { contentType: 'application/json' });
  }
  await channel.waitForConfirms();
  await client.close();
}

/** Until the statistics tell of every queue. */
async function counted(rabbit: TestRabbit, { name }: TestVhost): Promise<void> {
  await waitFor(
    async () => {
      const queues = (await rabbit.api('GET', `/api/queues/${name}?columns=messages_ready`)) as object[];
      return queues.length > QUEUES && queues.every(queue => 'messages_ready' in queue);
    },
    { what: 'the statistics of every queue', timeout: 60_000, every: 500 },
  );
}

async function measure(rabbit: TestRabbit, { name }: TestVhost, broker: ConnectedRabbit): Promise<BenchResult[]> {
  const options = parseOptions({});
  const evidence = await detectRabbit(broker, options, never);
  const transport = createRabbitTransport({ broker, key: '', options, companions: null }, {} as Mailbox, evidence);
  const ours = async () => {
    const { queues } = await transport.overview(never);
    if (queues.length !== QUEUES + 1) throw new Error(`Only ${queues.length} queues were read.`);
  };
  const same = await compare(ours, () => bare(rabbit, `queues/${name}?${COLUMNS}`, QUEUES), 9);
  const first = await repeat(async () => {
    const fresh = await connectRabbit(
      { url: broker.url, password: 'guest', managementUrl: rabbit.managementUrl },
      never,
    );
    try {
      await detectRabbit(fresh, options, never);
    } finally {
      fresh.close();
    }
  }, 3);
  const title = `Celery on RabbitMQ: first page of ${QUEUES.toLocaleString('en')} queues`;
  return [
    {
      name: `${title}, against the management API's own answer`,
      ratio: same.ratio,
      bound: 1.5,
      better: 'lower',
      detail: `${timesOf(same)}; connecting and finding Celery ${first.median.toFixed(0)} ms`,
    },
    {
      name: `${title}, longest time without a turn of the event loop`,
      ratio: same.ours.usualLoop,
      bound: LOOP_LIMIT,
      better: 'lower',
      detail: `median of the runs in ms; longest ${same.ours.loop.toFixed(1)} ms, of which garbage collection ${same.ours.gc.toFixed(1)} ms`,
    },
  ];
}

/** What the overview shows of a queue, asked for in one request, parsed and thrown away. */
const COLUMNS = `columns=${[
  ...['name', 'type', 'durable', 'auto_delete', 'exclusive', 'arguments', 'state', 'policy', 'consumers'],
  ...['effective_policy_definition', 'messages_ready', 'messages_unacknowledged', 'head_message_timestamp'],
  ...['message_stats.publish_details.rate', 'message_stats.ack_details.rate', 'message_stats.deliver_get_details.rate'],
].join(',')}`;

async function bare(rabbit: TestRabbit, path: string, atLeast: number): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`${rabbit.user}:${rabbit.password}`).toString('base64')}`;
  const answer = await fetch(`${rabbit.managementUrl}/api/${path}`, { headers: { authorization } });
  const parsed = (await answer.json()) as unknown;
  if (Array.isArray(parsed) && parsed.length < atLeast) throw new Error(`Only ${parsed.length} queues came.`);
  return parsed;
}
