import { formatDate, formatFuture, formatPast, spokenPast } from '../../../inspector/present/format';
import type { Instant, JobTimes, State } from '../../../model';
import type { World } from './world';

/** The one time that matters in a state: when it is due, began, ended, or was put in line. */
export function timeOfState(times: JobTimes, state: State): Instant {
  switch (state) {
    case 'scheduled':
      return times.dueAt;
    case 'running':
    case 'taken':
      return times.startedAt;
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
  const ahead = instant > world.now + 1000;
  return ahead
    ? formatFuture(at, world.now, { locale: world.locale })
    : formatPast(at, world.now, { locale: world.locale });
}

/** When something is to happen; an instant that has passed reads `4 h overdue`. */
export function writtenDue(at: Instant, world: World): string {
  return at === null ? '' : formatFuture(at, world.now, { locale: world.locale });
}

export function spokenTime(at: Instant, world: World): string {
  if (at === null) return '';
  const ahead = Date.parse(at) > world.now + 1000;
  return ahead ? writtenDue(at, world) : spokenPast(at, world.now, { locale: world.locale });
}
