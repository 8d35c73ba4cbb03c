/**
 * Every key, exchange and channel name of Celery (3.1 to 5.6) and of kombu below it (3 to 5.7), in one place. kombu's
 * transport option `global_keyprefix` stands verbatim before every key; names may hold any character.
 */
import { bytesOf } from '../reading/ids';

/** Text where a name is plain, bytes where it is no UTF-8 (names are texts made by `textOf` of reading/ids.ts). */
export type Key = string | Buffer;

/** Any text made by `textOf`, as the key that it stands for. */
export const keyOf = (name: string): Key => bytesOf(name);

/**
 * Between the parts of a binding's member, and between a queue and its priority step, unless an application names another
 * (kombu/transport/redis.py, `sep`; Celery's own manual shows `:`).
 */
export const SEPARATOR = '\x06\x16';

/**
 * The separator that a binding's member was written with; null where it cannot be told. Queues are mostly bound by their
 * own name to an exchange of that name, mailboxes of remote control by no key at all.
 */
export function separatorIn(exchange: string, member: string): string | null {
  if (member.split(SEPARATOR).length === 3) return SEPARATOR;
  const name = exchange.endsWith('.pidbox') ? '' : exchange;
  const end = name === '' ? longestTwice(member) : member.length - name.length;
  if (!member.startsWith(name) || !member.endsWith(name) || end <= name.length) return null;
  const twice = member.slice(name.length, end);
  const once = twice.slice(0, twice.length / 2);
  return once !== '' && once + once === twice ? once : null;
}

/** Length of the longest beginning that is something twice. */
function longestTwice(text: string): number {
  for (let half = Math.min(20, Math.floor(text.length / 2)); half > 0; half--)
    if (text.slice(0, half) === text.slice(half, 2 * half)) return 2 * half;
  return 0;
}

/** A separator as texts show it: characters of control are escaped. */
export const escaped = (separator: string): string =>
  separator.replaceAll(/\p{Cc}/gu, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** kombu's `priority_steps`: served in this order, 0 first. */
export const PRIORITY_STEPS = [0, 3, 6, 9] as const;

/** Set of `routing key, pattern, queue` of an exchange; never expires unless all of its queues do (kombu 5.7). */
const BINDING = '_kombu.binding.';
export const bindingKey = (prefix: string, exchange: string): Key => keyOf(`${prefix}${BINDING}${exchange}`);
/** What SCAN looks for. `_kombu.binding_permanent.*` and `_kombu.binding_deadlines` (kombu 5.7) do not fit. */
export const BINDING_PATTERN = '*_kombu.binding.*';

/** Prefix and exchange of a key of bindings; null where it is none. */
export function parseBindingKey(key: string): { readonly prefix: string; readonly exchange: string } | null {
  const at = key.indexOf(BINDING);
  return at < 0 ? null : { prefix: key.slice(0, at), exchange: key.slice(at + BINDING.length) };
}

/** List of messages of one priority step. Producers push at the head (LPUSH), workers take from the tail (BRPOP). */
export const listKey = (prefix: string, queue: string, step: number, separator: string): Key =>
  keyOf(step === 0 ? `${prefix}${queue}` : `${prefix}${queue}${separator}${step}`);

/** Hash: delivery tag → JSON `[message, exchange, routing key]`. One for all queues and workers. */
export const unackedKey = (prefix: string): Key => keyOf(`${prefix}unacked`);
/** Sorted set of delivery tags by the unix seconds of their delivery. */
export const unackedIndexKey = (prefix: string): Key => keyOf(`${prefix}unacked_index`);

/** Default of the transport option `visibility_timeout`, seconds (kombu/transport/redis.py). */
export const VISIBILITY_TIMEOUT = 3600;

/** Exchange of remote control (`control_exchange`), and the one of its answers. */
export const pidboxExchange = (control: string): string => `${control}.pidbox`;
export const replyExchange = (control: string): string => `reply.${control}.pidbox`;
/** Queue of the answers to one asker. */
export const replyQueue = (control: string, oid: string): string => `${oid}.reply.${control}.pidbox`;
/** Channel of a fanout exchange: `/{db}.{exchange}`, with the routing key behind a slash where there is one (kombu ≥ 4). */
export const fanoutChannel = (prefix: string, database: number, exchange: string, routingKey = ''): string =>
  `${prefix}/${database}.${exchange}${routingKey === '' ? '' : `/${routingKey}`}`;

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** Names that clients give to queues of their own. */
export const isUuid = (name: string): boolean => UUID.test(name);

/** Whether an exchange or queue is of remote control or of events, and so holds no tasks. */
export const isInternal = (name: string): boolean => /\.pidbox$|^celeryev(?:\.|$)/.test(name);

/** Where the answer of one of our changing steps is remembered for a while; made beforehand, never used twice. */
export const stepRecordKey = (stepId: string): string => `job-queue-inspector:celery:step:${stepId}`;
