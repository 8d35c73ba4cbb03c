import type {
  ManagedBinding,
  ManagedExchange,
  ManagedQueue,
  Management,
  QueueDepth,
  RabbitBroker,
  RabbitMessage,
} from '../../../../src/brokers/rabbitmq/port';
import { InspectorError } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import type { CeleryOptions } from '../../../../src/systems/celery/parts';
import type { Mailbox } from '../../../../src/systems/celery/types';

/** A queue as the management API tells of it; classic and empty unless told. */
export function queue(name: string, parts: Partial<ManagedQueue> = {}): ManagedQueue {
  return {
    name,
    type: 'classic',
    durable: true,
    autoDelete: false,
    exclusive: false,
    arguments: {},
    ready: 0,
    unacked: 0,
    consumers: 0,
    state: 'running',
    policy: null,
    effectivePolicy: {},
    headTimestamp: null,
    rates: { publish: null, deliver: null, ack: null },
    ...parts,
  };
}

export const exchange = (name: string, type = 'direct'): ManagedExchange => ({
  name,
  type,
  durable: true,
  internal: false,
});

export const binding = (source: string, destination: string, routingKey = destination): ManagedBinding => ({
  source,
  destination,
  destinationType: 'queue',
  routingKey,
});

export interface FakeParts {
  queues?: ManagedQueue[];
  exchanges?: ManagedExchange[];
  bindings?: ManagedBinding[];
  /** By queue: the products of its consumers' connections. */
  products?: Record<string, string>;
  messages?: Record<string, RabbitMessage[]>;
  version?: string;
  /** null = without the plug-in. */
  management?: null | Partial<Management>;
  lookFails?: InspectorError;
}

/** A virtual host in memory. What was called is noted; what no look needs throws. */
export function fakeBroker(parts: FakeParts): RabbitBroker & { readonly calls: string[]; parts: FakeParts } {
  const calls: string[] = [];
  const consumers = () =>
    Object.entries(parts.products ?? {}).map(([name, product]) => ({
      queue: name,
      tag: 'None1',
      prefetch: 0,
      ackRequired: true,
      active: true,
      connection: product,
      peerHost: null,
    }));
  const management: Management = {
    url: 'http://localhost:15672',
    queues: async () => ({ items: [], pages: 1, total: 0 }),
    async *allQueues() {
      calls.push('queues');
      yield parts.queues ?? [];
    },
    exchanges: async () => {
      calls.push('exchanges');
      return parts.exchanges ?? [];
    },
    bindings: async () => {
      calls.push('bindings');
      return parts.bindings ?? [];
    },
    consumers: async () => consumers(),
    connections: async () =>
      [...new Set(Object.values(parts.products ?? {}))].map(product => ({
        name: product,
        user: 'guest',
        state: null,
        product,
        productVersion: null,
        peerHost: null,
        peerPort: null,
        connectedAt: null,
        heartbeatSeconds: null,
      })),
    ...parts.management,
  };
  const changes = async () => {
    throw new Error('A test that only looks changed the broker.');
  };
  const version = parts.version ?? '3.10.8';
  return {
    kind: 'rabbitmq',
    address: 'localhost:5672/shop',
    vhost: 'shop',
    calls,
    parts,
    server: {
      product: 'RabbitMQ',
      version,
      node: null,
      atLeast: wanted => version.localeCompare(wanted, 'en', { numeric: true }) >= 0,
    },
    get meter() {
      return { roundTrips: calls.length, requests: 0 };
    },
    management: parts.management === null ? null : management,
    managementProblem: parts.management === null ? 'The management API does not answer on localhost:15672.' : null,
    depths: async names => {
      calls.push(`depths ${names.join()}`);
      return names.map((name): QueueDepth | null => {
        const found = parts.queues?.find(each => each.name === name);
        if (found === undefined) return null;
        return { ready: parts.messages?.[name]?.length ?? found.ready ?? 0, consumers: found.consumers ?? 0 };
      });
    },
    look: async (name, count) => {
      calls.push(`look ${name} ${count}`);
      if (parts.lookFails !== undefined) throw parts.lookFails;
      return (parts.messages?.[name] ?? []).slice(0, count);
    },
    publish: async publications => {
      for (const { routingKey, ...rest } of publications) {
        calls.push(`publish ${routingKey}`);
        parts.messages?.[routingKey]?.push({ exchange: '', routingKey, redelivered: false, ...rest });
      }
      return publications.map(() => 'done');
    },
    // As a quorum queue does it: whatever is given back counts one delivery more.
    take: async ({ queue: name, atMost, pick, act }, signal) => {
      calls.push(`take ${name} ${atMost}`);
      if (parts.lookFails !== undefined) throw parts.lookFails;
      const all = parts.messages?.[name] ?? [];
      const picked: number[] = [];
      let got = 0;
      for (const message of all.slice(0, atMost)) {
        const choice = pick(message, got);
        if (choice === 'take') picked.push(got);
        got++;
        if (choice === 'stop') break;
      }
      const acted =
        picked.length === 0
          ? []
          : await act(
              picked.map(at => all[at]!),
              signal,
            );
      const taken = picked.filter((_at, index) => acted[index] === true);
      const back = all.slice(0, got).flatMap((message, at) => (taken.includes(at) ? [] : [delivered(message)]));
      if (parts.messages !== undefined) parts.messages[name] = [...back, ...all.slice(got)];
      return { looked: got, taken: taken.length, twice: [] };
    },
    purge: changes,
    deleteQueue: changes,
    subscribe: changes,
    undo: changes,
  };
}

