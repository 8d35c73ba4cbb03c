import { badValue } from './values';

/** Seconds from a number or a text: `90`, `90s`, `15m`, `2h`, `3d`. @throws InspectorError `bad-value` */
export function durationOf(parameter: string, value: unknown, negative = false): number | null {
  if (value === undefined || value === null || value === '') return null;
  const match = typeof value === 'string' ? /^\s*(-?\d+(?:\.\d+)?)\s*([smhd]?)\s*$/.exec(value) : null;
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] || 's'] ?? 1;
  const seconds = typeof value === 'number' ? value : match === null ? Number.NaN : Number(match[1]) * factor;
  if (!Number.isFinite(seconds) || seconds > 1e10) {
    throw badValue(parameter, `${JSON.stringify(value)} is no time span: write seconds, or 90s, 15m, 2h, 3d`);
  }
  if (seconds < 0 && !(negative && seconds === -1)) {
    throw badValue(parameter, negative ? 'it must not be negative; only -1 means for ever' : 'it must not be negative');
  }
  return seconds;
}

/** Whole seconds, rounded up. */
export function secondsOf(parameter: string, value: unknown, negative = false): number | null {
  const seconds = durationOf(parameter, value, negative);
  return seconds === null ? null : Math.ceil(seconds);
}

/** Milliseconds since the epoch of an ISO 8601 time; one without a zone is local. @throws InspectorError `bad-value` */
export function instantOf(parameter: string, value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null;
  const at =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)
      ? Date.parse(value.replace(/^(\S+) (?=\d)/, '$1T'))
      : Number.NaN;
  if (Number.isNaN(at))
    throw badValue(parameter, `${JSON.stringify(value)} is no time: write 2026-11-21T14:30 or with a zone`);
  return at;
}

export function countOf(parameter: string, value: unknown): number | null {
  if (value === undefined || value === null || value === '') return null;
  const count = typeof value === 'string' ? Number(value) : value;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw badValue(parameter, `${JSON.stringify(value)} is no whole number from 0`);
  }
  return count;
}

export function countsOf(parameter: string, value: unknown): number[] | null {
  if (value === undefined || value === null || value === '') return null;
  const items: unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/[\s,]+/).filter(each => each !== '')
      : [value];
  return items.map(each => countOf(parameter, each) ?? 0);
}

export function textOfParameter(parameter: string, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw badValue(parameter, 'a text was expected');
  return value.toWellFormed();
}

export function flagOf(parameter: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (value === true) return true;
  throw badValue(parameter, 'true or false was expected');
}
