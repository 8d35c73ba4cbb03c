import type { Found, Looked, SearchQuery } from '../../../model';
import { Turns } from '../../reading/turns';
import type { Message } from '../message/message';
import type { HeldCursor, ListCursor } from './cursor';
import { filledLists } from './find';
import { heldRow } from './held';
import { queueNamesNow } from './queues';
import type { Reading } from './reading';
import { waitingRow } from './rows';
import { cursorAfter, readSequence } from './sequence';
import { readHeldPage } from './taken';
import { remember } from './waiting';

/** Messages of one step. */
const STEP = 500;

/**
 * Messages whose id, task or arguments hold a text, whatever its case: what waits, then what workers hold. Hits as they
 * come, and after each step how far it has looked.
 */
export async function* search(
  reading: Reading,
  query: SearchQuery,
  signal: AbortSignal,
): AsyncGenerator<Found | Looked, void> {
  const needle = query.text.toLowerCase();
  const names = query.queue === null ? await queueNamesNow(reading, signal) : [query.queue];
  let hits = 0;
  let looked = 0;
  const turns = new Turns();
  const installation = reading.place.key;
  if (query.state === null || query.state === 'waiting') {
    const lists = await filledLists(reading, names, signal);
    let cursor: ListCursor | null = null;
    while (lists.length > 0) {
      signal.throwIfAborted();
      const step: Awaited<ReturnType<typeof readSequence>> = await readSequence(reading, lists, cursor, STEP, signal);
      for (const element of step.elements) {
        if (turns.over) await turns.next();
        if (!(await holds(element.message, needle))) continue;
        remember(reading, element);
        yield { found: waitingRow(installation, element) };
        if (++hits >= query.limit) return;
      }
      looked += step.elements.length;
      yield { looked, of: Math.max(looked, step.total) };
      if (!step.more) break;
      cursor = cursorAfter(step.elements, cursor);
    }
  }
  if (query.state !== null && query.state !== 'taken') return;
  let cursor: HeldCursor | null = null;
  let seen = 0;
  do {
    signal.throwIfAborted();
    const page: Awaited<ReturnType<typeof readHeldPage>> = await readHeldPage(
      reading,
      query.queue,
      cursor,
      STEP,
      signal,
    );
    for (const held of page.held) {
      if (turns.over) await turns.next();
      if (!(await holds(held.message, needle))) continue;
      yield { found: heldRow(installation, held) };
      if (++hits >= query.limit) return;
    }
    seen += page.held.length;
    const total = 'exact' in page.total ? page.total.exact : seen;
    yield { looked: looked + seen, of: looked + Math.max(seen, query.queue === null ? total : seen) };
    cursor = page.next;
  } while (cursor !== null);
}

/** Everything of a message that a person may search for. */
async function holds(message: Message, needle: string): Promise<boolean> {
  const { id, task, headers } = message;
  const short = [id, task, headers['argsrepr'], headers['kwargsrepr'], message.groupId, message.rootId];
  if (short.some(part => typeof part === 'string' && part.toLowerCase().includes(needle))) return true;
  await message.open();
  return message.wholeCall(20_000)?.toLowerCase().includes(needle) === true;
}
