import { ValueRefused } from '../make/call';
import {
  dateNode,
  datetimeNode,
  sumOfParts,
  TIMEDELTA_UNITS,
  type TimedeltaUnit,
  type TimeFields,
  timedeltaMicroseconds,
  timedeltaNode,
  timeNode,
  timezoneNode,
  zoneInfoNode,
} from '../make/dates';
import { PyCall, PyFloat, type PyNode } from '../value';
import type { Bound, Builder } from './calls';

const TIME = ['hour', 'minute', 'second', 'microsecond', 'tzinfo', '*', 'fold'] as const;

const DATE: Builder = { parameters: ['year', 'month', 'day'], build: bound => dateNode(dateFields(bound)) };
const DATETIME: Builder = {
  parameters: ['year', 'month', 'day', ...TIME],
  build: bound => datetimeNode(dateFields(bound), timeFields(bound), zone(bound)),
};
const CLOCK: Builder = { parameters: TIME, build: bound => timeNode(timeFields(bound), zone(bound)) };
const TIMEDELTA: Builder = {
  parameters: ['days', 'seconds', 'microseconds', 'milliseconds', 'minutes', 'hours', 'weeks'],
  build: buildTimedelta,
};
const TIMEZONE: Builder = { parameters: ['offset', 'name'], build: buildTimezone };
const ZONE_INFO: Builder = { parameters: ['key'], build: bound => zoneInfoNode(textOf(bound, 'key')) };

/** The datetime family under the names of `import datetime` and of `from datetime import …`. */
export const DATE_BUILDERS: readonly (readonly [string, Builder])[] = [
  ['datetime.date', DATE],
  ['date', DATE],
  ['datetime.datetime', DATETIME],
  ['datetime', DATETIME],
  ['datetime.time', CLOCK],
  ['time', CLOCK],
  ['datetime.timedelta', TIMEDELTA],
  ['timedelta', TIMEDELTA],
  ['datetime.timezone', TIMEZONE],
  ['timezone', TIMEZONE],
  ['datetime.timezone.utc', { parameters: [], build: () => timezoneNode(0n) }],
  ['zoneinfo.ZoneInfo', ZONE_INFO],
  ['ZoneInfo', ZONE_INFO],
];

function int(bound: Bound, name: string, otherwise?: number): number {
  const node = bound.get(name) ?? otherwise;
  if (node === undefined) {
    throw new ValueRefused(`${name} is missing`);
  }
  if (typeof node === 'boolean') {
    return node ? 1 : 0;
  }
  if (typeof node !== 'number') {
    throw new ValueRefused(`${name} must be an int`);
  }
  return node;
}

function textOf(bound: Bound, name: string): string {
  const node = bound.get(name);
  if (typeof node !== 'string') {
    throw new ValueRefused(`${name} must be a text`);
  }
  return node;
}

function dateFields(bound: Bound) {
  return { year: int(bound, 'year'), month: int(bound, 'month'), day: int(bound, 'day') };
}

function timeFields(bound: Bound): TimeFields {
  return {
    hour: int(bound, 'hour', 0),
    minute: int(bound, 'minute', 0),
    second: int(bound, 'second', 0),
    microsecond: int(bound, 'microsecond', 0),
    fold: int(bound, 'fold', 0),
  };
}

const ZONES = new Set(['datetime.timezone', 'zoneinfo.ZoneInfo._unpickle']);

function zone(bound: Bound): PyNode {
  const node = bound.get('tzinfo') ?? null;
  if (node !== null && !(node instanceof PyCall && ZONES.has(node.className ?? ''))) {
    throw new ValueRefused('tzinfo must be None, datetime.timezone… or ZoneInfo(…)');
  }
  return node;
}

function buildTimedelta(bound: Bound): PyNode {
  const parts = new Map<TimedeltaUnit, bigint | number>();
  for (const unit of TIMEDELTA_UNITS) {
    const node = bound.get(unit);
    if (node instanceof PyFloat) {
      parts.set(unit, node.value);
    } else if (typeof node === 'number' || typeof node === 'bigint' || typeof node === 'boolean') {
      parts.set(unit, BigInt(node));
    } else if (node !== undefined) {
      throw new ValueRefused(`${unit} must be a number`);
    }
  }
  return timedeltaNode(sumOfParts(parts));
}

function buildTimezone(bound: Bound): PyNode {
  const offset = timedeltaMicroseconds(bound.get('offset') ?? null);
  if (offset === undefined) {
    throw new ValueRefused('offset must be a timedelta(…)');
  }
  return bound.has('name') ? timezoneNode(offset, textOf(bound, 'name')) : timezoneNode(offset);
}
