import { BoxReader, hasBoxes } from './boxes';
import { isFrameLine, isHeader } from './python-lines';
import type { Draft } from './types';

export interface ParsedText {
  readonly draft: Draft;
  readonly preamble: string;
  readonly complete: boolean;
}

/** The first line that only a Python traceback has, or -1. */
export function looksLikePython(lines: readonly string[]): number {
  return lines.findIndex(line => {
    const bare = line.replace(/^[ |+]{0,100}/, '');
    return isHeader(bare) || isFrameLine(line) || isFrameLine(`  ${bare}`) || HUEY_NOTHING.test(line);
  });
}

/** What `traceback.format_exc()` prints outside an except block; Huey 2.5 to 3.5 stores it for every failed task. */
const HUEY_NOTHING = /^NoneType: None$/;

/** Reads a Python traceback, boxed groups included. The caller has seen that it is one. */
export function parsePython(lines: readonly string[]): ParsedText {
  const reader = new BoxReader(hasBoxes(lines));
  for (const line of lines) {
    reader.feed(line);
  }
  const { draft, preamble, complete } = reader.finish();
  if (draft.type === 'NoneType' && draft.message === 'None') {
    draft.type = null;
    draft.message = 'NoneType: None';
  }
  return { draft, preamble, complete };
}
