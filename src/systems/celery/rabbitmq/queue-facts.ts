import type { ManagedQueue, RabbitBroker } from '../../../brokers/rabbitmq/port';
import type { Fact } from '../../../model';
import { deadLettersTo } from './classify';

/** What matters of a queue beside its counts. */
export interface QueueFact {
  readonly name: string;
  /** null = not known without the management plug-in. */
  readonly type: string | null;
  /**
   * Deliveries after which a quorum queue drops or dead-letters a message; null = no limit; `unknown` where the type is
   * not known on a server whose quorum queues have a limit by themselves.
   */
  readonly deliveryLimit: number | null | 'unknown';
  readonly singleActiveConsumer: boolean;
  readonly exclusive: boolean;
  /** Ready messages as of the last overview. */
  readonly ready: number | null;
}

/** Default delivery limit of quorum queues from RabbitMQ 4.0 on (release notes of 4.0). */
export const DEFAULT_LIMIT = 20;

/** What acting has to know of a queue, from the management API. */
export function factOf(queue: ManagedQueue, broker: RabbitBroker): QueueFact {
  return {
    name: queue.name,
    type: queue.type,
    deliveryLimit: queue.type === 'quorum' ? deliveryLimit(queue, broker) : null,
    singleActiveConsumer: queue.arguments['x-single-active-consumer'] === true,
    exclusive: queue.exclusive,
    ready: queue.ready,
  };
}

/** What is known of a queue that only AMQP tells of. */
export function factWithoutManagement(name: string, broker: RabbitBroker, ready: number | null): QueueFact {
  const deliveryLimit = broker.server.atLeast('4.0.0') ? 'unknown' : null;
  return { name, type: null, deliveryLimit, singleActiveConsumer: false, exclusive: false, ready };
}

/** The lower of argument and policy; below 0 means no limit (4.0). */
function deliveryLimit(queue: ManagedQueue, broker: RabbitBroker): number | null {
  const given = [queue.arguments['x-delivery-limit'], queue.effectivePolicy['delivery-limit']].filter(isNumber);
  if (given.length === 0) return broker.server.atLeast('4.0.0') ? DEFAULT_LIMIT : null;
  const limit = Math.min(...given);
  return limit < 0 ? null : limit;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const text = (name: string, value: string | null, note?: string): Fact => ({
  name,
  value,
  format: 'text',
  ...(note === undefined ? {} : { note }),
});

/** Facts that thousands of queues share are made once. */
const TYPES: Readonly<Record<string, Fact>> = {
  classic: text('Type', 'classic'),
  quorum: text('Type', 'quorum'),
  stream: text('Type', 'stream'),
};
const DROPPED = text('Dead letters', 'dropped');
const LAG = text('Counts', 'from the statistics of RabbitMQ', 'They lag by some seconds (5 unless configured).');

/** Facts of a queue for its tooltip. @param deadLettersOf queues whose dead letters come here */
export function detailsOf(
  queue: ManagedQueue,
  fact: QueueFact,
  why: string,
  deadLettersOf: readonly string[] | undefined,
): Fact[] {
  const { arguments: args, effectivePolicy: policy, rates } = queue;
  const facts = [TYPES[queue.type] ?? text('Type', queue.type), text('Belongs to Celery', why)];
  if (queue.consumers !== null) facts.push(text('Consumers', String(queue.consumers)));
  const priorities = args['x-max-priority'];
  if (isNumber(priorities)) facts.push(text('Priorities', `0 to ${priorities}, larger first`));
  if (queue.type === 'quorum') facts.push(text('Delivery limit', limitText(fact)));
  facts.push(deadLetterFact(queue));
  if (deadLettersOf !== undefined) facts.push(text('Takes dead letters of', deadLettersOf.join(', ')));
  if (queue.policy !== null) facts.push(text('Policy', queue.policy));
  const ttl = args['x-message-ttl'] ?? policy['message-ttl'];
  if (isNumber(ttl)) facts.push({ name: 'Message time to live', value: String(ttl / 1000), format: 'duration' });
  const length = args['x-max-length'] ?? policy['max-length'];
  if (isNumber(length)) {
    const overflow = args['x-overflow'] ?? policy['overflow'] ?? 'drop-head';
    facts.push(text('Length limit', `${length}, then ${String(overflow)}`));
  }
  const timeout = args['x-consumer-timeout'] ?? policy['consumer-timeout'];
  if (isNumber(timeout)) facts.push({ name: 'Consumer timeout', value: String(timeout / 1000), format: 'duration' });
  if (fact.singleActiveConsumer) facts.push(text('Single active consumer', 'yes'));
  if (queue.exclusive) facts.push(text('Exclusive', 'yes'));
  if (!queue.durable) facts.push(text('Durable', 'no', 'It is gone after a restart of the broker.'));
  if (queue.autoDelete) facts.push(text('Auto-delete', 'yes', 'It is deleted when its last consumer leaves.'));
  if (queue.state !== null && queue.state !== 'running') facts.push(text('State', queue.state));
  for (const [name, rate] of [
    ['Published', rates.publish],
    ['Delivered', rates.deliver],
    ['Acknowledged', rates.ack],
  ] as const) {
    if (rate !== null) facts.push(text(name, `${Number(rate.toFixed(1))}/s`));
  }
  facts.push(LAG);
  return facts;
}

function limitText({ deliveryLimit: limit }: QueueFact): string {
  return limit === null ? 'none' : limit === 'unknown' ? 'not known' : `${limit}, then dropped or dead-lettered`;
}

function deadLetterFact(queue: ManagedQueue): Fact {
  const { exchange, key } = deadLettersTo(queue);
  if (exchange === null) return DROPPED;
  if (exchange === '') return text('Dead letters', `to ${key ?? queue.name}`);
  return text('Dead letters', `to the exchange ${exchange}${key === null ? '' : `, routing key ${key}`}`);
}
