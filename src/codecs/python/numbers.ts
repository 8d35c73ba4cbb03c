import { intNode, type PyNode } from './value';

const scratch = new DataView(new ArrayBuffer(8));

/** Eight bytes, big-endian, as BINFLOAT has them. */
export function float64(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[at + i]!);
  return scratch.getFloat64(0);
}

/** Little-endian two's complement of any length, as LONG1 and LONG4 have it; no bytes are 0. */
export function longNode(bytes: Buffer, start: number, end: number): number | bigint {
  const length = end - start;
  if (length === 0) return 0;
  if (length <= 6) return bytes.readIntLE(start, length);
  const big = Buffer.from(bytes.subarray(start, end)).reverse();
  const value = BigInt(`0x${big.toString('hex')}`);
  return intNode(big[0]! >= 0x80 ? value - (1n << BigInt(8 * length)) : value);
}

/** CPython refuses to read longer decimal numbers by default (4,300 digits); turning digits into an int is not linear. */
const MAX_DIGITS = 20_000;
const INT = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[0-9]+)\s*$/;

/** The line of opcode INT or LONG as an int or bool, or undefined where it is none. */
export function textInt(line: string): PyNode | undefined {
  if (line === '01') return true;
  if (line === '00') return false;
  if (line.length > MAX_DIGITS) return undefined;
  const match = INT.exec(line);
  if (match === null) return undefined;
  const digits = match[2]!.replace(
    /^0+(?=[0-9]+$)/,
    match[2]!.startsWith('0') && /^0[0-7]+$/.test(match[2]!) ? '0o' : '',
  );
  const value = BigInt(digits);
  return intNode(match[1] === '-' ? -value : value);
}

const FLOAT = /^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$/;
const NAMED_FLOAT = /^\s*([+-]?)(inf|infinity|nan)\s*$/i;

/** The line of opcode FLOAT, or undefined where it is no float by Python's grammar. */
export function textFloat(line: string): number | undefined {
  if (FLOAT.test(line)) return Number(line);
  const named = NAMED_FLOAT.exec(line);
  if (named === null) return undefined;
  if (named[2]!.toLowerCase() === 'nan') return Number.NaN;
  return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
