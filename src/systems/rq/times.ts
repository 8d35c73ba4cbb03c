import type { Instant } from '../../model';

/** RQ's own form, with or without a fraction (rq/utils.py, utcformat and utcparse, 0.12 to 2.12). */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(?:Z|\+00:00)?$/;
/** The form that every RQ writes itself, with all fields in their ranges: nothing is left to check. */
const USUAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;

/** A time of a job or worker hash as an instant; null where it is absent, empty or no time. */
export function instantOf(text: string | null | undefined): Instant {
  if (text && USUAL.test(text)) return text;
  const match = text ? STAMP.exec(text.trim()) : null;
  if (match === null) return null;
  const stamp = match[2] === undefined ? `${match[1]}Z` : `${match[1]}.${match[2]}Z`;
  return Number.isNaN(Date.parse(stamp)) ? null : stamp;
}

/** A score or a unix time in seconds as an instant; null where it means "never" (infinite, zero, negative). */
export function instantOfSeconds(seconds: number | null): Instant {
  if (seconds === null || !Number.isFinite(seconds) || seconds <= 0 || seconds > 253_402_300_799) return null;
  return new Date(Math.round(seconds * 1000)).toISOString();
}

/** Milliseconds since the epoch, or null. */
export function millisecondsOf(instant: Instant): number | null {
  const at = instant === null ? Number.NaN : Date.parse(instant);
  return Number.isNaN(at) ? null : at;
}
