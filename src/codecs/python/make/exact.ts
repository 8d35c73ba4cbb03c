import { intNode, PyCall, PyDict, PyGlobal } from '../value';
import { reduced, ValueRefused } from './call';

/** Decimal, Fraction and UUID, checked and in the spelling their `__reduce__` gives. */

const DECIMAL = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,18}))?|(inf(?:inity)?)|(s?nan)(\d*))$/i;

/** The text `str(Decimal(text))` gives. Underscores and surrounding white space are allowed, as in Python. */
export function decimalNode(text: string): PyCall {
  const match = DECIMAL.exec(text.trim().replaceAll('_', ''));
  if (match === null || text.length > 100_000) {
    throw new ValueRefused(`${JSON.stringify(text.slice(0, 40))} is no Decimal: it reads like '1.10' or '1E+3'`);
  }
  const [, sign = '', whole = '', fraction = '', exponent = '0', infinity, nan, payload = ''] = match;
  const minus = sign === '-' ? '-' : '';
  if (infinity !== undefined) {
    return reduced('decimal', 'Decimal', [`${minus}Infinity`]);
  }
  if (nan !== undefined) {
    const kind = nan.length === 4 ? 'sNaN' : 'NaN';
    return reduced('decimal', 'Decimal', [`${minus}${kind}${payload.replace(/^0+/, '')}`]);
  }
  if (whole === '' && fraction === '') {
    throw new ValueRefused(`${JSON.stringify(text.slice(0, 40))} is no Decimal: it has no digits`);
  }
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '');
  const scale = Number(exponent) - fraction.length;
  return reduced('decimal', 'Decimal', [minus + scientific(digits, scale)]);
}

/** Decimal's own `__str__`: plain while the exponent is 0 or slightly negative, else one digit before the point. */
function scientific(digits: string, scale: number): string {
  const left = scale + digits.length;
  const point = scale <= 0 && left > -6 ? left : 1;
  let text: string;
  if (point <= 0) {
    text = `0.${'0'.repeat(-point)}${digits}`;
  } else if (point >= digits.length) {
    text = digits + '0'.repeat(point - digits.length);
  } else {
    text = `${digits.slice(0, point)}.${digits.slice(point)}`;
  }
  const exponent = left - point;
  return exponent === 0 ? text : `${text}E${exponent > 0 ? '+' : ''}${exponent}`;
}

/** `fractions.Fraction(n, d)` in lowest terms; the form of Python 3.11 and later, which all versions read. */
export function fractionNode(numerator: bigint, denominator: bigint): PyCall {
  if (denominator === 0n) {
    throw new ValueRefused('the denominator of a Fraction must not be 0');
  }
  let a = numerator < 0n ? -numerator : numerator;
  let b = denominator < 0n ? -denominator : denominator;
  while (b !== 0n) {
    [a, b] = [b, a % b];
  }
  const divisor = denominator < 0n ? -a : a;
  return reduced('fractions', 'Fraction', [intNode(numerator / divisor), intNode(denominator / divisor)]);
}

/** Hyphens, braces and `urn:uuid:` are ignored, as uuid.UUID does. */
export function uuidNode(text: string): PyCall {
  const hex = text
    .replace('urn:', '')
    .replace('uuid:', '')
    .replace(/^[{}]+|[{}]+$/g, '')
    .replaceAll('-', '');
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) {
    throw new ValueRefused(`${JSON.stringify(text.slice(0, 60))} is no UUID: it needs 32 hexadecimal digits`);
  }
  return uuidFromInt(BigInt(`0x${hex}`));
}

export function uuidFromInt(value: bigint): PyCall {
  if (value < 0n || value >= 1n << 128n) {
    throw new ValueRefused('the int of a UUID has 128 bits');
  }
  const node = new PyCall('newobj', new PyGlobal('uuid', 'UUID'), []);
  node.state = new PyDict().set('int', intNode(value));
  return node;
}