function delivered(message: RabbitMessage): RabbitMessage {
  const { headers } = message.properties;
  const count = headers?.['x-delivery-count'];
  const next = (typeof count === 'number' ? count : 0) + 1;
  return { ...message, properties: { ...message.properties, headers: { ...headers, 'x-delivery-count': next } } };
}

export function failure(code: 'forbidden' | 'timeout' | 'gone' | 'broker-error', message: string): InspectorError {
  return new InspectorError(code, { message, tried: 'trying', answer: message, remedy: 'Do something about it.' });
}

/** A message as Celery's protocol 2 writes it. */
export function task(id: string, parts: { name?: string; args?: unknown; headers?: object } = {}): RabbitMessage {
  const headers = {
    lang: 'py',
    task: parts.name ?? 'shop.add',
    id,
    retries: 0,
    eta: null,
    expires: null,
    ...parts.headers,
  };
  return {
    exchange: '',
    routingKey: 'celery',
    redelivered: false,
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: id,
      deliveryMode: 2,
      priority: 0,
      headers,
    },
    body: Buffer.from(JSON.stringify([parts.args ?? [1, 2], {}, { callbacks: null, errbacks: null }])),
  };
}

export const options = (given: Partial<CeleryOptions> = {}): CeleryOptions => ({
  ...parseOptions({}),
  ...given,
});

/** Nothing here asks workers. */
export const silent = {
  ask: () => {
    throw new Error('A test of reading asked the workers.');
  },
  tell: async () => {
    throw new Error('A test of reading told the workers something.');
  },
  events: () => {
    throw new Error('A test of reading listened.');
  },
} as unknown as Mailbox;

/** What a worker and a producer of Celery 5.7 leave on a virtual host (seen on RabbitMQ 3.10.8). */
export const celeryVhost = (): FakeParts => ({
  queues: [
    queue('celery', { ready: 3, unacked: 1, consumers: 1 }),
    queue('nobody', { ready: 1 }),
    queue('prio', { arguments: { 'x-max-priority': 10 }, consumers: 1 }),
    queue('mail@h.celery.pidbox', {
      durable: false,
      autoDelete: true,
      arguments: { 'x-expires': 10000 },
      consumers: 1,
    }),
    queue('celeryev.a8c9cdde-a25f-4716-a6c0-7939c0a269be', { durable: false, autoDelete: true, consumers: 1 }),
    queue('67288b5a-d38d-3941-b285-029c33d331a6', { autoDelete: true, arguments: { 'x-expires': 86400000 }, ready: 2 }),
    queue('celery_delayed_9', { type: 'quorum', arguments: { 'x-message-ttl': 512000 }, ready: 2 }),
    queue('celery_delayed_0', { type: 'quorum', arguments: { 'x-message-ttl': 1000 } }),
  ],
  exchanges: [
    exchange('', 'direct'),
    exchange('amq.topic', 'topic'),
    exchange('celery'),
    exchange('nobody'),
    exchange('shopex', 'topic'),
    exchange('celery.pidbox', 'fanout'),
    exchange('reply.celery.pidbox'),
    exchange('celeryev', 'topic'),
    exchange('celery_delayed_delivery', 'topic'),
  ],
  bindings: [
    binding('', 'celery'),
    binding('celery', 'celery'),
    binding('nobody', 'nobody'),
    binding('shopex', 'prio', 'prio.#'),
    binding('celery.pidbox', 'mail@h.celery.pidbox', ''),
    binding('celeryev', 'celeryev.a8c9cdde-a25f-4716-a6c0-7939c0a269be', 'worker.#'),
  ],
  products: { celery: 'py-amqp', prio: 'py-amqp' },
});
