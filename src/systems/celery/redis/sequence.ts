import type { Command, Reply } from '../../../brokers/redis/port';
import { arrayOf, bufferOf, failureOf, numberOf, plainOf } from '../../reading/replies';
import type { ListCursor } from './cursor';
import { readAll } from './lengths';
import PAGE from './page.lua';
import { type List, listName } from './queues';
import { bare, canScript, lengthOf, type Reading } from './reading';
import { cutElement, type Element, wholeElement } from './rows';

/** Messages of lists, one list after the other, and how long the lists are. */
export interface Sequence {
  readonly elements: readonly Element[];
  /** Whether anything comes after them. */
  readonly more: boolean;
  /** Messages in all lists. */
  readonly total: number;
  /** By how many places the list moved since the cursor was made; null where it cannot be told. */
  readonly moved: number | null;
}

/** Longest element that a row reads whole, bytes of a longer one, and bytes of a page. */
const WHOLE = 64 * 1024;
const TAIL = 16 * 1024;
const ROOM = 8 * 1024 * 1024;
/** How far a list may have moved since the page before, and bytes that are looked at to find its last row. */
const BACK = 3000;
const FORWARD = 300;
const SEARCHED = 4 * 1024 * 1024;
/** Lists that one page reads from at the most. */
const AHEAD = 200;
/** Rows whose hashes a cursor carries. */
const ANCHORS = 5;

const SCRIPT = bare(PAGE);

/**
 * The messages of a page. One round trip whatever the lengths; a second one where the list has moved far, and where the
 * server cannot cut (before Redis 7.0): there the size of the elements is asked for first.
 */
export async function readSequence(
  reading: Reading,
  lists: readonly List[],
  cursor: ListCursor | null,
  size: number,
  signal: AbortSignal,
): Promise<Sequence> {
  const begin =
    cursor === null ? 0 : lists.findIndex(({ queue, step }) => queue === cursor.queue && step === cursor.step);
  const counted = lists.map(({ key }): Command => ['LLEN', key]);
  if (begin < 0) {
    const total = (await reading.broker.read(counted, signal)).reduce<number>((sum, reply) => sum + lengthOf(reply), 0);
    return { elements: [], more: false, total, moved: null };
  }
  const asked = askedLists(reading, lists, begin, size);
  const part = canScript(reading)
    ? await byScript(reading, counted, asked, cursor, size, signal)
    : await bySize(reading, counted, asked, cursor, size, signal);
  const lengths = part.lengths.map(lengthOf);
  lists.forEach((list, i) => {
    reading.memory.lengths.set(listName(list), lengths[i] ?? 0);
  });
  const elements = numbered(part.elements.slice(0, size), cursor);
  const last = elements.at(-1);
  const names = new Set(asked);
  const beyond = lists.some((list, i) => i > begin && !names.has(list) && (lengths[i] ?? 0) > 0);
  return {
    elements,
    more: last !== undefined && (part.elements.length > size || beyond || part.cut),
    total: lengths.reduce((sum, length) => sum + length, 0),
    moved: cursor === null || cursor.rank < 0 ? null : part.moved,
  };
}

/** The lists that may hold the page: those known to be empty are asked only when they are near. */
function askedLists({ memory }: Reading, lists: readonly List[], begin: number, size: number): List[] {
  const asked: List[] = [];
  let known = 0;
  for (let i = begin; i < lists.length && known <= size && asked.length < AHEAD; i++) {
    const list = lists[i]!;
    const length = memory.lengths.get(listName(list));
    if (length === undefined && memory.lengths.size > 0 && i > begin + 40) continue;
    asked.push(list);
    known += i === begin ? 0 : (length ?? 0);
  }
  return asked;
}

interface Part {
  readonly lengths: readonly Reply[];
  /** One more than wanted where there are more. */
  readonly elements: readonly Element[];
  readonly moved: number | null;
  /** Fewer than wanted were read, since they are large. */
  readonly cut: boolean;
}

async function byScript(
  reading: Reading,
  counted: readonly Command[],
  asked: readonly List[],
  cursor: ListCursor | null,
  size: number,
  signal: AbortSignal,
): Promise<Part> {
  const call = (back: number, bytes: number): Command => {
    const anchors = cursor?.anchors.map(([hash]) => hash) ?? [];
    const limits = [size + 1, WHOLE, ROOM, TAIL, cursor?.rank ?? -1, back, FORWARD, bytes];
    return ['EVAL_RO', SCRIPT, asked.length, ...asked.map(({ key }) => key), ...limits, ...anchors];
  };
  const replies = await readAll(reading, [...counted, call(BACK, SEARCHED)], signal);
  const lengths = replies.slice(0, counted.length);
  let reply = replies[counted.length];
  if (failureOf(reply) !== null) {
    reading.memory.scripts = false;
    return bySize(reading, counted, asked, cursor, size, signal);
  }
  const begins = cursor !== null && cursor.rank >= 0;
  let found = numberOf(arrayOf(reply)[0]) ?? -1;
  if (begins && found < 0) {
    // Moved by thousands: looked for once more, further, in the second round trip.
    [reply] = await reading.broker.read([call(20 * BACK, 16 * SEARCHED)], signal);
    found = numberOf(arrayOf(reply)[0]) ?? -1;
    if (found < 0) return { ...(await fromTheEnd(reading, asked, size, signal)), lengths, moved: null };
  }
  const which = (numberOf(arrayOf(reply)[1]) ?? 1) - 1;
  const elements = elementsOf(reply, asked, begins ? found + 1 : 0);
  return { lengths, elements, moved: begins ? found - (cursor.rank - which) : null, cut: false };
}

