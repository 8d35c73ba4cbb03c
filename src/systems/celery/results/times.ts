import { isoDatetime, type PyNode } from '../../../codecs/python';
import type { Instant } from '../../../model';

/** `datetime.isoformat()`: `T` or a blank, a fraction or none, an offset or none. */
const STAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d(?::\d\d)?)?$/;

/**
 * `date_done` in milliseconds since the epoch, with microseconds as its fraction: naive means UTC (`datetime.utcnow()`
 * up to Celery 5.2), later ones carry the offset of the application's time zone. NaN where it is no time.
 */
export function millisecondsOf(text: string): number {
  const usual = usualMilliseconds(text);
  if (usual !== null) return usual;
  const match = STAMP.exec(text.trim());
  if (match === null) return Number.NaN;
  const [, day, clock, fraction = '', offset = 'Z'] = match;
  const zone =
    offset === 'Z' || offset.includes(':') ? offset.slice(0, 6) : `${offset.slice(0, 3)}:${offset.slice(3, 5)}`;
  const whole = Date.parse(`${day}T${clock}${zone}`);
  return fraction === '' ? whole : whole + Number(fraction.padEnd(6, '0')) / 1000;
}

/** What every Celery writes itself, `2026-11-20T21:39:01.982219` and perhaps `+00:00`, read without a pattern: of these
 * there are as many as results. Null where it is anything else. */
function usualMilliseconds(text: string): number | null {
  const { length } = text;
  if (length !== 26 && !(length === 27 && text.endsWith('Z')) && !(length === 32 && text.endsWith('+00:00')))
    return null;
  if (text.charCodeAt(10) !== 0x54 || text.charCodeAt(19) !== 0x2e) return null;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const micros = digits(text, 20, 6);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59)
    return null;
  if (hour < 0 || minute < 0 || second < 0 || micros < 0) return null;
  return Date.UTC(year, month - 1, day, hour, minute, second) + micros / 1000;
}

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** The same as an instant, microseconds kept; null where there is none. */
export function instantOfText(text: string): Instant {
  if (usualMilliseconds(text) !== null) return `${text.slice(0, 26)}Z`;
  const at = millisecondsOf(text);
  if (Number.isNaN(at)) return null;
  const fraction = STAMP.exec(text.trim())?.[3] ?? '';
  const seconds = new Date(Math.floor(at / 1000) * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/** `date_done` as a text, or as the datetime that a pickle holds (Celery 4.0 and 4.1). */
export function instantOfNode(node: PyNode | undefined): Instant {
  if (typeof node === 'string') return instantOfText(node);
  const iso = node === undefined || node === null ? undefined : isoDatetime(node);
  return iso === undefined ? null : instantOfText(iso);
}
