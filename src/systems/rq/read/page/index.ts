import { atLeast, type Count, exactly, type JobPage, type JobQuery, type JobRow, unknown } from '../../../../model';
import { placeText } from '../../keys';
import { NOT_TAKEN } from '../../native';
import { queuesOf } from '../queues';
import type { Reading } from '../reading';
import { readRows, type Standing } from '../rows';
import { type Cursor, readCursor, writeCursor } from './cursor';
import { type Merged, readMerged } from './merged';
import { type Section, sectionsOf } from './sections';
import { cursorAfter, type Ranked, readSequence } from './sequence';

/** Jobs of the failed list that are looked at for one page of one queue. */
const FILTER_WINDOW = 500;

const ORDER: Readonly<Record<Section['order'], string>> = {
  'head-first': 'next to run first',
  'tail-first': 'newest failure first',
  'lowest-first': 'due first',
  'highest-first': 'newest first',
};

/**
 * One page of jobs of a state: a round trip for the members, one for their hashes (a further one where the server
 * cannot cut large fields: before Redis 7.0, or where this user may not run EVAL_RO). Independent of the lengths.
 */
export async function readPage(reading: Reading, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const size = Math.max(1, Math.min(1000, Math.floor(query.size)));
  const cursor = query.cursor === null ? null : readCursor(query.cursor);
  const all = await queuesOf(reading, query, signal);
  const sections = sectionsOf(reading, query.state, all, query.queue !== null);
  const first = sections[0];
  if (first === undefined) return noSuchState(query.state);
  const registries = sections.filter(section => !section.list);
  if (registries.length > 1 && cursor?.kind !== 'rank') {
    return mergedPage(reading, sections, registries, cursor, size, signal);
  }
  return sequencePage(reading, sections, cursor, size, signal);
}

async function sequencePage(
  reading: Reading,
  sections: readonly Section[],
  cursor: Cursor | null,
  size: number,
  signal: AbortSignal,
): Promise<JobPage> {
  const filtered = sections.some(section => section.origin !== null);
  const sequence = await readSequence(
    reading,
    sections,
    cursor?.kind === 'rank' ? cursor : null,
    filtered ? Math.max(size, FILTER_WINDOW) : size,
    signal,
    true,
  );
  const rows = await readRows(reading, sequence.ranked, signal, sequence.records);
  const items: JobRow[] = [];
  const shown: Ranked[] = [];
  let cut = false;
  for (let i = 0; i < rows.length; i++) {
    const { section } = sequence.ranked[i]!;
    const own = section.origin === null || section.origin === rows[i]!.queue;
    if (own && items.length === size) {
      cut = true;
      break;
    }
    shown.push(sequence.ranked[i]!);
    if (own) items.push(rows[i]!);
  }
  sections.forEach((section, index) => {
    reading.memory.lengths.set(section.place, sequence.counts[index] ?? 0);
  });
  const more = (sequence.more || cut) && shown.length > 0;
  return {
    items,
    next: more ? writeCursor(cursorAfter(shown)) : null,
    total:
      cursor === null && !more && filtered ? exactly(items.length) : totalOf(sections, sequence.counts, items.length),
    order: orderOf(sections),
    moved: cursor === null ? null : sequence.moved,
    withheld: null,
  };
}

async function mergedPage(
  reading: Reading,
  sections: readonly Section[],
  registries: readonly Section[],
  cursor: Cursor | null,
  size: number,
  signal: AbortSignal,
): Promise<JobPage> {
  const list = sections.find(section => section.list);
  const from = cursor?.kind === 'score' ? cursor : null;
  const merged = await readMerged(reading, registries, from, size, list === undefined ? [] : [list], signal);
  const standings: Standing[] = [...merged.standings];
  let next = merged.next === null ? null : writeCursor(merged.next);
  if (list !== undefined) {
    // RQ 0.13's failed jobs have no score to merge by: they come after all others.
    const room = size - standings.length;
    const rest = next === null ? await readSequence(reading, [list], null, Math.max(1, room), signal) : null;
    if (rest !== null && room > 0) {
      standings.push(...rest.ranked);
      if (rest.more) next = writeCursor(cursorAfter(rest.ranked));
    } else if (rest !== null && rest.ranked.length > 0) {
      next = writeCursor({ kind: 'rank', section: placeText(list.place), rank: -1, score: null, anchors: [] });
    }
  }
  const items = await readRows(reading, standings, signal);
  return {
    items,
    next,
    total: mergedTotal(merged),
    order: orderOf(sections),
    moved: null,
    withheld: null,
  };
}

/** Of what can be counted: where a key holds a foreign type, at least that. */
function mergedTotal({ counts, failure }: Merged): Count {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (failure === null) return exactly(total);
  return total === 0 ? unknown(failure) : atLeast(total);
}

function totalOf(sections: readonly Section[], counts: readonly number[], shown: number): Count {
  const own = counts.reduce((sum, count, index) => sum + (sections[index]?.origin === null ? count : 0), 0);
  const foreign = counts.some((count, index) => sections[index]?.origin !== null && count > 0);
  if (sections.every(section => section.place.structure === 'intermediate') && own === 0) return unknown(NOT_TAKEN);
  return foreign ? atLeast(Math.max(own, shown)) : exactly(own);
}

function orderOf(sections: readonly Section[]): string {
  const first = sections[0]!;
  const words = first.place.structure === 'failed' ? 'newest failure first' : ORDER[first.order];
  const several = sections.filter(section => section.list).length > 1;
  if (several) return `queue by queue, ${words}`;
  return sections.length > 1 && sections.at(-1)?.place.structure === 'failed-list'
    ? `${words}, then those of RQ 0.13 and older`
    : words;
}

function noSuchState(state: string): JobPage {
  const why = `RQ has no state "${state}".`;
  return { items: [], next: null, total: unknown(why), order: why, moved: null, withheld: null };
}
