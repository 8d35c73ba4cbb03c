/** Cursors: where a page ended, as a text that says nothing to anybody else. */
import { InspectorError } from '../../model';

/** What a cursor is of, for the error: `RQ jobs` and `jobs`. */
export interface CursorWords {
  readonly pageOf: string;
  readonly next: string;
}

/** @param cursor JSON */
export const cursorText = (cursor: unknown): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/**
 * @param parse null for what is no such cursor
 * @throws InspectorError `bad-request` where the text is no cursor of ours
 */
export function cursorIn<T>(text: string, words: CursorWords, parse: (value: unknown) => T | null): T {
  try {
    const cursor = parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (cursor !== null) return cursor;
  } catch {
    // No JSON: reported like any other text that is no cursor.
  }
  throw noCursor(text, words);
}

export function noCursor(text: string, { pageOf, next }: CursorWords): InspectorError {
  return new InspectorError('bad-request', {
    message: `This is no cursor of a page of ${pageOf}.`,
    tried: `reading the next page of ${next}`,
    answer: `the cursor is "${text.slice(0, 80)}"`,
    remedy: 'Use the cursor that the page before carries, or none for the first page.',
  });
}

/** A score of a sorted set as Redis writes it. */
export const isScoreText = (value: unknown): value is string =>
  typeof value === 'string' && /^(?:[+-]?inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.test(value);
