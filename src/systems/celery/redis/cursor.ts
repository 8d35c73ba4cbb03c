import { InspectorError } from '../../../model';

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

export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @throws InspectorError `bad-request` where the text is no cursor of ours */
export function readCursor<K extends Cursor['kind']>(text: string, kind: K): Extract<Cursor, { kind: K }> {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isCursor(cursor) && cursor.kind === kind) return cursor as Extract<Cursor, { kind: K }>;
  } catch {
    // No JSON: reported below like any other text that is no cursor.
  }
  throw new InspectorError('bad-request', {
    message: 'This is no cursor of a page of Celery tasks.',
    tried: 'reading the next page of tasks',
    answer: `the cursor is "${text.slice(0, 80)}"`,
    remedy: 'Use the cursor that the page before carries, or none for the first page.',
  });
}

type Loose = Partial<Record<string, unknown>> | null;

function isCursor(value: unknown): value is Cursor {
  const cursor = value as Loose;
  if (typeof cursor !== 'object' || cursor === null) return false;
  const { rank } = cursor;
  if (!Number.isSafeInteger(rank) || (rank as number) < -1) return false;
  if (cursor['kind'] === 'held')
    return typeof cursor['tag'] === 'string' && typeof cursor['score'] === 'string' && NUMBER.test(cursor['score']);
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

const NUMBER = /^(?:[+-]?inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
