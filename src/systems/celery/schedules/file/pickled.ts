import {
  isKind,
  isoDatetime,
  PyDict,
  type PyNode,
  PyTuple,
  readPickle,
  timedeltaSeconds,
} from '../../../../codecs/python';
import type { Instant } from '../../../../model';
import { isoOf } from '../../../reading/instants';
import { nextRunOf } from '../cron';
import { crontabOf, fieldText, numberOf } from '../definition';
import type { Entry } from '../entry';
import type { Trigger } from '../trigger';
import { instantOfWall } from '../zone';

/** What celery beat wrote into its file (celery/beat.py, PersistentScheduler, 3.1 to 5.7). */
export interface BeatFile {
  readonly entries: readonly (Entry & { readonly nextRun: Instant })[];
  /** Celery's version. */
  readonly version: string | null;
  readonly zone: string | null;
}

/** Entries that are read at most. */
const LIMIT = 1000;

/**
 * The pickled values of a `celerybeat-schedule`, by key: `entries` (a dict of name to `celery.beat.ScheduleEntry`),
 * `__version__`, `tz`, `utc_enabled`. Nothing of them runs.
 * @throws Error where there are no entries, PickleError where they cannot be read
 */
export function readBeatValues(values: ReadonlyMap<string, Uint8Array>): BeatFile {
  const unpickled = (key: string): PyNode => {
    const bytes = values.get(key);
    return bytes === undefined ? null : readPickle(bytes).root;
  };
  const entries = unpickled('entries');
  if (!isKind(entries, 'dict')) throw new Error('it has no entries of celery beat');
  const [version, tz] = [unpickled('__version__'), unpickled('tz')];
  const zone = typeof tz === 'string' ? tz : tz === null && values.has('tz') ? 'UTC' : null;
  return {
    version: typeof version === 'string' ? version : null,
    zone,
    entries: [...entries.entries()].slice(0, LIMIT).flatMap(([name, node]) => entryOf(name, node, zone) ?? []),
  };
}

/** `ScheduleEntry(name, task, last_run_at, total_run_count, schedule, args, kwargs, options)` by `__reduce__`. */
function entryOf(key: PyNode, node: PyNode, zone: string | null) {
  if (!isKind(node, 'call')) return null;
  const [name, task, lastRunAt, runs, schedule, args, kwargs, options] = node.args;
  const trigger = triggerOf(schedule ?? null);
  const lastRun = instantOf(lastRunAt ?? null, zone);
  const entry: Entry = {
    name: typeof name === 'string' ? name : typeof key === 'string' ? key : null,
    task: typeof task === 'string' ? task : null,
    trigger,
    args: args ?? new PyTuple([]),
    kwargs: kwargs ?? new PyDict(),
    options: options !== undefined && isKind(options, 'dict') ? options : new PyDict(),
    enabled: null,
    lastRun,
    runs: numberOf(runs),
    zone,
  };
  return { ...entry, nextRun: nextOf(trigger, lastRun, zone ?? 'UTC') };
}

/** What beat would reckon from the last run; null where only the application can tell. */
function nextOf(trigger: Trigger | null, lastRun: Instant, zone: string): Instant {
  const last = lastRun === null ? Number.NaN : Date.parse(lastRun);
  if (trigger === null || Number.isNaN(last)) return null;
  if (trigger.kind === 'interval') return isoOf(last + trigger.seconds * 1000);
  return trigger.kind === 'crontab' ? isoOf(nextRunOf(trigger, last, zone)) : null;
}

/** Schedules as their classes pickle themselves (celery/schedules.py, `__reduce__`). */
function triggerOf(node: PyNode): Trigger | null {
  if (!isKind(node, 'call')) return null;
  const [first, second, third] = node.args;
  switch (node.className) {
    case 'celery.schedules.crontab': {
      const names = ['minute', 'hour', 'day_of_week', 'day_of_month', 'month_of_year'];
      return crontabOf(name => fieldText(node.args[names.indexOf(name)]));
    }
    case 'celery.schedules.schedule': {
      const seconds = (first === undefined ? undefined : timedeltaSeconds(first)) ?? numberOf(first);
      return seconds === null ? null : { kind: 'interval', seconds, relative: second === true };
    }
    case 'celery.schedules.solar':
      return {
        kind: 'solar',
        event: fieldText(first) ?? 'an event of the sun',
        latitude: fieldText(second) ?? '?',
        longitude: fieldText(third) ?? '?',
      };
    case 'django_celery_beat.clockedschedule.clocked':
      return { kind: 'clocked', at: (first === undefined ? undefined : isoDatetime(first)) ?? 'a time' };
    default:
      return { kind: 'other', name: node.className ?? 'a schedule of no known class' };
  }
}

/** A pickled datetime; one without an offset is in its named zone, or in the application's. */
function instantOf(node: PyNode, zone: string | null): Instant {
  const iso = isoDatetime(node);
  if (iso === undefined) return null;
  if (/[+-]\d\d:\d\d(?::\d\d)?$/.test(iso)) return isoOf(Date.parse(iso.replace(/(\.\d{3})\d+/, '$1')));
  const wall = Date.parse(`${iso.replace(/(\.\d{3})\d+/, '$1')}Z`);
  const tz = isKind(node, 'call') ? node.args[1] : undefined;
  const named = tz !== undefined && isKind(tz, 'call') && typeof tz.args[0] === 'string' ? tz.args[0] : null;
  return isoOf(instantOfWall(wall, named ?? zone ?? 'UTC'));
}
