import { createHash } from 'node:crypto';
import { connect, type GetMessage } from 'amqplib';
import { afterAll, beforeAll } from 'vitest';
import { isRabbit } from '../../../src/brokers/rabbitmq';
import { celery } from '../../../src/systems/celery';
import {
  type CeleryGeneration,
  celeryGenerationsUnderTest,
  type Dump,
  dumpRedis,
  startRabbit,
  startRedis,
  type TestRabbit,
  type TestRedis,
  type TestVhost,
  waitFor,
} from '../../support';
import { fillWithCelery } from './celery-jobs';
import { celeryWorld, parametersTo } from './celery-world';
import type { Fixture, World } from './fixture';
import { conformance } from './suite';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit?.kill());

interface Definitions {
  readonly queues: readonly { readonly name: string }[];
  readonly exchanges: readonly unknown[];
  readonly bindings: readonly unknown[];
}

/** Whether the statistics, which lag by a second or two, tell of every queue what it holds, and that nobody holds more. */
async function countedIn({ name, url }: TestVhost): Promise<boolean> {
  const queues = (await rabbit.api('GET', `/api/queues/${name}`)) as readonly Counted[];
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    for (const queue of queues) {
      const { messageCount } = await channel.checkQueue(queue.name);
      if (queue.messages_ready !== messageCount || queue.messages_unacknowledged !== 0) return false;
    }
    return true;
  } finally {
    await connection.close();
  }
}

interface Counted {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
}

/**
 * Everything in a virtual host: what is declared, and every message in its order. Looking at messages marks them as
 * redelivered, so that mark is left out.
 */
async function dumpVhost({ name, url }: TestVhost): Promise<Dump> {
  const { queues, exchanges, bindings } = (await rabbit.api('GET', `/api/definitions/${name}`)) as Definitions;
  const declared = [...queues, ...exchanges, ...bindings].map(thing => JSON.stringify(thing)).sort();
  const dump = new Map([['declared', { type: 'definitions', value: declared, expires: null }]]);
  const connection = await connect(url);
  try {
    for (const queue of queues) {
      const channel = await connection.createChannel();
      const messages: GetMessage[] = [];
      for (;;) {
        const message = await channel.get(queue.name);
        if (message === false) break;
        messages.push(message);
      }
      dump.set(queue.name, { type: 'queue', value: messages.map(fingerprintOf), expires: null });
      // Whatever is not acknowledged goes back to its place.
      await channel.close();
    }
  } finally {
    await connection.close();
  }
  return dump;
}

function fingerprintOf({ properties, content }: GetMessage): string {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return JSON.stringify([properties.correlationId, hash, properties]);
}

async function worldOf(fill: (vhost: TestVhost, redis: TestRedis) => Promise<void>): Promise<World> {
  const redis = await startRedis();
  const vhost = await rabbit.vhost();
  await fill(vhost, redis);
  await waitFor(() => countedIn(vhost), { what: 'statistics that tell what is there' });
  return celeryWorld({
    url: vhost.url,
    results: redis.url,
    named: true,
    options: { management: rabbit.managementUrl },
    async dump() {
      const own = (key: string) => /^(?:celery:inspector:|job-queue-inspector:)/.test(key);
      const results = await dumpRedis(redis, { without: own });
      return new Map([
        ...(await dumpVhost(vhost)),
        ...[...results].map(([key, value]) => [`redis ${key}`, value] as const),
      ]);
    },
    roundTrips: ({ link }) => (isRabbit(link.broker) ? link.broker.meter.roundTrips + link.broker.meter.requests : 0),
    stop: () => redis.stop(),
  });
}

const fixtureOf = ({ id, version }: CeleryGeneration): Fixture => ({
  title: `Celery ${version} on RabbitMQ`,
  system: celery,
  parameters: parametersTo('later'),
  start: () =>
    worldOf((vhost, redis) =>
      fillWithCelery({ generation: id, broker: vhost.url, backend: redis.url, conf: { result_extended: true } }, null),
    ),
  startEmpty: () => worldOf(async () => undefined),
});

for (const generation of celeryGenerationsUnderTest) conformance(fixtureOf(generation));
