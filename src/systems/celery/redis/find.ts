import type { Command } from '../../../brokers/redis/port';
import { textOf } from '../../reading/ids';
import { arrayOf, bufferOf, failureOf, numberOf, plainOf } from '../../reading/replies';
import { unackedKey } from '../keys';
import FIND from './find-held.lua';
import { type HeldMessage, heldOf } from './held';
import { readLengths } from './lengths';
import { lookThrough } from './lookup';
import { type List, queueNamesNow } from './queues';
import { bare, canScript, lengthOf, type Reading } from './reading';
import type { Element } from './rows';
import { remember } from './waiting';

/** Messages of all lists that are looked through for one id. */
const LOOKED = 500_000;
/** Held messages that are looked through. */
const LOOKED_HELD = 20_000;
const SCRIPT = bare(FIND);

/** Messages with this id: held ones first, then those that wait, next to run first. */
export async function findById(
  reading: Reading,
  id: string,
  queue: string | null,
  signal: AbortSignal,
): Promise<{ readonly held: readonly HeldMessage[]; readonly waiting: readonly Element[] }> {
  const names = await queueNamesNow(reading, signal);
  const text = textIn(id);
  const held = await findHeld(reading, text, signal);
  const waiting: Element[] = [];
  let left = LOOKED;
  for (const list of await filledLists(reading, queue === null ? names : [queue], signal)) {
    let looked = 0;
    for await (const part of lookThrough(reading, list, { by: 'text', values: [text] }, signal)) {
      for (const element of part.found) {
        await element.message.open();
        if (element.message.id !== id) continue;
        const nth = waiting.filter(other => other.hash === element.hash && other.list === element.list).length + 1;
        waiting.push({ ...element, nth });
        remember(reading, element);
      }
      looked = part.looked;
      if (looked >= left) break;
    }
    left -= looked;
    if (left <= 0) break;
  }
  const own = held.filter(each => each.message.id === id && (queue === null || each.queue === queue));
  return { held: own, waiting };
}

/** Lists of queues that hold something now; one round trip. */
export async function filledLists(reading: Reading, queues: readonly string[], signal: AbortSignal): Promise<List[]> {
  const { lists, replies } = await readLengths(reading, queues, [], signal);
  return lists.filter((_list, i) => lengthOf(replies[i]) > 0);
}

/** An id as it stands in JSON that Python wrote. Short or odd ones are found all the same: hits are read and compared. */
function textIn(id: string): string {
  return JSON.stringify(id)
    .slice(1, -1)
    .replaceAll(/[\u007f-\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function findHeld(reading: Reading, text: string, signal: AbortSignal): Promise<HeldMessage[]> {
  const { broker, prefix, memory } = reading;
  const key = unackedKey(prefix);
  const found: HeldMessage[] = [];
  let cursor = '0';
  let looked = 0;
  do {
    signal.throwIfAborted();
    const script = canScript(reading);
    const command: Command = script
      ? ['EVAL_RO', SCRIPT, 1, key, cursor, 500, text]
      : ['HSCAN', key, cursor, 'COUNT', 200];
    const [reply] = await broker.read([command], signal);
    if (failureOf(reply) !== null) {
      if (!script) return found;
      memory.scripts = failureOf(reply)?.includes('WRONGTYPE') === true;
      if (memory.scripts) return found;
      continue;
    }
    const [next, flat, count] = arrayOf(reply);
    cursor = plainOf(next) ?? '0';
    const pairs = arrayOf(flat);
    looked += numberOf(count) ?? pairs.length / 2;
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const tag = bufferOf(pairs[i]);
      const value = bufferOf(pairs[i + 1]);
      if (tag === null || value === null || !value.includes(text)) continue;
      const held = heldOf(reading, textOf(tag), null, value);
      if (held === null) continue;
      await held.message.open();
      found.push(held);
    }
  } while (cursor !== '0' && looked < LOOKED_HELD);
  return found;
}
