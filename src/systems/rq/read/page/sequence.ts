import type { Command, Reply } from '../../../../brokers/redis/port';
import { bytesOf } from '../../../reading/ids';
import { arrayOf, numberOf } from '../../../reading/replies';
import { JOB_PREFIX, placeText, RESULTS_PREFIX } from '../../keys';
import { isJobId } from '../../places';
import { canCut, type Reading } from '../reading';
import { type RowRecord, recordsOf, rowArguments, rowScript } from '../records';
import type { Standing } from '../rows';
import SOURCE from './after.lua';
import { type RankCursor, scoreOf, scoreText } from './cursor';
import {
  countCommand,
  countOf,
  type Entry,
  entriesOf,
  fromScoreCommand,
  rankCommand,
  type Section,
  windowCommand,
} from './sections';

/** A member of a page with what its cursor needs. */
export interface Ranked extends Standing {
  readonly section: Section;
  readonly rank: number;
}

export interface Sequence {
  readonly ranked: readonly Ranked[];
  /** Whether anything comes after them. */
  readonly more: boolean;
  readonly counts: readonly number[];
  readonly moved: number | null;
  /** What came with them of the first jobs. */
  readonly records: readonly RowRecord[];
}

/** How far a list may have moved between two pages and still be found within the one round trip. */
const BACK = { list: 1000, zset: 200 } as const;
const FORWARD = 200;
/** Sections asked beyond the one where the page begins, when what they hold is not known. */
const AHEAD = 200;

/**
 * The members of a page over sections, one after the other. One round trip, whatever the length of the lists; two when a
 * list has moved by more than 1,000 places since the page before, or when its last row has left a sorted set.
 * @param withRows brings the records of the first members along, where the server runs scripts
 */
export async function readSequence(
  reading: Reading,
  sections: readonly Section[],
  cursor: RankCursor | null,
  size: number,
  signal: AbortSignal,
  withRows = false,
): Promise<Sequence> {
  const at = cursor === null ? 0 : sections.findIndex(section => placeText(section.place) === cursor.section);
  if (at < 0) return { ranked: [], more: false, counts: [], moved: null, records: [] };
  const first = sections[at];
  const continues = first !== undefined && cursor !== null && cursor.rank >= 0;
  const scripted = first?.list === false && (continues ? cursor.score !== null : at === 0) && canCut(reading);
  const begins = continues || scripted;
  // The first section is asked from its beginning on only where the page begins there.
  const asked = askedSections(reading, sections, at, size).slice(begins ? 1 : 0);
  const begun = scripted
    ? [afterCommand(first, continues ? cursor : null, size, withRows)]
    : continues
      ? beginCommands(first, cursor, size)
      : [];
  const replies = await reading.broker.read(
    [...sections.map(countCommand), ...begun, ...asked.map(section => windowCommand(section, 0, size))],
    signal,
  );
  const counts = sections.map((_section, index) => countOf(replies[index]));
  const ranked: Ranked[] = [];
  let moved: number | null = null;
  const take = (section: Section, entries: readonly Entry[], rank: number) => {
    for (let i = 0; i < entries.length && ranked.length <= size; i++) {
      const { member, score } = entries[i]!;
      ranked.push({ member, score, place: section.place, section, rank: rank + i });
    }
  };
  let records: readonly RowRecord[] = [];
  if (first !== undefined && begun.length > 0) {
    const own = replies.slice(sections.length, sections.length + begun.length);
    let start = scripted ? afterLast(first, cursor, own[0]) : null;
    if (start !== null) records = recordsOf(arrayOf(own[0])[2]) ?? [];
    else if (continues) {
      const around = scripted ? await reading.broker.read(beginCommands(first, cursor, size), signal) : own;
      start = resolve(first, cursor, around) ?? (await search(reading, first, cursor, size, signal));
    } else {
      const [window] = await reading.broker.read([windowCommand(first, 0, size)], signal);
      start = { entries: entriesOf(first, window), rank: 0, moved: null };
    }
    moved = start.moved;
    take(first, start.entries, start.rank);
  }
  asked.forEach((section, index) => {
    take(section, entriesOf(section, replies[sections.length + begun.length + index]), 0);
  });
  const more = ranked.length > size || leftAfter(sections, asked, counts, at);
  return { ranked: ranked.slice(0, size), more, counts, moved, records };
}

