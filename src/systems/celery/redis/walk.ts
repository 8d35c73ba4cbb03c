import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { readEnvelope } from '../message/read';
import type { StoredElement } from '../parts';
import type { HeldCursor } from './cursor';
import { readElements } from './elements';
import { filledLists } from './find';
import { unackedRef, waitingRef } from './places';
import { type List, queueNames } from './queues';
import { lengthOf, type Reading } from './reading';
import { hashOf } from './shown';
import { readHeldPage } from './taken';

/** Neighbours on either side that a restored element is put next to. */
const NEIGHBOURS = 3;
/** Bytes of one step. */
const ROOM = 8 * 1024 * 1024;
/** Bytes of an element that takes a while to read. */
const LARGE = 64 * 1024;

export interface WalkQuery {
  readonly queue: string | null;
  readonly state: 'waiting' | 'taken';
  /** Elements of one step at the most. */
  readonly size: number;
}

/**
 * All elements of a state in serving order, in steps. Whoever walks may take away what was handed out: the next step
 * looks again from before the place where the last one ended, and passes over what was handed out. It ends after as many
 * as stood there in the beginning.
 */
export async function* walk(
  reading: Reading,
  query: WalkQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredElement[], void> {
  const names = await queueNames(reading, signal);
  if (query.state === 'taken') return yield* walkHeld(reading, query, signal);
  for (const list of await filledLists(reading, query.queue === null ? names : [query.queue], signal)) {
    yield* walkList(reading, list, query.size, signal);
  }
}

async function* walkList(
  reading: Reading,
  list: List,
  wanted: number,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredElement[], void> {
  const [length, memory] = await reading.broker.read(
    [
      ['LLEN', list.key],
      ['MEMORY', 'USAGE', list.key, 'SAMPLES', 20],
    ],
    signal,
  );
  let left = lengthOf(length);
  const average = Math.max(64, (numberOf(memory) ?? 0) / Math.max(1, left));
  const size = Math.max(1, Math.min(wanted, Math.floor(ROOM / average / 3)));
  // How many of each hash were handed out.
  const handed = new Map<string, number>();
  let rank = 0;
  while (left > 0) {
    signal.throwIfAborted();
    const window = await windowAt(reading, list, rank, size, handed, signal);
    const fresh: StoredElement[] = [];
    const met = new Map<string, number>();
    // Of this step, which is not to be taken for a step before.
    const now = new Map<string, number>();
    const turns = new Turns();
    for (let at = 0; at < window.elements.length && fresh.length < Math.min(size, left); at++) {
      const { bytes, hash } = window.elements[at]!;
      const nth = (met.get(hash) ?? 0) + 1;
      met.set(hash, nth);
      if (nth <= (handed.get(hash) ?? 0)) continue;
      now.set(hash, (now.get(hash) ?? 0) + 1);
      rank = window.from + at + 1;
      fresh.push(storedOf(reading, list, window, at, nth));
      if (bytes.length > LARGE || at % 16 === 15) await turns.next();
    }
    if (fresh.length === 0) return;
    for (const [hash, count] of now) handed.set(hash, (handed.get(hash) ?? 0) + count);
    left -= fresh.length;
    yield fresh;
  }
}

/** Elements as they stand in a list: the next to run first. */
interface Window {
  /** Place of the first, counted from the end at which workers take. */
  readonly from: number;
  readonly elements: readonly { readonly bytes: Buffer; readonly hash: string }[];
}

/** Elements around a place: from before those of the last step, which may have gone or moved towards the end. */
async function windowAt(
  reading: Reading,
  list: List,
  rank: number,
  size: number,
  handed: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<Window> {
  for (let back = 2 * size; ; back *= 4) {
    const from = Math.max(0, rank - back);
    const to = rank + size - 1;
    const [reply] = await reading.broker.read([['LRANGE', list.key, -(to + 1), -(from + 1)]], signal);
    const elements = arrayOf(reply)
      .flatMap(bytes => bufferOf(bytes) ?? [])
      .reverse()
      .map(bytes => ({ bytes, hash: hashOf(bytes) }));
    const [first] = elements;
    // Workers took more than was allowed for: what was not handed out yet may stand before this window.
    const shifted = first === undefined ? from > 0 : from > 0 && !handed.has(first.hash);
    if (!shifted) return { from, elements };
  }
}

function storedOf({ place }: Reading, list: List, { elements }: Window, at: number, nth: number): StoredElement {
  const { bytes, hash } = elements[at]!;
  const message = readEnvelope(bytes);
  const bytesOfAll = (some: Window['elements']) => some.map(each => each.bytes);
  return {
    ref: waitingRef(place.key, list, hash, nth, message.id),
    kind: 'list',
    key: list.key,
    queue: list.queue,
    step: list.step,
    bytes,
    tag: null,
    score: null,
    // The window runs from the end at which workers take to the head.
    before: bytesOfAll(elements.slice(at + 1, at + 1 + NEIGHBOURS)),
    after: bytesOfAll(elements.slice(Math.max(0, at - NEIGHBOURS), at).reverse()),
    message,
  };
}

async function* walkHeld(
  reading: Reading,
  { queue, size }: WalkQuery,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredElement[], void> {
  let cursor: HeldCursor | null = null;
  do {
    signal.throwIfAborted();
    const page: Awaited<ReturnType<typeof readHeldPage>> = await readHeldPage(reading, queue, cursor, size, signal);
    const refs = page.held.map(({ tag }) => unackedRef(reading.place.key, tag));
    const elements = refs.length === 0 ? [] : await readElements(reading, refs, signal);
    const there = elements.filter(element => element !== null);
    if (there.length > 0) yield there;
    cursor = page.next;
  } while (cursor !== null);
}
