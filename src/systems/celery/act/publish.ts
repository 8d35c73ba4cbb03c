import { isRabbit, type Publication, type PublishOutcome, type RabbitBroker } from '../../../brokers/rabbitmq/port';
import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import type { ItemOutcome } from '../../../model';
import { type Did, outcome, type Work } from '../../acting/work';
import { envelopeOf, propertiesOf } from '../message/build';
import { hashOf, waitingRef } from '../redis/places';
import type { TaskCall } from '../types';
import { takingFrom } from './rabbit/units';
import type { Change } from './redis/change';
import { Bindings, listFor } from './redis/places';
import { runChanges } from './redis/run';
import type { Situation } from './situation';
import { type Prepared, type Ready, StepWork } from './steps';
import { takingBack } from './undo';

/** A message to publish: one that was built, or a copy as the kind of broker has it. */
export interface Outgoing {
  readonly id: string;
  readonly queue: string;
  readonly priority: number | null;
  readonly message:
    | { readonly call: TaskCall }
    | { readonly element: Buffer }
    | { readonly publication: Omit<Publication, 'routingKey'> };
}

/** A message to publish, or why there is none. */
export type Wanted = Outgoing | { readonly decided: ItemOutcome };

/** Messages published one a step, so that each has its own answer. */
export function publishing(
  name: string,
  wanted: readonly Wanted[],
  situation: Situation,
  signal: AbortSignal,
): Work<never> {
  const { broker } = situation.context;
  if (isRedis(broker)) return onRedis(name, wanted, broker, situation, signal);
  if (isRabbit(broker)) return onRabbit(wanted, broker);
  throw new Error('Celery knows no such broker.');
}

function onRedis(
  name: string,
  wanted: readonly Wanted[],
  broker: RedisBroker,
  { context }: Situation,
  signal: AbortSignal,
): StepWork<Change> {
  const { redis, key: installation } = context;
  if (redis === null) throw new Error('There is no transport of Redis.');
  const bindings = new Bindings(context);
  const ready = async ({ id, queue, priority, message }: Outgoing): Promise<Ready<Change>> => {
    const bytes =
      'element' in message ? message.element : envelopeOf('call' in message ? message.call : neither(), queue);
    const key = listFor(redis, queue, priority);
    const step = redis.listKeys(queue).find(list => list.key === key || String(list.key) === String(key))?.step ?? 0;
    return {
      subject: id,
      ref: waitingRef(installation, { queue, step }, hashOf(Buffer.from(bytes)), 1, id),
      change: {
        takes: [],
        puts: [{ command: 'LPUSH', key, args: [bytes] }, ...(await bindings.for(queue, signal))],
      },
      undo: [takingBack(id, key, bytes)],
      bytes: bytes.length,
    };
  };
  return new StepWork(
    wanted.length,
    preparing(wanted, ready),
    (items, record, during) => runChanges(broker, name, items, record, during),
    1,
  );
}

const neither = (): never => {
  throw new Error('A publication of RabbitMQ is no element of a list.');
};

async function* preparing<C>(
  wanted: readonly Wanted[],
  ready: (outgoing: Outgoing) => Promise<Ready<C>>,
): AsyncGenerator<readonly Prepared<C>[], void> {
  for (const each of wanted) yield ['decided' in each ? each : await ready(each)];
}

function onRabbit(wanted: readonly Wanted[], broker: RabbitBroker): StepWork<Publication> {
  const ready = async ({ id, queue, message }: Outgoing): Promise<Ready<Publication>> => {
    const publication: Publication =
      'publication' in message
        ? { ...message.publication, routingKey: queue }
        : 'call' in message
          ? { routingKey: queue, properties: propertiesOf(message.call), body: message.call.body }
          : neither();
    return {
      subject: id,
      ref: null,
      change: publication,
      undo: [takingFrom(id, queue, { id, body: publication.body })],
      bytes: publication.body.length,
    };
  };
  return new StepWork(
    wanted.length,
    preparing(wanted, ready),
    (items, _record, signal) => publishItems(broker, items, signal),
    1,
  );
}

/** Publishes mandatory and confirmed; one outcome an item. */
export async function publishItems(
  broker: RabbitBroker,
  items: readonly Ready<Publication>[],
  signal: AbortSignal,
): Promise<Did<never>> {
  const answers = await broker.publish(
    items.map(({ change }) => change),
    signal,
  );
  return { outcomes: items.map((item, index) => published(item, answers[index] ?? 'unknown')), undo: [] };
}

const SAID: Readonly<Record<Exclude<PublishOutcome, 'done'>, readonly ['failed' | 'unknown', string]>> = {
  unroutable: ['failed', 'no queue of this name is there; nothing was changed'],
  refused: ['failed', 'RabbitMQ refused it (the queue is full, or the broker is in trouble); nothing was changed'],
  unknown: ['unknown', 'the connection broke before RabbitMQ confirmed it: it may wait already'],
};

/** What a publish on RabbitMQ came to, as an outcome. */
export function published(
  { subject, ref }: Pick<Ready<unknown>, 'subject' | 'ref'>,
  answer: PublishOutcome,
): ItemOutcome {
  if (answer === 'done') return outcome({ id: subject, ref }, 'done', null);
  const [what, reason] = SAID[answer];
  return outcome({ id: subject, ref }, what, reason);
}
