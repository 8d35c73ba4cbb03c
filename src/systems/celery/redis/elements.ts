import type { Command } from '../../../brokers/redis/port';
import type { Ref } from '../../../model';
import { bytesOf } from '../../reading/ids';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import { listKey, unackedIndexKey, unackedKey } from '../keys';
import type { StoredElement } from '../parts';
import { heldOf } from './held';
import { lookThrough } from './lookup';
import { type Located, locate, unackedRef, waitingRef } from './places';
import { type List, listName, queueNames } from './queues';
import type { Reading } from './reading';
import { wholeElement } from './rows';

/** Neighbours on either side that a restored element is put next to. */
const NEIGHBOURS = 3;
/** Messages of one list that are looked through for those a ref names. */
const LOOKED_FOR = 300_000;

type InList = Extract<Located, { kind: 'list' }>;

/** Elements as they stand now, exact bytes; null = gone. */
export async function readElements(
  reading: Reading,
  refs: readonly Ref[],
  signal: AbortSignal,
): Promise<(StoredElement | null)[]> {
  const located = refs.map(ref => locate(ref));
  await queueNames(reading, signal);
  const answers = new Map<number, StoredElement | null>();
  const held = located.flatMap((place, i) => (place.kind === 'unacked' ? [{ i, tag: place.tag }] : []));
  const elements = await readHeldElements(
    reading,
    held.map(({ tag }) => tag),
    signal,
  );
  for (const [n, { i }] of held.entries()) answers.set(i, elements[n] ?? null);
  const byList = new Map<string, { readonly i: number; readonly place: InList }[]>();
  located.forEach((place, i) => {
    if (place.kind !== 'list') return;
    const name = listName(place);
    byList.set(name, [...(byList.get(name) ?? []), { i, place }]);
  });
  for (const group of byList.values()) {
    const found = await readListElements(
      reading,
      group.map(({ place }) => place),
      signal,
    );
    for (const [n, { i }] of group.entries()) answers.set(i, found[n] ?? null);
  }
  return refs.map((_ref, i) => answers.get(i) ?? null);
}

async function readListElements(
  reading: Reading,
  places: readonly InList[],
  signal: AbortSignal,
): Promise<(StoredElement | null)[]> {
  const [first] = places;
  if (first === undefined) return [];
  const { queue, step } = first;
  const list: List = {
    queue,
    step,
    key: listKey(reading.prefix, queue, step, reading.separator),
    name: listName(first),
  };
  const ranks = await ranksOf(reading, list, places, signal);
  const wanted = places.map((place, i) => ({ place, rank: ranks[i] ?? null }));
  const commands = wanted.map(({ rank }): Command => {
    const from = Math.max(0, (rank ?? 0) - NEIGHBOURS);
    return rank === null ? ['LLEN', list.key] : ['LRANGE', list.key, -(rank + NEIGHBOURS + 1), -(from + 1)];
  });
  const replies = await reading.broker.read(commands, signal);
  return wanted.map(({ place, rank }, i) => {
    if (rank === null) return null;
    const window = arrayOf(replies[i]).flatMap(reply => bufferOf(reply) ?? []);
    // Nearest to its place: the list may have moved between the two looks.
    const expected = window.length - 1 - Math.min(rank, NEIGHBOURS);
    const order = window.map((_bytes, n) => n).sort((a, b) => Math.abs(a - expected) - Math.abs(b - expected));
    const at = order.find(n => wholeElement(list, 0, window[n]!).hash === place.hash);
    if (at === undefined) return null;
    const bytes = window[at]!;
    const { message } = wholeElement(list, rank, bytes);
    return {
      ref: waitingRef(reading.place.key, list, place.hash, place.nth, message.id),
      kind: 'list' as const,
      key: list.key,
      queue,
      step,
      bytes,
      tag: null,
      score: null,
      before: window.slice(Math.max(0, at - NEIGHBOURS), at).reverse(),
      after: window.slice(at + 1, at + 1 + NEIGHBOURS),
      message,
    };
  });
}

/** Where elements stand, counted from the end at which workers take; null = nowhere. */
async function ranksOf(
  reading: Reading,
  list: List,
  places: readonly InList[],
  signal: AbortSignal,
): Promise<(number | null)[]> {
  const { broker, memory } = reading;
  const ranks = new Map<InList, number>();
  const known = places.flatMap(place => {
    const bytes = memory.shown.get(place.hash, listName(list));
    return bytes === undefined ? [] : [{ place, bytes }];
  });
  if (known.length > 0 && broker.server.atLeast('6.0.6')) {
    const lookups = known.map(({ place, bytes }): Command => ['LPOS', list.key, bytes, 'RANK', -place.nth]);
    const [length, ...found] = await broker.read([['LLEN', list.key], ...lookups], signal);
    known.forEach(({ place }, i) => {
      const index = numberOf(found[i]);
      if (index !== null) ranks.set(place, (numberOf(length) ?? 0) - 1 - index);
    });
    // What was known whole and is not there is gone: its exact bytes are nowhere in the list.
    if (known.length === places.length) return places.map(place => ranks.get(place) ?? null);
  }
  const open = places.filter(place => !ranks.has(place) && !known.some(each => each.place === place));
  const missing = open.length > 0 ? open : places.filter(place => !ranks.has(place));
  const [only] = missing;
  const byText = missing.length === 1 && only !== undefined && isPlainId(only.id);
  const wanted = byText
    ? ({ by: 'text', values: [only.id] } as const)
    : ({ by: 'hash', values: missing.map(({ hash }) => hash) } as const);
  const seen = new Map<string, number>();
  if (missing.length > 0) {
    for await (const part of lookThrough(reading, list, wanted, signal)) {
      for (const { hash, rank } of part.found) {
        const nth = (seen.get(hash) ?? 0) + 1;
        seen.set(hash, nth);
        for (const place of missing) if (place.hash === hash && place.nth === nth) ranks.set(place, rank);
      }
      if (missing.every(place => ranks.has(place)) || part.looked >= LOOKED_FOR) break;
    }
  }
  return places.map(place => ranks.get(place) ?? null);
}

/** Whether an id stands in the JSON of a message as it is. */
const isPlainId = (id: string): boolean => id.length >= 8 && /^[\w.:@/-]+$/.test(id);

async function readHeldElements(
  reading: Reading,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<(StoredElement | null)[]> {
  if (tags.length === 0) return [];
  const { broker, prefix, place } = reading;
  const key = unackedKey(prefix);
  const [values, ...scores] = await broker.read(
    [
      ['HMGET', key, ...tags.map(bytesOf)],
      ...tags.map((tag): Command => ['ZSCORE', unackedIndexKey(prefix), bytesOf(tag)]),
    ],
    signal,
  );
  return tags.map((tag, i) => {
    const bytes = bufferOf(arrayOf(values)[i]);
    const score = bufferOf(scores[i])?.toString() ?? null;
    const held = bytes === null ? null : heldOf(reading, tag, score, bytes);
    if (held === null || bytes === null) return null;
    return {
      ref: unackedRef(place.key, tag),
      kind: 'unacked' as const,
      key,
      queue: held.queue,
      step: 0,
      bytes,
      tag: Buffer.from(bytesOf(tag) as string),
      score,
      before: [],
      after: [],
      message: held.message,
    };
  });
}
