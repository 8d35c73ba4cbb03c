import type { Command, Reply } from '../../../brokers/redis/port';
import type { JobRow } from '../../../model';
import { bytesOf, textOf } from '../../reading/ids';
import { arrayOf, bufferOf, failureOf, numberOf } from '../../reading/replies';
import { unackedKey } from '../keys';
import type { Message } from '../message/message';
import { readHeld } from '../message/read';
import HELD from './held.lua';
import { unackedRef } from './places';
import { bare, canScript, type Reading } from './reading';
import { rowParts } from './rows';

/** A message in `unacked`. */
export interface HeldMessage {
  /** As text that leads back to its bytes. */
  readonly tag: string;
  /** Score in the index exactly as the server writes it, unix seconds; null where the index does not have it. */
  readonly score: string | null;
  /** The value of the hash; null where only its end was read. */
  readonly bytes: Buffer | null;
  readonly length: number;
  readonly message: Message;
  readonly queue: string | null;
}

const WHOLE = 64 * 1024;
const TAIL = 16 * 1024;
const ROOM = 8 * 1024 * 1024;
const SCRIPT = bare(HELD);

/** A tag, and where it stands in the index. */
export interface Tagged {
  readonly tag: string;
  readonly score: string | null;
}

/** `[tag, score, tag, score …]`; scores stay text, since they have more digits than people need and we compare. */
export function taggedOf(reply: Reply | undefined): Tagged[] {
  const flat = arrayOf(reply);
  const tags: Tagged[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const tag = bufferOf(flat[i]);
    if (tag !== null) tags.push({ tag: textOf(tag), score: String(flat[i + 1]) });
  }
  return tags;
}

/**
 * Messages of tags in their order, one round trip; tags without a message are left out.
 * @param queue only those of this queue; null = of every one
 * @param others what is read along with them
 * @param average bytes of a message, where it is known: bounds what a server that cannot cut is asked for
 */
export async function readHeldMessages(
  reading: Reading,
  tags: readonly Tagged[],
  queue: string | null,
  average: number,
  signal: AbortSignal,
  others: readonly Command[] = [],
): Promise<{ readonly held: readonly HeldMessage[]; readonly others: readonly Reply[] }> {
  if (tags.length === 0 && others.length === 0) return { held: [], others: [] };
  const { broker, memory, prefix } = reading;
  const key = unackedKey(prefix);
  let replies: readonly Reply[] | null = null;
  let more: readonly Reply[] = [];
  if (canScript(reading)) {
    const origins = queue === null ? [] : originsOf(reading, queue);
    const wanted = [...origins, ...tags.map(({ tag }) => bytesOf(tag))];
    const command: Command = ['EVAL_RO', SCRIPT, 1, key, WHOLE, ROOM, TAIL, origins.length, ...wanted];
    const [reply, ...rest] = await broker.read([command, ...others], signal);
    if (failureOf(reply) === null) [replies, more] = [arrayOf(reply), rest];
    else if (failureOf(reply)?.includes('WRONGTYPE') === true) return { held: [], others: rest };
    else memory.scripts = false;
  }
  const fits = Math.max(1, Math.floor(ROOM / Math.max(64, average)));
  if (replies === null) {
    const asked = tags.slice(0, fits).map(({ tag }) => bytesOf(tag));
    // HMGET wants a field.
    const [reply, ...rest] = await broker.read(
      [['HMGET', key, ...(asked.length > 0 ? asked : [''])], ...others],
      signal,
    );
    [replies, more] = [arrayOf(reply), rest];
  }
  const all = replies;
  const held = tags.flatMap(({ tag, score }, i) => {
    const one = heldOf(reading, tag, score, all[i]);
    return one === null || (queue !== null && one.queue !== queue) ? [] : [one];
  });
  return { held, others: more };
}

/** A held message by its delivery tag; the reply is its bytes, or its size and its end. Null where it is gone. */
export function heldOf(
  reading: Reading,
  tag: string,
  score: string | null,
  reply: Reply | undefined,
): HeldMessage | null {
  const bytes = bufferOf(reply);
  const [size, end] = arrayOf(reply);
  const tail = bufferOf(end);
  if (bytes === null && tail === null) return null;
  const length = bytes?.length ?? numberOf(size) ?? 0;
  const message = readHeld(bytes ?? tail ?? Buffer.alloc(0), bytes === null ? length : null);
  const queue = reading.memory.bindings.queueOf(message.heldFrom.exchange, message.heldFrom.routingKey);
  return { tag, score, bytes, length, message: message.message, queue };
}

/** Ends of messages of a queue; none where only patterns lead to it: then all are read and told apart here. */
function originsOf({ memory }: Reading, queue: string): string[] {
  const bindings = memory.bindings.all.filter(binding => binding.queue === queue);
  if (bindings.some(({ pattern }) => pattern !== '')) return [];
  const origins = new Set([`"", ${pythonJson(queue)}`]);
  for (const { exchange, routingKey } of bindings) origins.add(`${pythonJson(exchange)}, ${pythonJson(routingKey)}`);
  return origins.size > 50 ? [] : [...origins];
}

/** A text as Python's `json.dumps` writes it: ASCII only. */
export function pythonJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A score of the index as an instant; null where it is none. */
export function instantOfScore(score: string | null): string | null {
  const milliseconds = score === null ? Number.NaN : Math.round(Number(score) * 1000);
  return Math.abs(milliseconds) < 253_402_300_799_000 ? new Date(milliseconds).toISOString() : null;
}

export const HELD_WORD = 'unacked';

/** One line of the list of what is taken. */
export function heldRow(installation: string, held: HeldMessage): JobRow {
  return {
    ref: unackedRef(installation, held.tag),
    queue: held.queue,
    state: 'taken',
    nativeState: HELD_WORD,
    worker: null,
    ...rowParts(held.message),
    takenAt: instantOfScore(held.score),
  };
}