/** The sections whose beginnings are asked for: those that are known to hold something first. */
function askedSections(reading: Reading, sections: readonly Section[], at: number, size: number): Section[] {
  const asked: Section[] = [];
  let known = 0;
  for (let i = at; i < sections.length && known <= size * 2; i++) {
    const section = sections[i]!;
    const remembered = reading.memory.lengths.get(section.place);
    if (remembered === 0 && i > at + AHEAD) continue;
    if (asked.length > AHEAD && remembered === undefined) break;
    asked.push(section);
    known += i === at ? 0 : (remembered ?? 0);
  }
  return asked;
}

/** Whether a section that was not asked holds something. */
function leftAfter(
  sections: readonly Section[],
  asked: readonly Section[],
  counts: readonly number[],
  at: number,
): boolean {
  const seen = new Set(asked);
  return sections.some((section, index) => index > at && !seen.has(section) && counts[index]! > 0);
}

interface Start {
  readonly entries: readonly Entry[];
  readonly rank: number;
  readonly moved: number | null;
}

function windowOf(section: Section, cursor: RankCursor, size: number): readonly [from: number, to: number] {
  const back = section.list ? BACK.list : BACK.zset;
  return [Math.max(0, cursor.rank + 1 - back), cursor.rank + size + FORWARD];
}

function beginCommands(section: Section, cursor: RankCursor, size: number): Command[] {
  const [from, to] = windowOf(section, cursor, size);
  const commands: Command[] = [windowCommand(section, from, to)];
  const anchor = cursor.anchors[0];
  if (!section.list && cursor.score !== null && anchor !== undefined) {
    commands.push(fromScoreCommand(section, cursor.score, 0, size + FORWARD));
    commands.push(rankCommand(section, bytesOf(anchor)));
  }
  return commands;
}

const AFTER = rowScript(SOURCE);
/** Rows that come along with a page: a few, so that they are made while the server reads the others. */
const ALONG = 16;

/**
 * Asks the server itself where the last row stands now (a tenth of what looking for it around its rank brings), for what
 * comes after it, and for the rows of the first of these. @param cursor null on a first page
 */
function afterCommand(section: Section, cursor: RankCursor | null, size: number, withRows: boolean): Command {
  const order = section.order === 'lowest-first' ? 'Z' : 'ZREV';
  const last = cursor === null ? ['', ''] : [cursor.score ?? '', bytesOf(cursor.anchors[0] ?? '')];
  const rows = withRows && isJobId(section.place.structure) ? Math.min(size, ALONG) : 0;
  const errors = section.place.structure === 'failed';
  return [
    'EVAL_RO',
    AFTER,
    1,
    section.key,
    order,
    ...last,
    size + 1,
    rows,
    JOB_PREFIX,
    RESULTS_PREFIX,
    ...rowArguments(errors),
  ];
}

/** What follows the last row; null where it has left, or where no script may run. */
function afterLast(section: Section, cursor: RankCursor | null, reply: Reply | undefined): Start | null {
  const [rank, entries] = arrayOf(reply);
  if (typeof rank !== 'number') return null;
  return { entries: entriesOf(section, entries), rank: rank + 1, moved: cursor === null ? null : rank - cursor.rank };
}

/** Where the page begins, by the rows of the page before; null where they are not in sight. */
function resolve(section: Section, cursor: RankCursor, replies: readonly Reply[]): Start | null {
  const window = entriesOf(section, replies[0]);
  const from = windowOf(section, cursor, 0)[0];
  for (let back = 0; back < cursor.anchors.length; back++) {
    const index = nearest(window, cursor.anchors[back], cursor.rank - back - from);
    if (index >= 0 && sameScore(window[index]!, cursor, back)) {
      const rank = from + index;
      return { entries: window.slice(index + 1), rank: rank + 1, moved: rank - (cursor.rank - back) };
    }
  }
  return section.list ? null : byScore(section, cursor, replies);
}

