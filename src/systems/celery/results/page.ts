/** One page of results, from the index; what it shows is read anew, so that it is as it stands now. */
import type { RedisBroker } from '../../../brokers/redis/port';
import { exactly, type JobPage, type JobQuery, type JobRow, unknown } from '../../../model';
import { cursorIn, cursorText } from '../../reading/cursor';
import { Turns } from '../../reading/turns';
import { briefOf } from './brief';
import type { Indexing } from './indexing';
import type { Keys } from './keys';
import { longResult } from './long';
import type { Memory } from './memory';
import { type ReadResult, readForRow, readResultAtOnce, readTaskResult } from './read';
import { rowOf } from './rows';
import { BEGINNING, type HowMuch, PAGE_BEGINNING, readValues, type Value } from './values';

export interface Reading {
  readonly broker: RedisBroker;
  readonly keys: Keys;
  readonly memory: Memory;
  readonly indexing: Indexing;
  readonly installation: string;
  readonly rows: RowCache;
}

/** Rows as last made, by id: while the bytes are the same, so is the row, but for when it expires. */
export class RowCache {
  readonly #rows = new Map<string, { readonly bytes: Buffer; readonly row: JobRow }>();

  get(id: string, bytes: Buffer): JobRow | null {
    const known = this.#rows.get(id);
    return known?.bytes.equals(bytes) === true ? known.row : null;
  }

  set(id: string, bytes: Buffer, row: JobRow): void {
    // What was read in one piece shares memory with all that came with it: a copy is kept.
    if (this.#rows.size >= ROWS) this.#rows.clear();
    if (bytes.length <= LARGEST) this.#rows.set(id, { bytes: Buffer.from(bytes), row });
  }
}

/** Rows kept: what the open lists show. */
const ROWS = 2000;
const LARGEST = 4096;

/** Looks for rows in place of those that are gone: so often at most. */
const ATTEMPTS = 3;

/** One page from the index. @throws InspectorError `bad-request` for what is no cursor of ours */
export async function readPage(reading: Reading, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const { memory } = reading;
  const { state, queue, size } = query;
  let from = query.cursor === null ? null : readCursor(query.cursor);
  const items: JobRow[] = [];
  let more = false;
  for (let attempt = 0; attempt < ATTEMPTS && items.length < size; attempt++) {
    const places = chosen(memory, query, from, size - items.length + 1);
    more = places.length > size - items.length;
    const wanted = places.slice(0, size - items.length);
    if (wanted.length === 0) break;
    const short = !wanted.some(({ long }) => long);
    const ids = wanted.map(({ id }) => id);
    for (const row of await readRows(reading, ids, { beginning: PAGE_BEGINNING, short }, signal))
      if (row !== null && row.state === state) items.push(row);
    from = wanted.at(-1) ?? from;
    if (!more) break;
  }
  return {
    items,
    next: more && from !== null ? writeCursor(from) : null,
    total: totalOf(reading, query),
    order: orderOf(reading, queue, state),
    moved: null,
    withheld: null,
  };
}

interface At {
  readonly long?: boolean;
  readonly date: number;
  readonly id: string;
}

function chosen(memory: Memory, { state, queue }: JobQuery, from: At | null, count: number): At[] {
  const places: At[] = [];
  const { table } = memory;
  for (const slot of memory.after(state, from, queue)) {
    places.push({ date: table.dateOf(slot), id: table.idOf(slot), long: table.isLong(slot) });
    if (places.length >= count) break;
  }
  return places;
}

/** Rows by ids as they stand now, in the order asked; null = gone. What has changed is told to the index. */
export async function readRows(
  reading: Reading,
  ids: readonly string[],
  how: HowMuch,
  signal: AbortSignal,
): Promise<(JobRow | null)[]> {
  const { broker, keys, indexing, installation, memory, rows: cache } = reading;
  const values = await readValues(
    broker,
    ids.map(id => keys.argument(id)),
    how,
    signal,
  );
  const now = Date.now();
  const turns = new Turns();
  const rows: (JobRow | null)[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (i % 8 === 7 && turns.over) await turns.next();
    const id = ids[i]!;
    const value = values[i];
    if (value == null) {
      memory.drop(id);
      rows.push(null);
      continue;
    }
    const expiresAt = value.leftMs === null ? null : new Date(now + value.leftMs).toISOString();
    const known = value.cut === null ? cache.get(id, value.bytes) : null;
    if (known !== null) {
      rows.push(expiresAt === known.expiresAt ? known : { ...known, expiresAt });
      continue;
    }
    const quick = value.cut === null ? readForRow(id, value.bytes) : null;
    const result = quick ?? (await resultOf(id, value));
    const row = rowOf(installation, result, expiresAt);
    const long = value.cut !== null || value.bytes.length >= BEGINNING;
    memory.take([{ key: keys.task(id), from: keys.head, brief: briefOf(result), long }], indexing.lap);
    if (value.cut === null) cache.set(id, value.bytes, row);
    rows.push(row);
  }
  return rows;
}

/** What was read of a value as a result. */
export async function resultOf(id: string, value: Value): Promise<ReadResult> {
  if (value.cut !== null) return longResult(id, value.bytes, value.cut);
  return readResultAtOnce(id, value.bytes) ?? (await readTaskResult(id, value.bytes));
}

function totalOf({ memory, indexing }: Reading, { state, queue }: JobQuery): JobPage['total'] {
  const { all, queueless } = memory.countOf(state);
  const complete = indexing.completedAt !== null;
  if (queue === null) {
    if (complete) return exactly(all);
    return all > 0 ? { atLeast: all } : unknown('The results have not been looked through yet.');
  }
  if (all > 0 && queueless === all) return unknown(NO_QUEUE);
  let count = 0;
  for (const _slot of memory.after(state, null, queue)) count++;
  return complete && queueless === 0 ? exactly(count) : { atLeast: count };
}

const numbers = new Intl.NumberFormat('en');

const NO_QUEUE = 'Results tell their queue only where result_extended is on.';

function orderOf({ memory, indexing }: Reading, queue: string | null, state: JobQuery['state']): string {
  const { all, queueless } = memory.countOf(state);
  const of = `${numbers.format(memory.size)} ${memory.size === 1 ? 'result' : 'results'}`;
  const seen =
    indexing.completedAt === null
      ? `newest first, of ${of} looked at`
      : `newest first, of ${of}, as of ${new Date(indexing.completedAt).toISOString().slice(11, 19)} UTC`;
  if (queue === null || queueless === 0) return seen;
  const without = `${numbers.format(queueless)} of ${numbers.format(all)}`;
  return `${seen}; ${without} do not tell their queue (result_extended is off)`;
}

/** JSON has no NaN. */
const writeCursor = ({ date, id }: At): string => cursorText([Number.isNaN(date) ? null : date, id]);

/** @throws InspectorError `bad-request` where the text is no cursor of ours */
const readCursor = (text: string): At =>
  cursorIn(text, { pageOf: 'results', next: 'results' }, cursor => {
    if (!Array.isArray(cursor) || cursor.length !== 2) return null;
    const [date, id] = cursor as unknown[];
    return typeof id === 'string' && (date === null || typeof date === 'number')
      ? { date: date ?? Number.NaN, id }
      : null;
  });
