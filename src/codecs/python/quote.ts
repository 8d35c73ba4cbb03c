import { flat } from './flat';
import { isPrintable } from './printable';

/** Anything but plain printable ASCII without quotes and backslashes. */
const NEEDS_CARE = /[^\x20-\x26\x28-\x5b\x5d-\x7e]/;
const SHORT = 40;

/** Whether a text stands in single quotes as it is. */
function isPlain(text: string): boolean {
  if (text.length > SHORT) return !NEEDS_CARE.test(text);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c > 0x7e || c === 0x27 || c === 0x5c) return false;
  }
  return true;
}

/**
 * Python's `repr` of a `str`: single quotes unless that saves escaping, unprintable code points escaped. Ends soon after
 * `limit` characters.
 */
export function quoteText(text: string, limit = Number.POSITIVE_INFINITY): string {
  return isPlain(text) ? `'${text}'` : quoteWithCare(text, text.length, pointsOf(text), limit);
}

/** The same for code points that a JavaScript string cannot hold apart. */
export function quotePoints(text: string, points: Uint32Array, limit = Number.POSITIVE_INFINITY): string {
  return quoteWithCare(text, points.length, points, limit);
}

function* pointsOf(text: string): Generator<number> {
  for (const character of text) yield character.codePointAt(0)!;
}

/** Escapes are collected in pieces of this many characters, so that no rope of millions of parts arises. */
const PIECE = 1024;

function quoteWithCare(text: string, length: number, points: Iterable<number>, limit: number): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const quotePoint = quote.charCodeAt(0);
  const pieces: string[] = [];
  let room = limit;
  let out = quote;
  for (const point of points) {
    if (point === quotePoint || point === 0x5c) out += `\\${String.fromCharCode(point)}`;
    else if (isPrintable(point)) out += String.fromCodePoint(point);
    else out += escapePoint(point);
    if (out.length > room) break;
    if (length > PIECE && out.length > PIECE) {
      pieces.push(flat(out));
      room -= out.length;
      out = '';
    }
  }
  out += quote;
  if (pieces.length === 0) return out;
  pieces.push(out);
  return pieces.join('');
}

function escapePoint(point: number): string {
  if (point === 0x0a) return '\\n';
  if (point === 0x0d) return '\\r';
  if (point === 0x09) return '\\t';
  const hex = point.toString(16);
  if (point <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return point <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

const BYTE_TEXT: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x5c) return '\\\\';
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return escapePoint(byte);
});

/**
 * Python's `repr` of bytes, `b'…'`, of the span from `start` to `end`. Inside a `bytearray(…)` single quotes are escaped
 * also where double ones surround them (CPython `Objects/bytearrayobject.c`, `bytearray_repr`). Ends soon after `limit` characters.
 */
export function quoteBytes(
  source: Uint8Array,
  start: number,
  end: number,
  inBytearray = false,
  limit = Number.POSITIVE_INFINITY,
): string {
  let single = false;
  let double = false;
  for (let i = start; i < end; i++) {
    if (source[i] === 0x27) single = true;
    else if (source[i] === 0x22) double = true;
  }
  const quote = single && !double ? '"' : "'";
  const pieces: string[] = [];
  let room = limit;
  let out = `b${quote}`;
  for (let i = start; i < end; i++) {
    const byte = source[i]!;
    out += byte === 0x27 && (quote === "'" || inBytearray) ? "\\'" : BYTE_TEXT[byte]!;
    if (out.length > room) break;
    if (out.length > PIECE) {
      pieces.push(flat(out));
      room -= out.length;
      out = '';
    }
  }
  out += quote;
  if (pieces.length === 0) return out;
  pieces.push(out);
  return pieces.join('');
}
