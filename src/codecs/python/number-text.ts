/** Python's `repr` of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16 on. */
export function floatText(value: number): string {
  if (Number.isInteger(value)) {
    if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
    if (Math.abs(value) < 1e16) return `${value}.0`;
  } else if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  } else if (Math.abs(value) >= 1e-4) {
    return String(value);
  }
  // JavaScript has the same shortest digits, and writes at least one digit of exponent where Python writes two.
  return value.toExponential().replace(/([+-])(\d)$/, '$10$2');
}

/**
 * From here on digits cost more than they tell. Python itself refuses beyond 4,300 digits (`sys.set_int_max_str_digits`);
 * the hexadecimal form is a Python literal all the same.
 */
const DECIMAL_LIMIT = 1n << 65_536n;

/** Python's `repr` of an int. */
export function intText(value: number | bigint): string {
  if (typeof value === 'number' || (value < DECIMAL_LIMIT && value > -DECIMAL_LIMIT)) return String(value);
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** One part of a complex number, as Python writes it: `1`, not `1.0`. */
function partText(value: number): string {
  const text = floatText(value);
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

/** Python's `repr` of a complex: `(1+2j)`, `1j`, `(-0+nanj)`. */
export function complexText(real: number, imaginary: number): string {
  const im = `${partText(imaginary)}j`;
  if (Object.is(real, 0)) return im;
  return `(${partText(real)}${im.startsWith('-') ? '' : '+'}${im})`;
}
