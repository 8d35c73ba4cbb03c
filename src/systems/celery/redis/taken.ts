import type { Command, Reply } from '../../../brokers/redis/port';
import { atLeast, type Count, exactly, type JobPage, type JobQuery, unknown } from '../../../model';
import { bytesOf, textOf } from '../../reading/ids';
import { arrayOf, bufferOf, failureOf, numberOf } from '../../reading/replies';
import { unackedIndexKey, unackedKey } from '../keys';
import { type HeldCursor, readCursor, writeCursor } from './cursor';
import { type HeldMessage, heldRow, readHeldMessages, type Tagged, taggedOf } from './held';
import { queueNames } from './queues';
import type { Reading } from './reading';

/** Held messages that one page of one queue looks at, since those of all queues lie together. */
const WINDOW = 500;
/** Tags with the very score of the last row that are skipped without a further look. */
const TIES = 200;
/** Up to so many, the index is compared with the messages at the end of each walk. */
const COMPARED = 2000;
/** Above this, messages that the index does not have are not looked for. */
const ORPHANS = 20_000;

export interface HeldPage {
  readonly held: readonly HeldMessage[];
  readonly next: HeldCursor | null;
  /** Messages in `unacked`, of all queues. */
  readonly total: Count;
  readonly moved: number | null;
}

/** A page of what workers hold, longest held first: one round trip for the tags, one for the messages. */
export async function readHeldPage(
  reading: Reading,
  queue: string | null,
  cursor: HeldCursor | null,
  size: number,
  signal: AbortSignal,
): Promise<HeldPage> {
  const { broker, prefix } = reading;
  const [key, index] = [unackedKey(prefix), unackedIndexKey(prefix)];
  if (reading.memory.queues === null) await queueNames(reading, signal);
  const window = queue === null ? size : Math.max(size, WINDOW);
  const from: readonly Command[] =
    cursor === null
      ? [['ZRANGE', index, 0, window, 'WITHSCORES']]
      : [
          ['ZRANGEBYSCORE', index, cursor.score, '+inf', 'WITHSCORES', 'LIMIT', 0, window + TIES],
          ['ZRANK', index, bytesOf(cursor.tag)],
        ];
  const first = await broker.read([['HLEN', key], ['ZCARD', index], ['MEMORY', 'USAGE', key], ...from], signal);
  const all = numberOf(first[0]) ?? 0;
  const tags = after(taggedOf(first[3]), cursor);
  const orphaned = cursor !== null && cursor.rank === ORPHAN;
  const asked: readonly Tagged[] = orphaned ? [] : tags.slice(0, window);
  const ends = tags.length <= asked.length;
  const indexed = numberOf(first[1]) ?? 0;
  const compared = (ends && all > 0 && all <= COMPARED) || (all !== indexed && all <= ORPHANS);
  const { held, others } = await readHeldMessages(
    reading,
    asked,
    queue,
    (numberOf(first[2]) ?? 0) / Math.max(1, all),
    signal,
    ends && compared
      ? [
          ['HKEYS', key],
          ['ZRANGE', index, 0, -1],
        ]
      : [],
  );
  const shown = held.slice(0, size);
  let next: HeldCursor | null = null;
  if (!orphaned && (!ends || held.length > shown.length)) {
    const last = held.length > shown.length ? shown.at(-1) : asked.at(-1);
    const before = cursor === null ? 0 : cursor.rank + 1;
    const place = asked.findIndex(({ tag }) => tag === last?.tag);
    next = { kind: 'held', rank: before + place, score: last?.score ?? '0', tag: last?.tag ?? '' };
  } else if (ends && compared) {
    const orphans = orphansOf(others, orphaned ? cursor.tag : null);
    const read = orphans.length === 0 ? [] : (await readHeldMessages(reading, orphans, queue, 0, signal)).held;
    const more = read.slice(0, size - shown.length);
    shown.push(...more);
    const last = more.at(-1)?.tag ?? (orphaned ? cursor.tag : '');
    if (read.length > more.length) next = { kind: 'held', rank: ORPHAN, score: '+inf', tag: last };
  }
  const refusal = failureOf(first[0]);
  const rank = numberOf(first[4]);
  return {
    held: shown,
    next,
    total: refusal === null ? exactly(all) : unknown(refusal),
    moved: cursor === null || rank === null || orphaned ? null : rank - cursor.rank,
  };
}

/** Rank in a cursor among messages that the index does not have. */
const ORPHAN = Number.MAX_SAFE_INTEGER;

/** Tags behind the last row: those of its very score come in the order of their bytes. */
function after(tags: readonly Tagged[], cursor: HeldCursor | null): readonly Tagged[] {
  if (cursor === null) return tags;
  const end = Buffer.from(bytesOf(cursor.tag) as string);
  const begin = tags.findIndex(
    ({ tag, score }) => score !== cursor.score || Buffer.compare(Buffer.from(bytesOf(tag) as string), end) > 0,
  );
  return begin < 0 ? [] : tags.slice(begin);
}

/** Messages that lie in `unacked` without a place in its index: kombu never delivers these again. */
function orphansOf([keys, tags]: readonly Reply[], behind: string | null): Tagged[] {
  const indexed = new Set(arrayOf(tags).flatMap(tag => bufferOf(tag)?.toString('latin1') ?? []));
  return arrayOf(keys)
    .flatMap(key => bufferOf(key) ?? [])
    .filter(key => !indexed.has(key.toString('latin1')))
    .map(key => textOf(key))
    .filter(tag => behind === null || tag > behind)
    .sort()
    .slice(0, 1001)
    .map(tag => ({ tag, score: null }));
}

/** A page of `taken` as rows. */
export async function readTakenPage(
  reading: Reading,
  query: JobQuery,
  size: number,
  signal: AbortSignal,
): Promise<JobPage> {
  const cursor = query.cursor === null ? null : readCursor(query.cursor, 'held');
  const page = await readHeldPage(reading, query.queue, cursor, size, signal);
  return {
    items: page.held.map(held => heldRow(reading.place.key, held)),
    next: page.next === null ? null : writeCursor(page.next),
    total: query.queue === null ? page.total : totalOf(page, query),
    order: 'longest held first',
    moved: page.moved,
    withheld: null,
  };
}

function totalOf(page: HeldPage, query: JobQuery): Count {
  if (page.next === null && query.cursor === null) return exactly(page.held.length);
  return atLeast(page.held.length);
}
