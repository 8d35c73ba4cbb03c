import { isAscii, isUtf8 } from 'node:buffer';
import { type PyNode, PyStr2, PySurrogateStr } from './value';

/** Node's own slice functions, without `toString`'s look-up of the encoding's name. */
interface SliceableBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

const { fromCharCode } = String;
/** Up to this length a loop over the bytes is faster than a call into Node. */
const SHORT = 16;
const MEDIUM = 96;

/** Whether all bytes of a span are ASCII. */
export function isAsciiSpan(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MEDIUM) return isAscii(bytes.subarray(start, end));
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return false;
  return true;
}

/** Bytes known to be ASCII (or meant as Latin-1) as text. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  const n = end - start;
  if (n > SHORT) return (bytes as SliceableBuffer).latin1Slice(start, end);
  let text = '';
  let i = start;
  for (; i + 4 <= end; i += 4) text += fromCharCode(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!);
  for (; i < end; i++) text += fromCharCode(bytes[i]!);
  return text;
}

/**
 * UTF-8 that is known not to be ASCII, as Python's `surrogatepass` reads it: a surrogate encoded by itself stays one.
 * Undefined where the bytes are not such UTF-8.
 */
export function utf8Text(bytes: Buffer, start: number, end: number): string | PySurrogateStr | undefined {
  const text = (bytes as SliceableBuffer).utf8Slice(start, end);
  if (!text.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return text;
  // Not UTF-8: with surrogates at best. Count first, so that hostile bytes cost no memory.
  let count = 0;
  for (let at = start; at < end; count++) {
    const next = endOfPoint(bytes, at, end);
    if (next === 0) return undefined;
    at = next;
  }
  const points = new Uint32Array(count);
  for (let at = start, i = 0; at < end; i++) {
    const next = endOfPoint(bytes, at, end);
    points[i] = pointAt(bytes, at, next);
    at = next;
  }
  return textOfPoints(points);
}

/** Where the encoded code point at `at` ends, or 0 where there is none. */
function endOfPoint(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return at + 1;
  const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  const next = at + 1 + more;
  if (lead < 0xc2 || lead > 0xf4 || next > end) return 0;
  for (let i = at + 1; i < next; i++) if ((bytes[i]! & 0xc0) !== 0x80) return 0;
  const point = pointAt(bytes, at, next);
  const least = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
  return point < least || point > 0x10ffff ? 0 : next;
}

function pointAt(bytes: Uint8Array, at: number, next: number): number {
  const more = next - at - 1;
  if (more === 0) return bytes[at]!;
  let point = bytes[at]! & (0x3f >> more);
  for (let i = at + 1; i < next; i++) point = (point << 6) | (bytes[i]! & 0x3f);
  return point;
}

/** Code points as a `str`; surrogates that would merge when put side by side are kept apart. */
export function textOfPoints(points: Uint32Array): string | PySurrogateStr {
  let apart = false;
  let text = '';
  for (let i = 0; i < points.length; i += 4096) text += String.fromCodePoint(...points.subarray(i, i + 4096));
  for (let i = 1; i < points.length && !apart; i++) {
    apart = (points[i]! & 0x1ffc00) === 0xdc00 && (points[i - 1]! & 0x1ffc00) === 0xd800;
  }
  return apart ? new PySurrogateStr(text, points) : text;
}

const HEX = /^[0-9a-fA-F]+$/;

/**
 * Python's `raw-unicode-escape`, which opcode UNICODE uses: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
 * Undefined where an escape is cut short or no code point.
 */
export function rawUnicodeEscape(line: string): string | PySurrogateStr | undefined {
  if (!line.includes('\\')) return line;
  const points: number[] = [];
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    points.push(c);
    if (c !== 0x5c || i + 1 >= line.length) continue;
    const kind = line[++i]!;
    const digits = kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
    if (digits === 0) {
      points.push(kind.charCodeAt(0));
      continue;
    }
    const hex = line.slice(i + 1, i + 1 + digits);
    const point = Number.parseInt(hex, 16);
    if (hex.length !== digits || !HEX.test(hex) || point > 0x10ffff) return undefined;
    points[points.length - 1] = point;
    i += digits;
  }
  return textOfPoints(Uint32Array.from(points));
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
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

/**
 * The quoted line of opcode STRING (`repr` of a Python 2 str) as bytes, as Latin-1 text. Undefined where the quotes do
 * not match or an escape is cut short.
 */
export function unquoteStr2(quoted: string): string | undefined {
  const line = quoted.trim();
  const quote = line[0];
  if (line.length < 2 || (quote !== "'" && quote !== '"') || line.at(-1) !== quote) return undefined;
  const body = line.slice(1, -1);
  if (!body.includes('\\')) return body;
  let text = '';
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!;
    if (c !== '\\') {
      text += c;
      continue;
    }
    const kind = body[++i];
    if (kind === undefined) return undefined;
    const simple = SIMPLE_ESCAPES[kind];
    if (simple !== undefined) {
      text += fromCharCode(simple);
    } else if (kind === 'x') {
      const hex = body.slice(i + 1, i + 3);
      if (hex.length !== 2 || !HEX.test(hex)) return undefined;
      text += fromCharCode(Number.parseInt(hex, 16));
      i += 2;
    } else if (kind >= '0' && kind <= '7') {
      const octal = /^[0-7]{1,3}/.exec(body.slice(i, i + 3))![0];
      text += fromCharCode(Number.parseInt(octal, 8) & 0xff);
      i += octal.length - 1;
    } else {
      text += `\\${kind}`;
    }
  }
  return text;
}

/** A Python 2 `str`: text when it is ASCII, as `pickle.loads` of Python 3 has it by default, else bytes-or-text. */
export function str2Node(bytes: Buffer, start: number, end: number): PyNode {
  return isAsciiSpan(bytes, start, end) ? latin1Text(bytes, start, end) : new PyStr2(bytes, start, end);
}
