import { isoDatetime, type PyNode } from '../../../codecs/python';
import type { Instant } from '../../../model';

/** `datetime.isoformat()`: `T` or a blank, a fraction or none, an offset or none. */
const STAMP = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d(?::\d\d)?)?$/;

/**
 * `date_done` in milliseconds since the epoch, with microseconds as its fraction: naive means UTC (`datetime.utcnow()`
 * up to Celery 5.2), later ones carry the offset of the application's time zone. NaN where it is no time.
 */
export function millisecondsOf(text: string): number {
  const match = STAMP.exec(text.trim());
  if (match === null) return Number.NaN;
  const [, day, clock, fraction = '', offset = 'Z'] = match;
  const zone =
    offset === 'Z' || offset.includes(':') ? offset.slice(0, 6) : `${offset.slice(0, 3)}:${offset.slice(3, 5)}`;
  const whole = Date.parse(`${day}T${clock}${zone}`);
  return fraction === '' ? whole : whole + Number(fraction.padEnd(6, '0')) / 1000;
}

/** The same as an instant, microseconds kept; null where there is none. */
export function instantOfText(text: string): Instant {
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
