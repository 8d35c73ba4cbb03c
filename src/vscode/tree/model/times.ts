import { t } from '@vscode/l10n';
import { formatDate, formatFuture, formatPast, spokenPast } from '../../../inspector/present/format';
import type { Instant, JobTimes, State } from '../../../model';
import type { World } from './world';

/** The one time that matters in a state: when it is due, began, ended, or was put in line. */
export function timeOfState(times: JobTimes, state: State): Instant {
  switch (state) {
    case 'scheduled':
      return times.dueAt;
    case 'running':
      return times.startedAt;
    case 'taken':
      return times.takenAt ?? times.startedAt;
    case 'failed':
    case 'finished':
    case 'canceled':
    case 'dead':
      return times.endedAt ?? times.enqueuedAt;
    default:
      return times.enqueuedAt ?? times.createdAt;
  }
}

/** An instant as the setting `jobQueues.times` wants it; '' for none. */
export function writtenTime(at: Instant, world: World): string {
  if (at === null) return '';
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return '';
  if (world.times === 'absolute') return formatDate(instant, world.now, { locale: world.locale });
  const ahead = instant > world.now + CLOCKS_DIFFER_MS;
  return ahead
    ? formatFuture(at, world.now, { locale: world.locale })
    : formatPast(at, world.now, { locale: world.locale });
}

/** Rows are written by a clock that moves every few seconds, and the broker has one of its own. */
const CLOCKS_DIFFER_MS = 60_000;

/** The time of a state as a row shows it: when a scheduled job is due, else how long ago it was. */
export function stateTimeText(times: JobTimes, state: State, world: World): string {
  const at = timeOfState(times, state);
  if (state === 'scheduled' && world.times === 'relative') return writtenDue(at, world);
  return isHeldBack(times, state, world) ? t('due {0}', writtenDue(times.dueAt, world)) : writtenTime(at, world);
}

/** The same for those who listen. */
export function spokenStateTime(times: JobTimes, state: State, world: World): string {
  if (state === 'scheduled') return writtenDue(times.dueAt, world);
  if (isHeldBack(times, state, world)) return t('due {0}', writtenDue(times.dueAt, world));
  return spokenTime(timeOfState(times, state), world);
}

/** The instant that `stateTimeText` writes. */
export function shownTimeOf(times: JobTimes, state: State, world: World): Instant {
  return isHeldBack(times, state, world) ? times.dueAt : timeOfState(times, state);
}

/** What waits or is held until its time is better told by that time than by since when. */
function isHeldBack({ dueAt }: Pick<JobTimes, 'dueAt'>, state: State, world: World): boolean {
  return (state === 'waiting' || state === 'taken') && dueAt !== null && Date.parse(dueAt) > world.now;
}

/** When something is to happen; an instant that has passed reads `4 h overdue`. */
export function writtenDue(at: Instant, world: World): string {
  return at === null ? '' : formatFuture(at, world.now, { locale: world.locale });
}

export function spokenTime(at: Instant, world: World): string {
  if (at === null) return '';
  const ahead = Date.parse(at) > world.now + CLOCKS_DIFFER_MS;
  return ahead ? writtenDue(at, world) : spokenPast(at, world.now, { locale: world.locale });
}

/** `14:00:58` on the same day, else the date: for timelines and facts, where the order counts. */
export function clockTime(value: string, world: World): string {
  const at = Date.parse(value);
  if (Number.isNaN(at)) return value;
  if (new Date(at).toDateString() !== new Date(world.now).toDateString()) {
    return formatDate(at, world.now, { locale: world.locale });
  }
  return new Date(at).toLocaleTimeString('en-GB');
}
