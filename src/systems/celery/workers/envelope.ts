/** Messages of remote control (kombu/pidbox.py 4.4 to 5.7) and of events, written and read. */
import { randomUUID } from 'node:crypto';
import type { RabbitProperties } from '../../../brokers/rabbitmq/port';
import { identify } from '../../../codecs/envelope';
import { isKind, type PyNode } from '../../../codecs/python';
import { isRecord } from '../../reading/values';
import { pidboxExchange, replyExchange } from '../keys';
import type { AnsweredCommand } from '../types';
import { fieldIn, plainOf, textIn } from './plain';

/** Bytes of one answer that are read; a worker with 50,000 revoked tasks sends 2 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface CommandMessage {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly destination: readonly string[] | null;
  /** Where answers go, and by what they are told apart; null = nobody waits for any. */
  readonly reply: { readonly oid: string; readonly ticket: string } | null;
}

/** A message as any broker hands it over. */
export interface RawMessage {
  readonly contentType: string | undefined;
  readonly compression: string | undefined;
  readonly ticket: string | null;
  readonly routingKey: string | null;
  readonly body: Uint8Array;
}

const HEADERS = { clock: 0, expires: 0 } as const;

/** The body of a command: JSON, which every worker accepts unless it was told to accept pickle alone. */
export function commandBody(control: string, command: CommandMessage): string {
  const { method, destination, reply } = command;
  return JSON.stringify({
    method,
    arguments: command.arguments,
    destination,
    pattern: null,
    matcher: null,
    ...(reply === null
      ? {}
      : { ticket: reply.ticket, reply_to: { exchange: replyExchange(control), routing_key: reply.oid } }),
  });
}

/** The whole message as it is published on a Redis channel. */
export function redisEnvelope(control: string, command: CommandMessage): string {
  return JSON.stringify({
    body: Buffer.from(commandBody(control, command)).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: HEADERS,
    properties: {
      delivery_mode: 1,
      delivery_info: { exchange: pidboxExchange(control), routing_key: '' },
      priority: 0,
      body_encoding: 'base64',
      delivery_tag: randomUUID(),
    },
  });
}

/** The properties of the message as it is published to RabbitMQ. */
export const RABBIT_PROPERTIES: RabbitProperties = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  headers: HEADERS,
  deliveryMode: 1,
  priority: 0,
};

/** A message of a Redis list or channel. @returns null for what is no envelope of kombu */
export function openRedis(bytes: Buffer): RawMessage | null {
  if (bytes.length > 2 * MAX_BYTES) return null;
  let envelope: unknown;
  try {
    envelope = JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
  const body = fieldIn(envelope, 'body');
  if (typeof body !== 'string') return null;
  const headers = fieldIn(envelope, 'headers');
  const properties = fieldIn(envelope, 'properties');
  const isBase64 = fieldIn(properties, 'body_encoding') === 'base64';
  return {
    contentType: textIn(fieldIn(envelope, 'content-type')) ?? undefined,
    compression: textIn(fieldIn(headers, 'compression')) ?? undefined,
    ticket: textIn(fieldIn(headers, 'ticket')),
    routingKey: textIn(fieldIn(fieldIn(properties, 'delivery_info'), 'routing_key')),
    body: Buffer.from(body, isBase64 ? 'base64' : 'utf8'),
  };
}

/** Answers of which nobody needs more than the names in them, so that the fast way of reading will do. */
const NAMES_ALONE = new Set(['registered', 'revoked', 'ping', 'report']);

/** What a message of control or events holds; the plain value and, where it was read as Python has it, the tree. */
export async function readBody(
  message: RawMessage,
  namesAlone: boolean,
): Promise<{ readonly value: unknown; readonly tree: PyNode | null } | null> {
  const { body, contentType, compression } = message;
  if (body.length > MAX_BYTES) return null;
  if (namesAlone && contentType === 'application/json' && compression === undefined) {
    try {
      return { value: JSON.parse(Buffer.from(body).toString('utf8')), tree: null };
    } catch {
      // NaN and other things that Python's json writes: the slow way reads them.
    }
  }
  const hints = {
    ...(contentType === undefined ? {} : { contentType }),
    ...(compression === undefined ? {} : { compression }),
    maxBytes: MAX_BYTES,
  };
  const { value } = await identify(body, hints);
  return value === undefined ? null : { value: plainOf(value), tree: value };
}

/** The answers in a reply: one of each node that stands in it, as a rule one. */
export async function readReply(
  message: RawMessage,
  method: string,
  milliseconds: number,
): Promise<readonly AnsweredCommand[]> {
  const read = await readBody(message, NAMES_ALONE.has(method));
  if (read === null || !isRecord(read.value)) return [];
  const { tree } = read;
  return Object.entries(read.value).map(([worker, value]) => ({
    worker,
    method,
    value,
    tree: tree !== null && isKind(tree, 'dict') ? (tree.get(worker) ?? null) : null,
    milliseconds,
  }));
}
