/** How numbers are written: counts grouped and never rounded, unknown said and never zero. */
import { t } from '@vscode/l10n';
import type { Count } from '../../model';

/** A whole number, grouped by locale: `12,480`. */
export function formatNumber(n: number, locale = 'en'): string {
  let format = numberFormats.get(locale);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    numberFormats.set(locale, format);
  }
  return format.format(n);
}

const numberFormats = new Map<string, Intl.NumberFormat>();

/** `12,480`, `10,000+`, or the reason why it is not known. Never `0` for unknown. */
export function formatCount(count: Count, locale = 'en'): string {
  if ('unknown' in count) return count.unknown;
  return 'exact' in count ? formatNumber(count.exact, locale) : `${formatNumber(count.atLeast, locale)}+`;
}

/** For a narrow column: as `formatCount`, but `–` where it is not known; the reason then belongs in tooltip and speech. */
export function formatNarrowCount(count: Count | undefined, locale = 'en'): string {
  return count === undefined || 'unknown' in count ? '–' : formatCount(count, locale);
}

/** Decimal units, one decimal under 100: `312 B`, `4.1 kB`, `2.3 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return t('{0} B', Math.round(bytes));
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value < 99.95 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
  return `${digits} ${UNITS[unit]}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/**
 * A rate: `1.2/s`, under one a second `38/min`; too little data: `measuring…`.
 * @param perSecond events per second, null while it is not known
 */
export function formatRate(perSecond: number | null, locale = 'en'): string {
  if (perSecond === null || !Number.isFinite(perSecond)) return t('measuring…');
  const size = Math.abs(perSecond);
  if (size >= 10) return t('{0}/s', formatNumber(Math.round(perSecond), locale));
  if (size >= 1) return t('{0}/s', perSecond.toFixed(1).replace(/\.0$/, ''));
  return t('{0}/min', formatNumber(Math.round(perSecond * 60), locale));
}
