import { textOfPoints } from '../text';
import type { PySurrogateStr } from '../value';
import { LiteralError } from './error';

/** One piece of a string literal; neighbours are joined. Text with surrogates of its own is kept as code points. */
export type StringPart = { readonly text: string | readonly number[] } | { readonly bytes: Buffer };

const START = /([A-Za-z]{0,3})('''|"""|'|")/y;

/** Whether a string literal begins here; a prefix that Python does not have counts, for the sake of its message. */
export function isStringStart(text: string, at: number): boolean {
  START.lastIndex = at;
  return START.test(text);
}

/** Reads one string literal, prefix and quotes included. `end` is the offset behind it. */
export function readString(text: string, start: number): { part: StringPart; end: number } {
  START.lastIndex = start;
  const head = START.exec(text);
  const prefix = (head?.[1] ?? '').toLowerCase();
  const quote = head?.[2] ?? '"';
  checkPrefix(prefix, text, start);
  const from = start + (head?.[0].length ?? 0);
  const end = closingQuote(text, from, quote, start);
  const raw = text.slice(from, end).replace(/\r\n?/g, '\n');
  if (raw.includes('\0')) {
    throw new LiteralError('a string may not hold a NUL character: write \\x00', text, text.indexOf('\0', from));
  }
  const isRaw = prefix.includes('r');
  const part = prefix.includes('b')
    ? { bytes: readBytes(raw, isRaw, text, from) }
    : { text: isRaw || !raw.includes('\\') ? raw : readText(raw, text, from) };
  return { part, end: end + quote.length };
}

function checkPrefix(prefix: string, text: string, start: number): void {
  if (prefix === 'f' || prefix === 'fr' || prefix === 'rf' || prefix === 't' || prefix === 'tr' || prefix === 'rt') {
    throw new LiteralError('an f-string computes its value; write the text itself', text, start);
  }
  if (!['', 'r', 'u', 'b', 'br', 'rb'].includes(prefix)) {
    throw new LiteralError(`${prefix} is no prefix of a Python string`, text, start);
  }
}

function closingQuote(text: string, from: number, quote: string, start: number): number {
  const stop = quote.length === 3 ? /\\|'''|"""/g : /[\\'"\r\n]/g;
  stop.lastIndex = from;
  for (let found = stop.exec(text); found !== null; found = stop.exec(text)) {
    if (found[0] === quote) {
      return found.index;
    }
    if (found[0] === '\\') {
      stop.lastIndex = found.index + (text.startsWith('\r\n', found.index + 1) ? 3 : 2);
    } else if (quote.length === 1 && (found[0] === '\n' || found[0] === '\r')) {
      throw new LiteralError(`the string has no closing ${quote} on its line`, text, start);
    } else if (quote.length === 3) {
      stop.lastIndex = found.index + 1;
    }
  }
  throw new LiteralError(`the string has no closing ${quote}`, text, start);
}

const SIMPLE: Readonly<Record<string, number>> = {
  '\\': 0x5c,
  "'": 0x27,
  '"': 0x22,
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

const ESCAPE = /\\(\n|[\\'"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[xuUN])/g;

function readText(raw: string, text: string, from: number): string | number[] {
  const pieces: string[] = [];
  let surrogates = false;
  let last = 0;
  for (const { 0: whole, 1: kind = '', index } of raw.matchAll(ESCAPE)) {
    pieces.push(raw.slice(last, index));
    last = index + whole.length;
    if (kind === '\n') {
      continue;
    }
    const point = SIMPLE[kind] ?? pointOf(kind);
    if (point === undefined || point > 0x10ffff) {
      throw new LiteralError(wrongEscape(kind, whole), text, from + index);
    }
    surrogates ||= point >= 0xd800 && point <= 0xdfff;
    pieces.push(String.fromCodePoint(point));
  }
  pieces.push(raw.slice(last));
  return surrogates
    ? pieces.flatMap(piece => Array.from(piece, character => character.codePointAt(0) ?? 0))
    : pieces.join('');
}

function pointOf(kind: string): number | undefined {
  if (/^[0-7]/.test(kind)) {
    return Number.parseInt(kind, 8);
  }
  return kind.length > 1 ? Number.parseInt(kind.slice(1), 16) : undefined;
}

function wrongEscape(kind: string, whole: string): string {
  switch (kind[0]) {
    case 'N':
      return '\\N{…} needs Unicode’s list of names: write the character itself, or \\uXXXX';
    case 'x':
      return '\\x takes exactly two hexadecimal digits';
    case 'u':
      return '\\u takes exactly four hexadecimal digits';
    default:
      return kind.length > 1
        ? `${whole} is beyond the last code point, \\U0010ffff`
        : '\\U takes exactly eight hexadecimal digits';
  }
}

const BYTE_ESCAPE = /\\(\n|[\\'"abfnrtv]|[0-7]{1,3}|x[0-9a-fA-F]{2}|x)/g;

function readBytes(raw: string, isRaw: boolean, text: string, from: number): Buffer {
  const stray = /[^\0-\x7f]/.exec(raw);
  if (stray !== null) {
    throw new LiteralError('bytes hold ASCII only: write \\x… for other bytes', text, from + stray.index);
  }
  if (isRaw || !raw.includes('\\')) {
    return Buffer.from(raw, 'latin1');
  }
  const cooked = raw.replace(BYTE_ESCAPE, (whole, kind: string, index: number) => {
    const byte = kind === '\n' ? undefined : (SIMPLE[kind] ?? pointOf(kind));
    if (kind === '\n') {
      return '';
    }
    if (byte === undefined) {
      throw new LiteralError(wrongEscape(kind, whole), text, from + index);
    }
    return String.fromCharCode(byte & 0xff);
  });
  return Buffer.from(cooked, 'latin1');
}

/** Neighbouring literals as one str. */
export function joinText(parts: readonly (string | readonly number[])[]): string | PySurrogateStr {
  if (parts.every(part => typeof part === 'string')) {
    return parts.join('');
  }
  const points: number[] = [];
  for (const part of parts) {
    for (const point of typeof part === 'string' ? Array.from(part, pointOfCharacter) : part) {
      points.push(point);
    }
  }
  return textOfPoints(Uint32Array.from(points));
}

function pointOfCharacter(character: string): number {
  return character.codePointAt(0) ?? 0;
}
