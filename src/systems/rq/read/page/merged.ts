import { failureOf } from '../../../reading/replies';
import type { Reading } from '../reading';
import type { Standing } from '../rows';
import { type ScoreCursor, scoreOf, scoreText } from './cursor';
import { countCommand, countOf, entriesOf, fromScoreCommand, type Section } from './sections';

export interface Merged {
  readonly standings: readonly Standing[];
  readonly next: ScoreCursor | null;
  /** Of the sections, then of those that are only counted. */
  readonly counts: readonly number[];
  /** What the server said of a section that cannot be counted; null where all could be. */
  readonly failure: string | null;
}

/** Members read in one round trip, over all queues. */
const BUDGET = 20_000;

interface Candidate extends Standing {
  readonly score: number;
  readonly order: number;
}

/**
 * The next members of many sorted sets in the order of their scores. One round trip whatever the number of queues: each
 * gives its next few members, and the page ends where one of them may hold more, so that it is never out of order.
 * @param counted sections that have no scores to be merged by
 */
export async function readMerged(
  reading: Reading,
  sections: readonly Section[],
  cursor: ScoreCursor | null,
  size: number,
  counted: readonly Section[],
  signal: AbortSignal,
): Promise<Merged> {
  const lowest = sections[0]?.order === 'lowest-first';
  const filled = sections.filter(section => reading.memory.lengths.get(section.place) !== 0);
  const each = Math.min(size + 1, Math.max(2, Math.floor(BUDGET / Math.max(1, filled.length))));
  const from = cursor?.score ?? (lowest ? '-inf' : '+inf');
  const replies = await reading.broker.read(
    [
      ...[...sections, ...counted].map(countCommand),
      ...sections.map(section => fromScoreCommand(section, from, cursor?.shown[section.place.queue] ?? 0, each)),
    ],
    signal,
  );
  const sign = lowest ? 1 : -1;
  const candidates: Candidate[] = [];
  let horizon = Number.POSITIVE_INFINITY;
  sections.forEach((section, order) => {
    const entries = entriesOf(section, replies[sections.length + counted.length + order]);
    for (const entry of entries) candidates.push({ ...entry, score: entry.score ?? 0, place: section.place, order });
    if (entries.length === each) horizon = Math.min(horizon, sign * (entries.at(-1)?.score ?? 0));
  });
  // Stable: members of one set with one score keep the set's own order.
  candidates.sort((a, b) => (a.score === b.score ? a.order - b.order : sign * a.score < sign * b.score ? -1 : 1));
  const safe = candidates.filter(candidate => sign * candidate.score <= horizon);
  const standings = safe.slice(0, size);
  const counts = [...sections, ...counted].map((_section, index) => countOf(replies[index]));
  const failure = counts.map((_count, index) => failureOf(replies[index])).find(each => each !== null) ?? null;
  const more = candidates.length > standings.length || horizon !== Number.POSITIVE_INFINITY;
  return { standings, counts, failure, next: more && standings.length > 0 ? after(standings, cursor) : null };
}

function after(standings: readonly Candidate[], before: ScoreCursor | null): ScoreCursor {
  const { score } = standings.at(-1)!;
  const shown: Record<string, number> = before !== null && scoreOf(before.score) === score ? { ...before.shown } : {};
  for (const standing of standings) {
    if (standing.score === score) shown[standing.place.queue] = (shown[standing.place.queue] ?? 0) + 1;
  }
  return { kind: 'score', score: scoreText(score), shown };
}