/** None of the last rows is left. A list is emptied from its end, so what stands there now was not shown yet. */
async function fromTheEnd(reading: Reading, asked: readonly List[], size: number, signal: AbortSignal) {
  const limits = [size + 1, WHOLE, ROOM, TAIL, -1, 0, 0, 0];
  const command: Command = ['EVAL_RO', SCRIPT, asked.length, ...asked.map(({ key }) => key), ...limits];
  const [reply] = await reading.broker.read([command], signal);
  return { elements: elementsOf(reply, asked, 0), cut: false };
}

function elementsOf(reply: Reply | undefined, asked: readonly List[], from: number): Element[] {
  const elements: Element[] = [];
  arrayOf(reply)
    .slice(2)
    .forEach((rows, i) => {
      const list = asked[i]!;
      const first = i === 0 ? from : 0;
      arrayOf(rows).forEach((row, n) => {
        const whole = bufferOf(row);
        if (whole !== null) elements.push(wholeElement(list, first + n, whole));
        else {
          const [length, hash, tail] = arrayOf(row);
          const end = bufferOf(tail) ?? Buffer.alloc(0);
          elements.push(cutElement(list, first + n, numberOf(length) ?? 0, plainOf(hash) ?? '', end));
        }
      });
    });
  return elements;
}

/** Without scripts: how large elements are is asked for first, so that no reply is larger than a page may be. */
async function bySize(
  reading: Reading,
  counted: readonly Command[],
  asked: readonly List[],
  cursor: ListCursor | null,
  size: number,
  signal: AbortSignal,
): Promise<Part> {
  const sizes = asked.map(({ key }): Command => ['MEMORY', 'USAGE', key, 'SAMPLES', 20]);
  const own = asked.map(({ key }): Command => ['LLEN', key]);
  const first = await readAll(reading, [...counted, ...own, ...sizes], signal);
  const lengths = first.slice(0, counted.length);
  let room = ROOM;
  let cut = false;
  let left = size + 1;
  const ranges: { readonly list: List; readonly from: number; readonly to: number }[] = [];
  asked.forEach((list, i) => {
    const length = lengthOf(first[counted.length + i]);
    const average = Math.max(64, (numberOf(first[counted.length + own.length + i]) ?? 0) / Math.max(1, length));
    const begins = i === 0 && cursor !== null && cursor.rank >= 0;
    const fits = Math.max(1, Math.floor(room / average));
    const back = begins ? Math.min(cursor.rank + 1, 1000, Math.max(ANCHORS, Math.floor(fits / 2))) : 0;
    const from = begins ? cursor.rank + 1 - back : 0;
    const wanted = Math.min(left + back + (begins ? Math.min(50, fits) : 0), Math.max(1, length - from), fits + back);
    if (length === 0 || left <= 0 || room <= 0 || from >= length) return;
    if (fits < left && length - from > fits) cut = true;
    ranges.push({ list, from, to: from + wanted - 1 });
    room -= wanted * average;
    left -= wanted - back;
  });
  const replies = await reading.broker.read(
    ranges.map(({ list, from, to }): Command => ['LRANGE', list.key, -(to + 1), -(from + 1)]),
    signal,
  );
  const elements: Element[] = [];
  let moved: number | null = null;
  ranges.forEach(({ list, from }, i) => {
    let read = arrayOf(replies[i])
      .flatMap(reply => bufferOf(reply) ?? [])
      .reverse()
      .map((bytes, n) => wholeElement(list, from + n, bytes));
    if (list === asked[0] && cursor !== null && cursor.rank >= 0) {
      const at = anchorIn(read, cursor);
      moved = at === null ? null : at.moved;
      // None of the last rows is left: what stands at the end now was not shown yet.
      read = read.slice(at !== null ? at.index + 1 : from === 0 ? 0 : Math.max(0, cursor.rank + 1 - from));
    }
    elements.push(...read);
  });
  return { lengths, elements, moved, cut };
}

function anchorIn(
  read: readonly Element[],
  cursor: ListCursor,
): { readonly index: number; readonly moved: number } | null {
  for (const [back, [hash]] of cursor.anchors.entries()) {
    const expected = cursor.rank - back;
    let index = -1;
    read.forEach((element, i) => {
      const nearer = index < 0 || Math.abs(element.rank - expected) < Math.abs(read[index]!.rank - expected);
      if (element.hash === hash && nearer) index = i;
    });
    if (index >= 0) return { index, moved: read[index]!.rank - expected };
  }
  return null;
}

/** Elements with the same bytes are told apart by their number, as far as this page and the end of the last one show. */
function numbered(elements: readonly Element[], cursor: ListCursor | null): Element[] {
  const seen = new Map<string, number>();
  for (const [hash, nth] of cursor?.anchors ?? []) {
    const name = `${cursor?.step}:${cursor?.queue}:${hash}`;
    seen.set(name, Math.max(nth, seen.get(name) ?? 0));
  }
  return elements.map(element => {
    const name = `${listName(element.list)}:${element.hash}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return nth === 1 ? element : { ...element, nth };
  });
}

/** The cursor after the last of these; small pages keep rows of the page before to be found again by. */
export function cursorAfter(elements: readonly Element[], before: ListCursor | null): ListCursor {
  const { list, rank } = elements.at(-1)!;
  const anchors: [string, number][] = [];
  for (let i = elements.length - 1; i >= 0 && anchors.length < ANCHORS; i--) {
    const { hash, nth, list: its } = elements[i]!;
    if (its.queue !== list.queue || its.step !== list.step) break;
    anchors.push([hash, nth]);
  }
  if (anchors.length === elements.length && before?.queue === list.queue && before.step === list.step) {
    for (const [hash, nth] of before.anchors.slice(0, ANCHORS - anchors.length)) anchors.push([hash, nth]);
  }
  return { kind: 'list', queue: list.queue, step: list.step, rank, anchors };
}
