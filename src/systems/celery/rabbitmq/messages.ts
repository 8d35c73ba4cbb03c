import type { RabbitMessage } from '../../../brokers/rabbitmq/port';
import { quoteForShell } from '../../../brokers/redis/shell';
import { InspectorError, type JobRow, makeRef, parseRef, type RawPart, type Ref } from '../../../model';
import { Message } from '../message/message';
import { rowParts } from '../redis/rows';
import type { StoredMessage } from '../types';
import type { Look, LookedMessage } from './looks';
import { isDelayedQueue, keyBehindDelay } from './names';
import type { RabbitState } from './state';

/** Bytes of a raw entry that are shown. */
const SHOWN_BYTES = 64 * 1024;

/** The task message of a delivery. Never throws: what cannot be read is a problem of the message. */
export function readDelivery(message: RabbitMessage): Message {
  const { properties, body, exchange, routingKey, redelivered, headersProblem } = message;
  return new Message(
    {
      headers: properties.headers ?? {},
      properties: kombuProperties(message),
      body,
      contentType: properties.contentType ?? null,
      contentEncoding: properties.contentEncoding ?? null,
      exchange,
      routingKey,
      redelivered,
    },
    headersProblem === undefined ? [] : [{ part: 'headers', reason: headersProblem, offset: null }],
  );
}

function kombuProperties({ properties: own }: RabbitMessage): Record<string, unknown> {
  const all = {
    delivery_mode: own.deliveryMode,
    priority: own.priority,
    correlation_id: own.correlationId,
    reply_to: own.replyTo,
    expiration: own.expiration,
    message_id: own.messageId,
    timestamp: own.timestamp,
    type: own.type,
    app_id: own.appId,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const PLACE = 'ready:';

/** Position and hash: valid for the look that showed it. */
export function refOf(state: RabbitState, { queue, position, hash }: LookedMessage): Ref {
  return makeRef({
    system: 'celery',
    installation: state.installation,
    place: `${PLACE}${queue}`,
    locator: `${position}.${hash}`,
  });
}

/** Queue, position and hash of a ref of ours; null where it is none. */
export function readRef(ref: Ref): { readonly queue: string; readonly position: number; readonly hash: string } | null {
  const { place, locator } = parseRef(ref);
  const parts = /^(\d+)\.([0-9a-f]{32})$/.exec(locator);
  if (!place.startsWith(PLACE) || parts === null) return null;
  return { queue: place.slice(PLACE.length), position: Number(parts[1]), hash: parts[2]! };
}

/**
 * The looked message of a ref: at its position, else wherever the last look of its queue showed the same message.
 * @throws InspectorError `gone`
 */
export function lookedOf(state: RabbitState, ref: Ref): LookedMessage {
  const wanted = readRef(ref);
  const look = wanted === null ? null : state.looks.of(wanted.queue);
  if (wanted !== null && look !== null) {
    const here = look.messages[wanted.position];
    if (here?.hash === wanted.hash) return here;
    const elsewhere = look.messages.find(({ hash }) => hash === wanted.hash);
    if (elsewhere !== undefined) return elsewhere;
  }
  throw new InspectorError('gone', {
    message:
      look === null
        ? 'This task was shown by a look at its queue that is not kept any more.'
        : 'The last look at its queue does not show this task any more.',
    tried: `finding ${ref}`,
    answer: 'what a look shows is valid for that look only',
    remedy: `Look at the queue${wanted === null ? '' : ` ${wanted.queue}`} again.`,
  });
}

/** A looked message with what reading it told. @param message as read, where it was read before */
export function storedOf(
  state: RabbitState,
  looked: LookedMessage,
  look: Pick<Look, 'at'>,
  message?: Message,
): StoredMessage & { readonly message: Message } {
  const delayed = isDelayedQueue(looked.queue);
  return {
    ref: refOf(state, looked),
    state: delayed ? 'scheduled' : 'waiting',
    nativeState: delayed ? 'delayed' : 'PENDING',
    queue: delayed ? targetOf(state, looked.message.routingKey) : looked.queue,
    message: message ?? readDelivery(looked.message),
    heldSince: null,
    raw: [rawOf(state, looked)],
    sources: [
      `basic.get on ${looked.queue}, message ${looked.position + 1} at ${new Date(look.at).toISOString()}, put back`,
    ],
  };
}

/** The queue that a delayed task goes to when it is due; null where that cannot be told. */
function targetOf(state: RabbitState, routingKey: string): string | null {
  const key = keyBehindDelay(routingKey);
  if (key === null) return null;
  return state.targets.get(key) ?? (state.queues?.has(key) === true ? key : null);
}

/** A row of a looked message. Celery's messages carry no time at which they were sent. */
export function rowOf(stored: StoredMessage & { readonly message: Message }): JobRow {
  const { ref, state, nativeState, queue, message } = stored;
  return { ref, queue, state, nativeState, worker: null, ...rowParts(message) };
}

function rawOf(state: RabbitState, { queue, position, message }: LookedMessage): RawPart {
  const { headers, ...properties } = message.properties;
  const delivery = {
    exchange: message.exchange,
    routing_key: message.routingKey,
    redelivered: message.redelivered,
    ...kombuProperties(message),
    content_type: properties.contentType,
    content_encoding: properties.contentEncoding,
  };
  const vhost = quoteForShell(`--vhost=${state.broker.vhost}`);
  return {
    name: `${queue}, message ${position + 1}`,
    type: 'message',
    entries: [
      entry('properties', jsonBytes(delivery), 'JSON of what AMQP says'),
      entry('headers', jsonBytes(headers ?? {}), 'JSON of the AMQP table'),
      entry('body', message.body, properties.contentType ?? null),
    ],
    command: queue.includes('\0')
      ? null
      : `rabbitmqadmin ${vhost} get ${quoteForShell(`queue=${queue}`)} count=${position + 1} ackmode=ack_requeue_true`,
  };
}

function entry(name: string, bytes: Uint8Array, decoded: string | null) {
  return { name, bytes: bytes.subarray(0, SHOWN_BYTES), totalBytes: bytes.length, decoded };
}

function jsonBytes(value: unknown): Uint8Array {
  const text = JSON.stringify(
    value,
    (_name, each: unknown) => {
      if (typeof each === 'bigint') return each.toString();
      return each instanceof Uint8Array ? Buffer.from(each).toString('base64') : each;
    },
    2,
  );
  return Buffer.from(text);
}
