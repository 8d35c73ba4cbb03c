import { isKind, PyDict, type PyNode, parseJson } from '../../../codecs/python';
import type { Instant, Problem } from '../../../model';
import { isoOf } from '../../reading/instants';
import type { Entry } from './entry';
import type { Crontab, Trigger } from './trigger';
import { instantOfWall } from './zone';

/**
 * RedBeat's JSON (redbeat/decoder.py, RedBeatJSONEncoder, 0.13 to 2.4): `definition` holds name, task, args, kwargs,
 * options, schedule, enabled; `meta` last_run_at and total_run_count. Types stand in `__type__`: crontab, interval, rrule,
 * weekday, datetime; subclasses of applications add their own (solar, clocked), which RedBeat itself cannot write.
 */
export function readDefinition(
  definition: string,
  meta: string | null,
): { entry: Entry; problems: Problem[] } | Problem {
  let root: PyNode;
  try {
    root = parseJson(definition);
  } catch (error) {
    return { part: 'definition', reason: `The definition is no JSON: ${messageOf(error)}.`, offset: null };
  }
  if (!isKind(root, 'dict')) return { part: 'definition', reason: 'The definition is no JSON object.', offset: null };
  const problems: Problem[] = [];
  let state = new PyDict();
  if (meta !== null && meta !== '') {
    try {
      const read = parseJson(meta);
      if (isKind(read, 'dict')) state = read;
    } catch (error) {
      problems.push({ part: 'meta', reason: `When it ran last cannot be read: ${messageOf(error)}.`, offset: null });
    }
  }
  const lastRun = state.get('last_run_at');
  const options = root.get('options') ?? null;
  const enabled = root.get('enabled');
  return {
    problems,
    entry: {
      name: textOf(root.get('name')),
      task: textOf(root.get('task')),
      trigger: triggerOf(root.get('schedule')),
      args: root.get('args') ?? null,
      kwargs: root.get('kwargs') ?? null,
      options: isKind(options, 'dict') ? options : new PyDict(),
      // RedBeat's own default, for definitions that were written by hand.
      enabled: typeof enabled === 'boolean' ? enabled : true,
      lastRun: lastRun === undefined ? null : datetimeOf(lastRun),
      runs: numberOf(state.get('total_run_count')),
      zone: lastRun === undefined ? null : zoneOf(lastRun),
    },
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/\.$/, '') : 'unreadable';

const textOf = (node: PyNode | undefined): string | null => (typeof node === 'string' ? node : null);

/** A JSON number; null where it is none or not finite. */
export function numberOf(node: PyNode | undefined): number | null {
  if (typeof node === 'number') return node;
  if (node === undefined || !isKind(node, 'float')) return null;
  return Number.isFinite(node.value) ? node.value : null;
}

/** A field as text: numbers too, lists joined by commas; null where it is None or absent. */
export function fieldText(node: PyNode | undefined): string | null {
  if (typeof node === 'string') return node;
  if (typeof node === 'bigint') return String(node);
  const number = numberOf(node);
  if (number !== null) return String(number);
  if (node === undefined || !(isKind(node, 'list') || isKind(node, 'tuple') || isKind(node, 'set'))) return null;
  const items = node.items.slice(0, 100).map(item => fieldText(item) ?? weekdayOf(item) ?? '?');
  return items.length === 0 ? null : items.join(',');
}

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

/** `{"__type__": "weekday", "wkday": 0}` of dateutil: Monday is 0. */
function weekdayOf(node: PyNode): string | null {
  return isKind(node, 'dict') ? (WEEKDAYS[numberOf(node.get('wkday')) ?? -1] ?? null) : null;
}

/** Fields of an rrule that say when; the others are its start and zone offsets. */
const RRULE =
  'freq interval count bysetpos bymonth bymonthday byyearday byeaster byweekno byweekday byhour byminute bysecond'.split(
    ' ',
  );

function triggerOf(node: PyNode | undefined): Trigger | null {
  if (node === undefined || !isKind(node, 'dict')) return null;
  const type = textOf(node.get('__type__'));
  switch (type) {
    case 'crontab':
      return crontabOf(name => fieldText(node.get(name)));
    case 'interval': {
      const seconds = numberOf(node.get('every'));
      return seconds === null ? null : { kind: 'interval', seconds, relative: node.get('relative') === true };
    }
    case 'rrule': {
      const fields = new Map<string, string>();
      for (const name of RRULE) {
        const text = fieldText(node.get(name));
        if (text !== null) fields.set(name, text);
      }
      const until = numberOf(node.get('until'));
      const ends = until === null ? null : isoOf(until * 1000);
      if (ends !== null) fields.set('until', ends.replace('.000Z', 'Z'));
      return { kind: 'rrule', fields };
    }
    case 'datetime':
      return { kind: 'clocked', at: datetimeOf(node) ?? 'a time that cannot be read' };
    case 'clocked': {
      const at = node.get('clocked_time') ?? node.get('at') ?? null;
      return { kind: 'clocked', at: datetimeOf(at) ?? fieldText(at) ?? 'a time that cannot be read' };
    }
    case 'solar':
      return {
        kind: 'solar',
        event: textOf(node.get('event')) ?? 'an event of the sun',
        latitude: fieldText(node.get('lat')) ?? '?',
        longitude: fieldText(node.get('lon')) ?? '?',
      };
    default:
      return { kind: 'other', name: type ?? 'a schedule of no known type' };
  }
}

/** Fields of a crontab; one that is not there means every. */
export function crontabOf(field: (name: string) => string | null): Crontab {
  return {
    kind: 'crontab',
    minute: field('minute') ?? '*',
    hour: field('hour') ?? '*',
    dayOfMonth: field('day_of_month') ?? '*',
    monthOfYear: field('month_of_year') ?? '*',
    dayOfWeek: field('day_of_week') ?? '*',
  };
}

/** `{"__type__": "datetime", "year": …, "timezone": "Europe/Berlin" | seconds east of UTC}` as an instant. */
function datetimeOf(node: PyNode): Instant {
  if (!isKind(node, 'dict')) return null;
  const part = (name: string, otherwise: number) => numberOf(node.get(name)) ?? otherwise;
  const year = part('year', Number.NaN);
  const wall =
    Date.UTC(year, part('month', 1) - 1, part('day', 1), part('hour', 0), part('minute', 0), part('second', 0)) +
    Math.floor(part('microsecond', 0) / 1000);
  // Date.UTC takes years below 100 for the twentieth century.
  if (!(year >= 1000 && year <= 9999) || Number.isNaN(wall)) return null;
  const zone = node.get('timezone') ?? 'UTC';
  if (typeof zone === 'string') return isoOf(instantOfWall(wall, zone));
  const offset = numberOf(zone);
  return offset === null ? null : isoOf(wall - offset * 1000);
}

/** The zone's name, or its offset from UTC. */
function zoneOf(node: PyNode): string | null {
  if (!isKind(node, 'dict')) return null;
  const zone = node.get('timezone');
  if (typeof zone === 'string') return zone.slice(0, 60);
  const seconds = numberOf(zone);
  if (seconds === null) return null;
  const minutes = Math.round(Math.abs(seconds) / 60);
  const pad = (n: number) => String(n).padStart(2, '0');
  return `UTC${seconds < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
