/**
 * Messages of Celery as they lie on a broker: an envelope of kombu (Redis) or properties, headers and a body (RabbitMQ).
 * Protocol 1 (3.1, `task_protocol = 1`), protocol 2 (since 4.0) and their mixture. Format: docs/formats/celery.md.
 */
import { isAscii } from 'node:buffer';
import type { Problem } from '../../../model';
import { isRecord } from '../../reading/values';
import type { TaskMessage } from '../types';
import { Message, type MessageParts } from './message';

type Record_ = Readonly<Record<string, unknown>>;

/** Longer messages are read from their end alone: no task has such arguments, and reading them would freeze the editor. */
const LONGEST = 32 * 1024 * 1024;
const TAIL = 64 * 1024;

/**
 * The message of an envelope (one element of a Redis list). Never throws: what cannot be read is a problem of the
 * message. Its body is decoded when a part of it is first asked for; see `openMessage` for bodies that take a library.
 */
export function readEnvelope(bytes: Uint8Array): Message {
  if (bytes.length > LONGEST) return tooLong(readEnvelopeTail(bytes.subarray(-TAIL), bytes.length), bytes.length);
  const parsed = parseObject(bytes);
  if ('problem' in parsed) return broken(bytes, parsed.problem);
  return envelopeOf(parsed.value, bytes);
}

/**
 * An envelope of which only the end was read, since its body is long: everything but the arguments is there.
 * @param tail the last bytes of the element, from somewhere within the body on
 */
export function readEnvelopeTail(tail: Uint8Array, totalBytes: number): Message {
  const content = tailAsJson('', tail);
  const size = sizeText(totalBytes);
  const parsed = content === null ? null : parseObject(Buffer.from(content));
  if (parsed !== null && 'value' in parsed) return envelopeOf(parsed.value, new Uint8Array(), `(… ${size})`);
  const properties = propertiesIn(tail);
  if (properties !== null) {
    const message = envelopeOf({ headers: {}, properties }, new Uint8Array(), `(… ${size})`);
    message.note({ part: 'headers', reason: `Its headers are long; they are read when it is opened.`, offset: null });
    return message;
  }
  return broken(tail, {
    part: 'message',
    reason: `The message takes ${size}; it is read when it is opened.`,
    offset: null,
  });
}

/**
 * A value of `unacked`: JSON `[message, exchange, routing key]` (kombu/transport/redis.py, `QoS.append`, 3 to 5.7).
 * @param cutFrom size of the whole where `bytes` is only its end; else null
 */
export function readHeld(
  bytes: Uint8Array,
  cutFrom: number | null,
): {
  readonly message: Message;
  readonly heldFrom: { readonly exchange: string | null; readonly routingKey: string | null };
} {
  if (cutFrom === null && bytes.length > LONGEST) {
    const held = readHeld(bytes.subarray(-TAIL), bytes.length);
    return { ...held, message: tooLong(held.message, bytes.length) };
  }
  const content = cutFrom === null ? Buffer.from(bytes).toString('utf8') : tailAsJson('[', bytes);
  const nowhere = { exchange: null, routingKey: null };
  let value: unknown;
  try {
    value = content === null ? null : JSON.parse(content);
  } catch {
    value = null;
  }
  if (!Array.isArray(value) || value.length !== 3 || !isRecord(value[0])) {
    const reason =
      cutFrom === null
        ? 'This is no message that kombu holds: it is not JSON of [message, exchange, routing key].'
        : `The message takes ${sizeText(cutFrom)}; it is read when it is opened.`;
    return { message: broken(bytes, { part: 'message', reason, offset: null }), heldFrom: nowhere };
  }
  const [envelope, exchange, routingKey]: unknown[] = value;
  const leftOut = cutFrom === null ? undefined : `(… ${sizeText(cutFrom)})`;
  return {
    message: envelopeOf(envelope as Record_, cutFrom === null ? bytes : new Uint8Array(), leftOut),
    heldFrom: { exchange: text(exchange), routingKey: text(routingKey) },
  };
}

