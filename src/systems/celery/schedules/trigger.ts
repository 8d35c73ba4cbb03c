import { everyText } from '../../acting/words';

/** When a periodic task runs, as RedBeat and celery beat write it down. */
export type Trigger =
  | Crontab
  | { readonly kind: 'interval'; readonly seconds: number; readonly relative: boolean }
  | { readonly kind: 'rrule'; readonly fields: ReadonlyMap<string, string> }
  | { readonly kind: 'solar'; readonly event: string; readonly latitude: string; readonly longitude: string }
  | { readonly kind: 'clocked'; readonly at: string }
  | { readonly kind: 'other'; readonly name: string };

/** Fields as they were written: `0`, `*\/15`, `mon-fri`. */
export interface Crontab {
  readonly kind: 'crontab';
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly monthOfYear: string;
  readonly dayOfWeek: string;
}

/** Longest text of a field that is shown. */
const FIELD = 60;
export const short = (text: string): string => (text.length > FIELD ? `${text.slice(0, FIELD).toWellFormed()}…` : text);

/** A trigger in words: `every day at 02:00`, `every 5 min`, `cron 0 2 * * mon-wed`. */
export function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'crontab':
      return cronText(trigger);
    case 'interval':
      return `${everyText(trigger.seconds)}${trigger.relative ? ', by the clock' : ''}`;
    case 'rrule':
      return rruleText(trigger.fields);
    case 'solar':
      return `at ${short(trigger.event.replaceAll('_', ' '))} at ${short(trigger.latitude)}, ${short(trigger.longitude)}`;
    case 'clocked':
      return `once at ${short(trigger.at)}`;
    case 'other':
      return `by ${short(trigger.name)}`;
  }
}

const NUMBER = /^\d{1,2}$/;

function cronText({ minute, hour, dayOfMonth, monthOfYear, dayOfWeek }: Crontab): string {
  const clock = NUMBER.test(minute) && NUMBER.test(hour) ? `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}` : null;
  const day = clock === null ? null : dayText(dayOfMonth, monthOfYear, dayOfWeek);
  if (day !== null) return `${day} at ${clock}`;
  if (dayOfMonth === '*' && monthOfYear === '*' && dayOfWeek === '*') {
    if (hour === '*') {
      if (minute === '*') return 'every minute';
      if (minute === '0') return 'every hour';
      if (NUMBER.test(minute)) return `every hour at :${minute.padStart(2, '0')}`;
      const step = /^\*\/(\d{1,2})$/.exec(minute)?.[1];
      // Other steps begin anew each hour, so that the last one is shorter.
      if (step !== undefined && Number(step) > 0 && 60 % Number(step) === 0) return everyText(Number(step) * 60);
    }
  }
  return `cron ${[minute, hour, dayOfMonth, monthOfYear, dayOfWeek].map(short).join(' ')}`;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

/** `every day`, `on the 1st of every month`, `every Monday`, `on 24 December`; null for anything less simple. */
function dayText(dayOfMonth: string, monthOfYear: string, dayOfWeek: string): string | null {
  const [date, month, weekday] = [dayOfMonth === '*', monthOfYear === '*', dayOfWeek === '*'];
  if (date && month && weekday) return 'every day';
  if (date && month) {
    if (/^(?:mon-fri|1-5)$/i.test(dayOfWeek)) return 'Monday to Friday';
    const named = nameIn(DAYS, dayOfWeek, 0);
    return named === null ? null : `every ${named}`;
  }
  if (!weekday || !NUMBER.test(dayOfMonth) || Number(dayOfMonth) < 1 || Number(dayOfMonth) > 31) return null;
  if (month) return `on the ${ordinal(Number(dayOfMonth))} of every month`;
  const named = nameIn(MONTHS, monthOfYear, 1);
  return named === null ? null : `on ${Number(dayOfMonth)} ${named}`;
}

/** What a number or the first three letters of a name stand for. */
function nameIn(names: readonly string[], text: string, first: number): string | null {
  if (NUMBER.test(text)) return names[Number(text) - first] ?? null;
  const word = text.toLowerCase();
  return names.find(name => word === name.toLowerCase() || word === name.slice(0, 3).toLowerCase()) ?? null;
}

function ordinal(n: number): string {
  const last = n > 10 && n < 14 ? 0 : n % 10;
  return `${n}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`;
}

const FREQUENCIES = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY', 'MINUTELY', 'SECONDLY'];
const UNITS: Readonly<Record<string, readonly [string, string]>> = {
  YEARLY: ['year', 'years'],
  MONTHLY: ['month', 'months'],
  WEEKLY: ['week', 'weeks'],
  DAILY: ['day', 'days'],
  HOURLY: ['hour', 'hours'],
  MINUTELY: ['minute', 'minutes'],
  SECONDLY: ['second', 'seconds'],
};

/** `freq` is a number of dateutil (0 = yearly … 6 = secondly) or its word. */
function rruleText(fields: ReadonlyMap<string, string>): string {
  const frequency = FREQUENCIES[Number(fields.get('freq') ?? Number.NaN)] ?? (fields.get('freq') ?? '').toUpperCase();
  const unit = UNITS[frequency];
  const by = [...fields].filter(([name]) => name.startsWith('by'));
  const interval = fields.get('interval') ?? '1';
  const count = fields.get('count');
  const until = fields.get('until');
  if (unit !== undefined && by.length === 0) {
    const parts = [interval === '1' ? `every ${unit[0]}` : `every ${short(interval)} ${unit[1]}`];
    if (count !== undefined) parts.push(count === '1' ? 'once' : `${short(count)} times`);
    if (until !== undefined) parts.push(`until ${short(until)}`);
    return parts.join(', ');
  }
  const rule = [
    `FREQ=${short(frequency)}`,
    ...(interval === '1' ? [] : [`INTERVAL=${short(interval)}`]),
    ...(count === undefined ? [] : [`COUNT=${short(count)}`]),
    ...(until === undefined ? [] : [`UNTIL=${short(until)}`]),
    ...by.map(([name, value]) => `${name.toUpperCase()}=${short(value)}`),
  ];
  return `rrule ${rule.join(';')}`;
}