/** Where a member stands in a window, nearest to a place: an id can stand in a list several times. -1 = nowhere. */
function nearest(window: readonly Entry[], member: string | undefined, place: number): number {
  let found = -1;
  for (let i = 0; i < window.length; i++) {
    if (window[i]!.member === member && (found < 0 || Math.abs(i - place) < Math.abs(found - place))) found = i;
  }
  return found;
}

/** A member that was registered again stands elsewhere for another reason. */
function sameScore(entry: Entry, cursor: RankCursor, back: number): boolean {
  return back > 0 || entry.score === null || cursor.score === null || entry.score === scoreOf(cursor.score);
}

/** A sorted set is in order, so the page goes on behind the score and member where it ended, moved or not. */
function byScore(section: Section, cursor: RankCursor, replies: readonly Reply[]): Start {
  const entries = entriesOf(section, replies[1]);
  const anchor = cursor.anchors[0] ?? '';
  const score = scoreOf(cursor.score ?? '0');
  const rank = numberOf(replies[2]);
  const end = Buffer.from(bytesOf(anchor) as string);
  const index = entries.findIndex(entry => {
    if (entry.score !== score) return true;
    const order = Buffer.compare(Buffer.from(bytesOf(entry.member) as string), end);
    return section.order === 'lowest-first' ? order > 0 : order < 0;
  });
  if (index < 0 && entries.length > 0 && entries.length >= FORWARD) {
    // Hundreds of members with one score and the last row gone from among them: go on by rank.
    const window = entriesOf(section, replies[0]);
    const from = windowOf(section, cursor, 0)[0];
    const at = Math.max(0, cursor.rank + 1 - from);
    return { entries: window.slice(at), rank: from + at, moved: null };
  }
  const start = rank === null ? cursor.rank + 1 : rank + 1;
  return {
    entries: index < 0 ? [] : entries.slice(index),
    rank: start,
    moved: rank === null ? null : rank - cursor.rank,
  };
}

/** The list has moved further than the window: look its last rows up by value (LPOS, Redis 6.0.6). */
async function search(
  reading: Reading,
  section: Section,
  cursor: RankCursor,
  size: number,
  signal: AbortSignal,
): Promise<Start> {
  const { broker } = reading;
  const tail = section.order === 'tail-first';
  if (broker.server.atLeast('6.0.6')) {
    const commands = cursor.anchors.map((anchor): Command => ['LPOS', section.key, bytesOf(anchor)]);
    const [length, ...found] = await broker.read([countCommand(section), ...commands], signal);
    const back = found.findIndex(reply => numberOf(reply) !== null);
    if (back >= 0) {
      const index = numberOf(found[back]) ?? 0;
      const rank = tail ? countOf(length) - 1 - index : index;
      const [reply] = await broker.read([windowCommand(section, rank + 1, rank + 1 + size)], signal);
      return { entries: entriesOf(section, reply), rank: rank + 1, moved: rank - (cursor.rank - back) };
    }
  }
  // None of the last rows is left. A queue is emptied from its head, so what is there now was not shown yet.
  const from = tail ? cursor.rank + 1 : 0;
  const [reply] = await broker.read([windowCommand(section, from, from + size)], signal);
  return { entries: entriesOf(section, reply), rank: from, moved: null };
}

/** The cursor after the last of these. */
export function cursorAfter(ranked: readonly Ranked[]): RankCursor {
  const last = ranked.at(-1)!;
  const anchors: string[] = [];
  for (let i = ranked.length - 1; i >= 0 && anchors.length < 5 && ranked[i]!.section === last.section; i--) {
    anchors.push(ranked[i]!.member);
  }
  return {
    kind: 'rank',
    section: placeText(last.place),
    rank: last.rank,
    score: last.score === null ? null : scoreText(last.score),
    anchors,
  };
}