function tooLong(message: Message, size: number): Message {
  const reason = `The message takes ${sizeText(size)}: arguments of messages over ${sizeText(LONGEST)} are not read.`;
  message.note({ part: 'args', reason, offset: null });
  return message;
}

const sizeText = (bytes: number): string => `${Math.round(bytes / 1024)} kB`;

/**
 * The end of an element as JSON that reads: `json.dumps` keeps kombu's order, so the body comes first
 * (kombu/message.py and virtual/base.py, 3 to 5.7). Null where the end does not reach beyond the body.
 */
function tailAsJson(before: string, tail: Uint8Array): string | null {
  const content = Buffer.from(tail).toString('utf8');
  const at = content.search(/(?<=[^\\]"), "(?:content-encoding|content-type|headers|properties)": /);
  return at < 0 ? null : `${before}{"body": ""${content.slice(at)}`;
}

/** The properties, which come last; null where they are not whole in this end. */
function propertiesIn(tail: Uint8Array): Record_ | null {
  const content = Buffer.from(tail).toString('utf8');
  const at = content.lastIndexOf('"properties": {');
  const parsed = at < 0 ? null : parseObject(Buffer.from(`{${content.slice(at)}`));
  const properties = parsed !== null && 'value' in parsed ? parsed.value['properties'] : null;
  return isRecord(properties) ? properties : null;
}

/** The same message with its body decoded, whatever that takes (zstd, bzip2, xz, YAML). */
export async function openMessage(message: Message): Promise<Message> {
  await message.open();
  return message;
}

const strict = new TextDecoder('utf-8', { fatal: true });
const latin1Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

function parseObject(bytes: Uint8Array): { readonly value: Record_ } | { readonly problem: Problem } {
  const fail = (reason: string, offset: number | null = null) => ({
    problem: { part: 'message', reason: `This is no message of Celery: ${reason}.`, offset },
  });
  let value: unknown;
  try {
    value = JSON.parse(isAscii(bytes) ? latin1Of(bytes) : strict.decode(bytes));
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    return fail('it is no JSON', position === undefined ? null : Number(position));
  }
  if (!isRecord(value)) return fail('it is JSON, but no object');
  return { value };
}

function envelopeOf(envelope: Record_, bytes: Uint8Array, leftOut?: string): Message {
  const problems: Problem[] = [];
  const wrong = (part: string, reason: string) => problems.push({ part, reason, offset: null });
  const properties = isRecord(envelope['properties']) ? envelope['properties'] : {};
  if (!isRecord(envelope['properties'])) wrong('properties', 'The message has no properties.');
  const headers = isRecord(envelope['headers']) ? envelope['headers'] : {};
  if (envelope['headers'] !== undefined && envelope['headers'] !== null && !isRecord(envelope['headers']))
    wrong('headers', 'The headers of the message are no object.');
  const info = isRecord(properties['delivery_info']) ? properties['delivery_info'] : {};
  const body = envelope['body'];
  if (typeof body !== 'string' && leftOut === undefined) wrong('body', 'The message has no body.');
  return new Message(
    {
      headers,
      properties,
      body: { text: typeof body === 'string' ? body : '', base64: properties['body_encoding'] === 'base64' },
      contentType: text(envelope['content-type']),
      contentEncoding: text(envelope['content-encoding']),
      exchange: text(info['exchange']),
      routingKey: text(info['routing_key']),
      redelivered: headers['redelivered'] === true || info['redelivered'] === true,
      ...(leftOut === undefined ? {} : { leftOut }),
    },
    problems,
    bytes.length > 0 ? bytes : undefined,
  );
}

function broken(bytes: Uint8Array, problem: Problem): Message {
  return new Message(
    {
      headers: {},
      properties: {},
      body: bytes,
      contentType: null,
      contentEncoding: null,
      exchange: null,
      routingKey: null,
      redelivered: false,
      broken: true,
    },
    [problem],
  );
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export type { Message, MessageParts, TaskMessage };
