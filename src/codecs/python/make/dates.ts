import { PyBytes, type PyCall, type PyNode } from '../value';
import { reduced, ValueRefused } from './call';

/** Nodes of the datetime module, in the form CPython's `__reduce__` gives them (Modules/_datetimemodule.c, 3.11). */

export interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface TimeFields {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  readonly fold: number;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function within(name: string, value: number, from: number, to: number): void {
  if (!(value >= from && value <= to)) {
    throw new ValueRefused(`${name} must be in ${from}..${to}, not ${value}`);
  }
}

function checkDate({ year, month, day }: DateFields): void {
  within('year', year, 1, 9999);
  within('month', month, 1, 12);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  within(`day of ${year}-${month}`, day, 1, month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0));
}

function checkTime({ hour, minute, second, microsecond, fold }: TimeFields): void {
  within('hour', hour, 0, 23);
  within('minute', minute, 0, 59);
  within('second', second, 0, 59);
  within('microsecond', microsecond, 0, 999_999);
  within('fold', fold, 0, 1);
}

function timeBytes(time: TimeFields, hourHigh: number): number[] {
  const us = time.microsecond;
  return [time.hour | hourHigh, time.minute, time.second, us >> 16, (us >> 8) & 0xff, us & 0xff];
}

export function dateNode(date: DateFields): PyCall {
  checkDate(date);
  const bytes = [date.year >> 8, date.year & 0xff, date.month, date.day];
  return reduced('datetime', 'date', [new PyBytes(Uint8Array.from(bytes))]);
}

/** fold is bit 7 of the month. */
export function datetimeNode(date: DateFields, time: TimeFields, zone: PyNode): PyCall {
  checkDate(date);
  checkTime(time);
  const bytes = [date.year >> 8, date.year & 0xff, date.month | (time.fold << 7), date.day, ...timeBytes(time, 0)];
  const value = new PyBytes(Uint8Array.from(bytes));
  return reduced('datetime', 'datetime', zone === null ? [value] : [value, zone]);
}

/** fold is bit 7 of the hour. */
export function timeNode(time: TimeFields, zone: PyNode): PyCall {
  checkTime(time);
  const value = new PyBytes(Uint8Array.from(timeBytes(time, time.fold << 7)));
  return reduced('datetime', 'time', zone === null ? [value] : [value, zone]);
}

const DAY_US = 86_400_000_000n;

/** From microseconds in all; `days` takes the sign, as in Python. */
export function timedeltaNode(microseconds: bigint): PyCall {
  let days = microseconds / DAY_US;
  let rest = microseconds % DAY_US;
  if (rest < 0n) {
    rest += DAY_US;
    days -= 1n;
  }
  if (days < -999_999_999n || days > 999_999_999n) {
    throw new ValueRefused('a timedelta holds at most 999999999 days');
  }
  return reduced('datetime', 'timedelta', [Number(days), Number(rest / 1_000_000n), Number(rest % 1_000_000n)]);
}

/** The microseconds of a node made by `timedeltaNode`, or undefined for any other node. */
export function timedeltaMicroseconds(node: PyNode): bigint | undefined {
  if (typeof node !== 'object' || node === null || node.kind !== 'call' || node.className !== 'datetime.timedelta') {
    return undefined;
  }
  const [days, seconds, us] = node.args;
  if (typeof days !== 'number' || typeof seconds !== 'number' || typeof us !== 'number') {
    return undefined;
  }
  return BigInt(days) * DAY_US + BigInt(seconds) * 1_000_000n + BigInt(us);
}

/** A fixed offset from UTC, with Python's bound of less than a day. */
export function timezoneNode(microseconds: bigint, name?: string): PyCall {
  if (microseconds <= -DAY_US || microseconds >= DAY_US) {
    throw new ValueRefused('the offset of a timezone must be less than 24 hours');
  }
  const offset = timedeltaNode(microseconds);
  return reduced('datetime', 'timezone', name === undefined ? [offset] : [offset, name]);
}

/** `zoneinfo.ZoneInfo(key)`, in the form its `__reduce__` gives; 1 = from the cache. The name is not looked up. */
export function zoneInfoNode(key: string): PyCall {
  if (!/^[A-Za-z0-9][\w+-]*(?:\/[\w+-]+)*$/.test(key)) {
    throw new ValueRefused(`${JSON.stringify(key)} is no name of a time zone: it reads like 'Europe/Berlin'`);
  }
  return reduced('zoneinfo', 'ZoneInfo._unpickle', [key, 1]);
}

const UNITS = {
  microseconds: 1n,
  milliseconds: 1_000n,
  seconds: 1_000_000n,
  minutes: 60_000_000n,
  hours: 3_600_000_000n,
  days: DAY_US,
  weeks: 7n * DAY_US,
} as const;

export type TimedeltaUnit = keyof typeof UNITS;
export const TIMEDELTA_UNITS = Object.keys(UNITS) as TimedeltaUnit[];

/**
 * The sum of parts as CPython's constructor makes it: ints exactly, fractions of floats gathered smallest unit first
 * and rounded half to even at the end (`accum` in Modules/_datetimemodule.c).
 */
export function sumOfParts(parts: ReadonlyMap<TimedeltaUnit, bigint | number>): bigint {
  let sum = 0n;
  let leftover = 0;
  for (const unit of TIMEDELTA_UNITS) {
    const part = parts.get(unit);
    if (typeof part === 'bigint') {
      sum += part * UNITS[unit];
    } else if (part !== undefined) {
      if (!Number.isFinite(part)) {
        throw new ValueRefused(`${unit} must be a finite number`);
      }
      const whole = Math.trunc(part);
      const fraction = (part - whole) * Number(UNITS[unit]);
      const wholeOfFraction = Math.trunc(fraction);
      sum += BigInt(whole) * UNITS[unit] + BigInt(wholeOfFraction);
      leftover += fraction - wholeOfFraction;
    }
  }
  return leftover === 0 ? sum : sum + BigInt(roundLeftover(leftover, sum % 2n !== 0n));
}

function roundLeftover(leftover: number, sumIsOdd: boolean): number {
  const rounded = roundAwayFromZero(leftover);
  if (Math.abs(rounded - leftover) !== 0.5) {
    return rounded;
  }
  const odd = sumIsOdd ? 1 : 0;
  return 2 * roundAwayFromZero((leftover + odd) * 0.5) - odd;
}

function roundAwayFromZero(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}
