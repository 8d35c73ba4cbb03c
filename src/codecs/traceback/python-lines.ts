import type { ChainRelation, TracebackFrame } from './types';

const HEADER = /(?:^|\s)(?:Exception Group )?Traceback \(most recent call last\):\s*$/;

/** `Traceback (most recent call last):`, and the groups' form, also behind a log's prefix on the same line. */
export function isHeader(line: string): boolean {
  return HEADER.test(line);
}

/** What stands before a header on its line. */
export function prefixOfHeader(line: string): string {
  return line.replace(HEADER, '').trimEnd();
}

const FRAME = /^ +File "(.*)", line (\d{1,9})(?:, in (.*))?$/;
const FRAME_START = /^ {1,8}File "/;

export function isFrameLine(line: string): boolean {
  return FRAME_START.test(line) && FRAME.test(line);
}

/** `  File "/app/tasks.py", line 3, in add`; a SyntaxError's has no function. */
export function readFrameLine(line: string): TracebackFrame | null {
  const match = FRAME_START.test(line) ? FRAME.exec(line) : null;
  if (match === null) {
    return null;
  }
  return {
    file: match[1] ?? '',
    line: Number(match[2]),
    column: null,
    function: match[3] ?? null,
    source: null,
    marker: null,
    repeated: 0,
    async: false,
  };
}

/** `  [Previous line repeated 996 more times]` → 996, else null. */
export function readRepeated(line: string): number | null {
  const match = /^ {1,8}\[Previous line repeated (\d{1,12}) more times?\]$/.exec(line);
  return match === null ? null : Number(match[1]);
}

export function isMarker(line: string): boolean {
  return /^[ \t^~]*[\^~][ \t^~]*$/.test(line);
}

export function readChainSentence(line: string): ChainRelation | null {
  switch (line.trim()) {
    case 'The above exception was the direct cause of the following exception:':
      return 'cause';
    case 'During handling of the above exception, another exception occurred:':
      return 'context';
    default:
      return null;
  }
}

/** `module.Error: message` → both; a line that begins with no name is all message. */
export function readExceptionLine(line: string): { type: string | null; message: string; bare: boolean } {
  const colon = line.indexOf(':');
  const head = colon < 0 ? line.trimEnd() : line.slice(0, colon);
  const separated = colon < 0 || colon === line.length - 1 || line[colon + 1] === ' ';
  if (head === '' || !separated || head.length > 500 || !/^[\p{L}_<][\p{L}\p{N}_.<>]*$/u.test(head)) {
    return { type: null, message: line, bare: false };
  }
  return { type: head, message: colon < 0 ? '' : line.slice(colon + 2), bare: colon < 0 };
}
