import { cursorIn, cursorText, isScoreText } from '../../reading/cursor';
import { TASKS } from '../native';

/** Where a page of waiting messages ended. */
export interface ListCursor {
  readonly kind: 'list';
  readonly queue: string;
  readonly step: number;
  /** Place of the last row, counted from the end at which workers take; -1 before the first. */
  readonly rank: number;
  /** Hashes of the last rows, the last one first, each with which of equals it was. */
  readonly anchors: readonly (readonly [hash: string, nth: number])[];
}

/** Where a page of held messages ended. */
export interface HeldCursor {
  readonly kind: 'held';
  readonly rank: number;
  /** As text, exactly. */
  readonly score: string;
  readonly tag: string;
}

export type Cursor = ListCursor | HeldCursor;

export const writeCursor = (cursor: Cursor): string => cursorText(cursor);

/** @throws InspectorError `bad-request` where the text is no cursor of ours */
export const readCursor = <K extends Cursor['kind']>(text: string, kind: K): Extract<Cursor, { kind: K }> =>
  cursorIn(text, TASKS, cursor =>
    isCursor(cursor) && cursor.kind === kind ? (cursor as Extract<Cursor, { kind: K }>) : null,
  );

type Loose = Partial<Record<string, unknown>> | null;

function isCursor(value: unknown): value is Cursor {
  const cursor = value as Loose;
  if (typeof cursor !== 'object' || cursor === null) return false;
  const { rank } = cursor;
  if (!Number.isSafeInteger(rank) || (rank as number) < -1) return false;
  if (cursor['kind'] === 'held') return typeof cursor['tag'] === 'string' && isScoreText(cursor['score']);
  const anchors = cursor['anchors'];
  return (
    cursor['kind'] === 'list' &&
    typeof cursor['queue'] === 'string' &&
    Number.isSafeInteger(cursor['step']) &&
    Array.isArray(anchors) &&
    anchors.length <= 10 &&
    anchors.every(
      anchor => Array.isArray(anchor) && /^[0-9a-f]{32}$/.test(String(anchor[0])) && Number.isSafeInteger(anchor[1]),
    )
  );
}
