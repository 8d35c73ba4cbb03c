import { cursorIn, cursorText, isScoreText } from '../../../reading/cursor';

/** Where a page ended in one list or sorted set, with members that the next page looks for to see how it has moved. */
export interface RankCursor {
  readonly kind: 'rank';
  /** Place of the section: `failed:default`. */
  readonly section: string;
  /** Rank of the last row; -1 before the first. */
  readonly rank: number;
  /** Score of the last row in a sorted set, as text since JSON has no infinity. */
  readonly score: string | null;
  /** The last rows' members, the last one first. */
  readonly anchors: readonly string[];
}

/** Where a page over all queues ended: at a score, with the rows of that very score that were shown already. */
export interface ScoreCursor {
  readonly kind: 'score';
  readonly score: string;
  readonly shown: Readonly<Record<string, number>>;
}

export type Cursor = RankCursor | ScoreCursor;

export const writeCursor = (cursor: Cursor): string => cursorText(cursor);

/** @throws InspectorError `bad-request` where the text is no cursor of ours. */
export const readCursor = (text: string): Cursor =>
  cursorIn(text, { pageOf: 'RQ jobs', next: 'jobs' }, cursor => (isRank(cursor) || isScore(cursor) ? cursor : null));

type Loose = Partial<Record<string, unknown>> | null;

function isRank(value: unknown): value is RankCursor {
  const cursor = value as Loose;
  return (
    cursor?.['kind'] === 'rank' &&
    typeof cursor['section'] === 'string' &&
    Number.isSafeInteger(cursor['rank']) &&
    (cursor['rank'] as number) >= -1 &&
    (cursor['score'] === null || isScoreText(cursor['score'])) &&
    Array.isArray(cursor['anchors']) &&
    cursor['anchors'].length <= 10 &&
    cursor['anchors'].every(anchor => typeof anchor === 'string')
  );
}

function isScore(value: unknown): value is ScoreCursor {
  const cursor = value as Loose;
  const shown = cursor?.['shown'];
  return (
    cursor?.['kind'] === 'score' &&
    isScoreText(cursor['score']) &&
    typeof shown === 'object' &&
    shown !== null &&
    Object.values(shown).every(count => Number.isSafeInteger(count) && (count as number) > 0)
  );
}

/** A score as Redis takes it. */
export function scoreText(score: number): string {
  return score === Number.POSITIVE_INFINITY ? '+inf' : score === Number.NEGATIVE_INFINITY ? '-inf' : String(score);
}

export function scoreOf(text: string): number {
  return Number(text.replace(/^([+-]?)inf$/, '$1Infinity'));
}
