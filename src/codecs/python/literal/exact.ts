import { ValueRefused } from '../make/call';
import { decimalNode, fractionNode, uuidFromInt, uuidNode } from '../make/exact';
import type { PyNode } from '../value';
import type { Bound, Builder } from './calls';

const DECIMAL: Builder = { parameters: ['value'], build: buildDecimal };
const FRACTION: Builder = { parameters: ['numerator', 'denominator'], build: buildFraction };
const UUID: Builder = { parameters: ['hex', '*', 'int'], build: buildUuid };

/** Exact numbers and UUIDs, under the names of `import x` and of `from x import …`. */
export const EXACT_BUILDERS: readonly (readonly [string, Builder])[] = [
  ['decimal.Decimal', DECIMAL],
  ['Decimal', DECIMAL],
  ['fractions.Fraction', FRACTION],
  ['Fraction', FRACTION],
  ['uuid.UUID', UUID],
  ['UUID', UUID],
];

function isInt(node: PyNode | undefined): node is number | bigint {
  return typeof node === 'number' || typeof node === 'bigint';
}

function buildDecimal(bound: Bound): PyNode {
  const value = bound.get('value') ?? 0;
  if (isInt(value)) {
    return decimalNode(String(value));
  }
  if (typeof value !== 'string') {
    throw new ValueRefused("write its digits as text, as in Decimal('1.10'); a float would bring its rounding along");
  }
  return decimalNode(value);
}

function buildFraction(bound: Bound): PyNode {
  const numerator = bound.get('numerator') ?? 0;
  const denominator = bound.get('denominator');
  if (isInt(numerator) && (denominator === undefined || isInt(denominator))) {
    return fractionNode(BigInt(numerator), BigInt(denominator ?? 1));
  }
  const match = typeof numerator === 'string' ? /^\s*([+-]?\d{1,4300})(?:\/(\d{1,4300}))?\s*$/.exec(numerator) : null;
  if (match === null || denominator !== undefined) {
    throw new ValueRefused("two ints or a text such as '1/3' were expected");
  }
  return fractionNode(BigInt((match[1] ?? '0').replace('+', '')), BigInt(match[2] ?? 1));
}

function buildUuid(bound: Bound): PyNode {
  const hex = bound.get('hex');
  const int = bound.get('int');
  if (typeof hex === 'string' && int === undefined) {
    return uuidNode(hex);
  }
  if (hex === undefined && isInt(int)) {
    return uuidFromInt(BigInt(int));
  }
  throw new ValueRefused('32 hexadecimal digits as text were expected, or int=…');
}
