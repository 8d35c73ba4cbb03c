import type { Crontab } from './trigger';
import { instantOfWall, wallOf } from './zone';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Days that are looked through: a 29th of February comes within nine years. */
const FURTHEST = 366 * 9;
const DAY = 86_400_000;

/**
 * When a crontab is due next after an instant; every field must fit, day of month and day of week too, as Celery has it
 * (celery/schedules.py, crontab.remaining_delta, 4.0 to 5.7). Null where it never is, or where a field cannot be read.
 */
export function nextRunOf(crontab: Crontab, after: number, zone: string): number | null {
  const minutes = valuesOf(crontab.minute, 0, 59);
  const hours = valuesOf(crontab.hour, 0, 23);
  const days = valuesOf(crontab.dayOfMonth, 1, 31);
  const months = valuesOf(crontab.monthOfYear, 1, 12, MONTHS, 1);
  const weekdays = valuesOf(crontab.dayOfWeek, 0, 6, DAYS, 0);
  const start = wallOf(after, zone);
  if (start === null || !minutes || !hours || !days || !months || !weekdays) return null;
  const midnight = Math.floor(start / DAY) * DAY;
  for (let day = 0; day <= FURTHEST; day++) {
    const at = new Date(midnight + day * DAY);
    if (!months.has(at.getUTCMonth() + 1) || !days.has(at.getUTCDate()) || !weekdays.has(at.getUTCDay())) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const wall = at.getTime() + hour * 3_600_000 + minute * 60_000;
        if (wall > start) return instantOfWall(wall, zone);
      }
    }
  }
  return null;
}

/** Values of a field in order (`*`, `5`, `1-5`, `*\/15`, `0-30/10`, `mon,wed`); null where it is none. */
function valuesOf(
  field: string,
  from: number,
  to: number,
  names: readonly string[] = [],
  first = 0,
): ReadonlySet<number> | null {
  if (field.length > 500) return null;
  const values = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const match = /^\s*(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,3}))?\s*$/.exec(part);
    if (match === null) return null;
    const [, star, low, high, step] = match;
    const begin = star === undefined ? numberOf(low ?? '', names, first) : from;
    let end = star === undefined ? (high === undefined ? begin : numberOf(high, names, first)) : to;
    if (begin === null || end === null || begin < from || begin > to || end > to + 1) return null;
    // `fri-mon` goes over the end; a single number with a step goes up to it.
    if (star === undefined && high === undefined && step !== undefined) end = to;
    const size = to - from + 1;
    const length = end < begin ? end + size - begin : end - begin;
    const stride = Number(step ?? 1);
    if (stride < 1) return null;
    for (let i = 0; i <= length; i += stride) values.add(((begin - from + i) % size) + from);
  }
  return new Set([...values].sort((a, b) => a - b));
}

function numberOf(word: string, names: readonly string[], first: number): number | null {
  if (/^\d{1,2}$/.test(word)) return Number(word);
  const at = names.indexOf(word.slice(0, 3));
  return at < 0 ? null : at + first;
}
