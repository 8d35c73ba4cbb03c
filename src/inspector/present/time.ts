/** How instants and durations are written: short, in the reader's own time zone, never rounded up to a lie. */
import { t } from '@vscode/l10n';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface TimeOptions {
  /** BCP 47; `en` unless told. */
  readonly locale?: string;
  /** IANA name; the reader's own unless told. */
  readonly timeZone?: string;
}

/**
 * A past instant: `just now`, `42 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, then `12 Nov, 14:03`, in another year
 * `12 Nov 2024`. An instant that lies ahead by up to a minute (clocks differ) counts as now.
 * @param iso ISO 8601, or null for not recorded
 * @param now ms since the epoch
 * @returns '' for null and for what is no date
 */
export function formatPast(iso: string | null, now: number, options: TimeOptions = {}): string {
  const at = instantOf(iso);
  if (at === null) return '';
  const ago = now - at;
  if (ago < -MINUTE) return formatFuture(iso, now, options);
  if (ago < 10 * SECOND) return t('just now');
  if (ago < MINUTE) return t('{0} s ago', Math.floor(ago / SECOND));
  if (ago < HOUR) return t('{0} min ago', Math.floor(ago / MINUTE));
  if (ago < DAY) return t('{0} h ago', Math.floor(ago / HOUR));
  if (ago < 7 * DAY) return t('{0} d ago', Math.floor(ago / DAY));
  return formatDate(at, now, options);
}

/**
 * An instant to come: `in 42 s`, `in 5 min`, `in 3 h`, `tomorrow 02:00`, `12 Dec, 02:00`; one that has passed:
 * `4 h overdue`.
 * @param iso ISO 8601, or null for not recorded
 * @param now ms since the epoch
 */
export function formatFuture(iso: string | null, now: number, options: TimeOptions = {}): string {
  const at = instantOf(iso);
  if (at === null) return '';
  const left = at - now;
  if (left < -SECOND) return t('{0} overdue', formatSpan(-left));
  if (left < SECOND) return t('now');
  if (left < 12 * HOUR) return t('in {0}', formatSpan(left));
  const days = dayNumber(at, options) - dayNumber(now, options);
  if (days === 0) return t('in {0}', formatSpan(left));
  if (days === 1) return t('tomorrow {0}', clock(at, options));
  return formatDate(at, now, options);
}

/** True where the instant has passed by more than a second: the schedule is overdue. */
export function isOverdue(iso: string | null, now: number): boolean {
  const at = instantOf(iso);
  return at !== null && now - at > SECOND;
}

/** `12 Nov, 14:03`; in another year than now's `12 Nov 2024`. */
export function formatDate(at: number, now: number, options: TimeOptions = {}): string {
  const sameYear = format(at, { year: 'numeric' }, options) === format(now, { year: 'numeric' }, options);
  return sameYear
    ? format(at, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, options)
    : format(at, { day: 'numeric', month: 'short', year: 'numeric' }, options);
}

/** For tooltips: the reader's time with its offset, then UTC: `12 Nov 2026, 14:03:05 GMT+1 · 2026-11-12 13:03:05 UTC`. */
export function formatExact(iso: string | null, options: TimeOptions = {}): string {
  const at = instantOf(iso);
  if (at === null) return '';
  const date = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const local = format(at, { ...date, ...time, timeZoneName: 'shortOffset' }, options);
  return `${local} · ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Two units at most: `870 ms`, `12.4 s`, `3 min 20 s`, `1 h 04 min`, `2 d 3 h`. '' for what is no number. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '';
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds < 0.9995) return t('{0} ms', Math.round(seconds * 1000));
  if (seconds < 59.95) return t('{0} s', trimZero(seconds.toFixed(1)));
  const whole = Math.round(seconds);
  if (whole < 3600) return two(Math.floor(whole / 60), '{0} min', whole % 60, '{0} s');
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), '{0} h', minutes % 60, '{0} min', true);
  const hours = Math.floor(minutes / 60);
  return two(Math.floor(hours / 24), '{0} d', hours % 24, '{0} h');
}

/** A span in words for screen readers: `4 minutes`, `1 hour`, `12 seconds`. */
export function spokenDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return whole === 1 ? t('{0} second', whole) : t('{0} seconds', whole);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return minutes === 1 ? t('{0} minute', minutes) : t('{0} minutes', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours === 1 ? t('{0} hour', hours) : t('{0} hours', hours);
  const days = Math.floor(hours / 24);
  return days === 1 ? t('{0} day', days) : t('{0} days', days);
}

/** A past instant for screen readers: `3 minutes ago`. */
export function spokenPast(iso: string | null, now: number, options: TimeOptions = {}): string {
  const at = instantOf(iso);
  if (at === null) return '';
  const seconds = (now - at) / SECOND;
  if (seconds < 10) return t('just now');
  return seconds < 7 * 86_400 ? t('{0} ago', spokenDuration(seconds)) : formatDate(at, now, options);
}

/** One unit, rounded down: `42 s`, `3 min`, `5 h`, `2 d`. */
export function formatSpan(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < MINUTE) return t('{0} s', Math.floor(span / SECOND));
  if (span < HOUR) return t('{0} min', Math.floor(span / MINUTE));
  if (span < DAY) return t('{0} h', Math.floor(span / HOUR));
  return t('{0} d', Math.floor(span / DAY));
}

function instantOf(iso: string | null): number | null {
  if (iso === null) return null;
  const at = Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

function two(first: number, firstText: string, second: number, secondText: string, padded = false): string {
  const head = t(firstText, first);
  return second === 0 ? head : `${head} ${t(secondText, padded ? String(second).padStart(2, '0') : second)}`;
}

function clock(at: number, options: TimeOptions): string {
  return format(at, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, options);
}

function dayNumber(at: number, options: TimeOptions): number {
  const zone = options.timeZone === undefined ? {} : { timeZone: options.timeZone };
  const parts = formatter('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', ...zone }).format(at);
  return Math.round(Date.parse(`${parts}T00:00:00Z`) / DAY);
}

function format(at: number, fields: Intl.DateTimeFormatOptions, options: TimeOptions): string {
  const zone = options.timeZone === undefined ? {} : { timeZone: options.timeZone };
  return formatter(dateLocale(options.locale ?? 'en'), { ...fields, ...zone }).format(at);
}

/** English dates are written day first (`12 Nov, 14:03`), as everywhere in the product. */
function dateLocale(locale: string): string {
  return locale === 'en' || locale.startsWith('en-') ? 'en-GB' : locale;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs 50 µs, using one 1 µs; a table has thousands of times. */
function formatter(locale: string, fields: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(fields)}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale, fields);
  formatters.set(key, made);
  return made;
}

const trimZero = (text: string) => text.replace(/\.0$/, '');
