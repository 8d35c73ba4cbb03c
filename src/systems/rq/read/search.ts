import { callText } from '../../../codecs/python';
import type { Found, Looked, SearchQuery, State } from '../../../model';
import { Turns } from '../../reading/turns';
import { resultTracebackText, tracebackText } from '../errors';
import { placeText } from '../keys';
import { readCall } from '../payload';
import { idOfMember, stateOf } from '../places';
import { type Section, sectionsOf } from './page/sections';
import { cursorAfter, readSequence } from './page/sequence';
import { queuesOf } from './queues';
import type { Reading } from './reading';
import { type RowRecord, readRecords } from './records';
import { rowOf } from './rows';

/** Jobs of one step. */
const STEP = 500;
/** Characters of a call that are looked through. */
const CALL = 20_000;

const ORDER: readonly State[] = [
  'failed',
  'waiting',
  'running',
  'scheduled',
  'deferred',
  'taken',
  'finished',
  'canceled',
];

/**
 * Jobs whose id, function, arguments or error hold a text, whatever its case. Looks through the states asked for step
 * by step: hits as they come, and after each step how far it has looked.
 */
export async function* readSearch(
  reading: Reading,
  query: SearchQuery,
  signal: AbortSignal,
): AsyncGenerator<Found | Looked, void> {
  const all = await queuesOf(reading, { ...query, cursor: null }, signal);
  const states = query.state === null ? ORDER : [query.state];
  const sections = states.flatMap(state => sectionsOf(reading, state, all, query.queue !== null));
  const needle = query.text.toLowerCase();
  let looked = 0;
  let hits = 0;
  let cursor: ReturnType<typeof cursorAfter> | null = null;
  for (;;) {
    signal.throwIfAborted();
    const rest: readonly Section[] = cursor === null ? sections : from(sections, cursor.section);
    if (rest.length === 0) return;
    const step = await readSequence(reading, rest, cursor, STEP, signal);
    const ids = step.ranked.map(({ place, member }) => idOfMember(place.structure, member));
    const errors = step.ranked.some(({ place }) => stateOf(place.structure) === 'failed');
    const records = await readRecords(reading, ids, errors, signal);
    const turns = new Turns();
    for (let i = 0; i < records.length; i++) {
      if (i % 8 === 7 && turns.over) await turns.next();
      const ranked = step.ranked[i]!;
      const record = records[i]!;
      if (!textOf(ids[i]!, record).includes(needle)) continue;
      const row = rowOf(ranked, ids[i]!, record);
      if (ranked.section.origin !== null && ranked.section.origin !== row.queue) continue;
      yield { found: row };
      if (++hits >= query.limit) return;
    }
    looked += records.length;
    const before = sections.length - rest.length;
    const ahead = step.counts.reduce((sum, count) => sum + count, 0);
    const left = step.more ? Math.max(0, ahead - (step.ranked.at(-1)?.rank ?? 0) - 1) : 0;
    yield { looked, of: Math.max(looked, before === 0 && cursor === null ? ahead : looked + left) };
    if (!step.more || step.ranked.length === 0) return;
    cursor = cursorAfter(step.ranked);
  }
}

/** The sections from the one where the last step ended. */
function from(sections: readonly Section[], place: string): readonly Section[] {
  const index = sections.findIndex(section => placeText(section.place) === place);
  return index < 0 ? [] : sections.slice(index);
}

/** Everything of a job that a person may search for, in small letters. */
function textOf(id: string, record: RowRecord): string {
  const call = record.data === null ? null : readCall(record.data).value;
  const parts = [id, record.text('description') ?? ''];
  if (call !== null) parts.push(call.function ?? '', callText(call.args, call.kwargs, CALL));
  parts.push(resultTracebackText(record.resultError) ?? tracebackText(record.error) ?? '');
  return parts.join('\n').toLowerCase();
}
