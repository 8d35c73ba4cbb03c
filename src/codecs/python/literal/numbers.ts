import { intNode, PyFloat } from '../value';
import { LiteralError } from './error';

/** CPython's own bound for decimal digits of an int (sys.int_info.default_max_str_digits, since 3.11). */
export const MAX_DIGITS = 4300;

/** Character classes only, no repeated groups: their backtracking would use up the stack on megabytes of digits. */
const BASED = /0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)/y;
const POINT =
  /[0-9][0-9_]*\.[0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?|\.[0-9][0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?|[0-9][0-9_]*[eE][+-]?[0-9][0-9_]*/y;
const DIGITS = /[0-9][0-9_]*/y;
/** An underscore stands between two digits, or between a base and a digit; never beside anything else. */
const MISPLACED = /_(?![0-9])|[.eE+-]_/;
const MISPLACED_BASED = /__|_$/;

interface NumberToken {
  readonly value: number | bigint | PyFloat;
  readonly imaginary: boolean;
  readonly end: number;
}

/** Reads the number at `start`, which a digit or a point with a digit begins. */
export function readNumber(text: string, start: number): NumberToken {
  const based = match(BASED, text, start);
  if (based !== undefined) {
    checkUnderscores(MISPLACED_BASED, based, text, start);
    const value = intNode(BigInt(based.replaceAll('_', '')));
    return closed(text, start, { value, imaginary: false, end: start + based.length });
  }
  const point = match(POINT, text, start);
  const digits = match(DIGITS, text, start) ?? '';
  const body = point ?? digits;
  const end = start + body.length;
  checkUnderscores(MISPLACED, body, text, start);
  const plain = body.replaceAll('_', '');
  if (/[jJ]/.test(text[end] ?? '')) {
    return closed(text, start, { value: new PyFloat(Number(plain)), imaginary: true, end: end + 1 });
  }
  if (point !== undefined) {
    return closed(text, start, { value: new PyFloat(Number(plain)), imaginary: false, end });
  }
  if (/^0+[1-9]/.test(plain) && !/[_a-zA-Z0-9]/.test(text[end] ?? '')) {
    throw new LiteralError(
      `an int may not begin with 0: write ${plain.replace(/^0+/, '')}, or 0o… for octal`,
      text,
      start,
    );
  }
  return closed(text, start, { value: decimal(plain, text, start), imaginary: false, end });
}

/** Decimal digits as an int node; too many are refused, since reading them is not linear in Python or here. */
export function decimal(digits: string, text: string, start: number): number | bigint {
  if (digits.length <= 15) {
    return Number(digits);
  }
  if (digits.length > MAX_DIGITS) {
    throw new LiteralError(
      `an int of ${digits.length} digits: Python itself refuses more than ${MAX_DIGITS}`,
      text,
      start,
    );
  }
  return intNode(BigInt(digits));
}

function match(pattern: RegExp, text: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(text)?.[0];
}

function checkUnderscores(misplaced: RegExp, body: string, text: string, start: number): void {
  if (misplaced.test(body)) {
    throw new LiteralError(
      `${body.slice(0, 40)} is no number in Python: an underscore stands between digits`,
      text,
      start,
    );
  }
}

/** Nothing may follow a number directly: `1_`, `0x`, `12abc` are no numbers. */
function closed(text: string, start: number, token: NumberToken): NumberToken {
  if (/[\p{L}\p{N}_]/u.test(text.slice(token.end, token.end + 2).slice(0, 1))) {
    const wrong = /^[\p{L}\p{N}_.]{1,40}/u.exec(text.slice(start, start + 60))?.[0] ?? '';
    throw new LiteralError(`${wrong} is no number in Python`, text, start);
  }
  return token;
}
