import { exactly, type JobPage, type JobQuery } from '../../../model';
import { readCursor, writeCursor } from './cursor';
import { listsToRead } from './lengths';
import { listName, queueNames } from './queues';
import type { Reading } from './reading';
import { type Element, waitingRow } from './rows';
import { cursorAfter, readSequence } from './sequence';

/** A page of waiting messages in the order in which workers will take them: by priority, then by age. */
export async function readWaitingPage(
  reading: Reading,
  query: JobQuery,
  size: number,
  signal: AbortSignal,
): Promise<JobPage> {
  const queues = query.queue === null ? await queueNames(reading, signal) : [query.queue];
  const lists = await listsToRead(reading, queues, signal);
  const cursor = query.cursor === null ? null : readCursor(query.cursor, 'list');
  const sequence = await readSequence(reading, lists, cursor, size, signal);
  await openAll(sequence.elements);
  for (const element of sequence.elements) remember(reading, element);
  return {
    items: sequence.elements.map(element => waitingRow(reading.place.key, element)),
    next: sequence.more ? writeCursor(cursorAfter(sequence.elements, cursor)) : null,
    total: exactly(sequence.total),
    order: query.queue === null ? 'queue by queue, next to run first' : 'next to run first',
    moved: sequence.moved,
    withheld: null,
  };
}

/** Bodies that take a library to read are opened where only they name the task (protocol 1). */
async function openAll(elements: readonly Pick<Element, 'message'>[]): Promise<void> {
  for (const { message } of elements) {
    if (message.task === null && message.unpacked === null) await message.open();
  }
}

/** Kept for actions: what was shown, byte for byte. */
export function remember({ memory }: Reading, { bytes, hash, list }: Element): void {
  if (bytes !== null) memory.shown.remember(hash, listName(list), bytes);
}
