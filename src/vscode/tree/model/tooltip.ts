import { t } from '@vscode/l10n';
import type { InstallationView, LiveConnection } from '../../../inspector/api';
import {
  cutText,
  formatCount,
  formatDuration,
  formatExact,
  formatNumber,
  formatPast,
  formatSize,
  joined,
  oneLine,
  stateWord,
} from '../../../inspector/present/format';
import { type Fact, type JobRow, knownAmount, type QueueSummary, STATES, type WorkerSummary } from '../../../model';
import { accessWords, environmentWord, staleReason } from './connection';
import { argumentsText } from './jobs';
import type { Row, Subject } from './row';
import { spokenTime, timeOfState, writtenDue, writtenTime } from './times';
import { viewOf, type World } from './world';

/** At most eight lines of plain text, the first one bold; the adapter escapes them. */
export type TooltipLines = readonly string[];

/** What a row says on hover beyond what stands in it. */
export function tooltipLines(row: Row, live: LiveConnection | undefined, world: World): TooltipLines {
  const { subject } = row;
  if (row.detail !== undefined) return [row.label, ...row.detail.split('\n')].slice(0, 8);
  if (live === undefined) return [row.label, row.description];
  const view = 'at' in subject ? viewOf(live, subject.at) : undefined;
  const lines = linesOf(subject, live, view, world) ?? [row.label, row.description];
  return lines.filter(line => line !== '').slice(0, 8);
}

function linesOf(
  subject: Subject,
  live: LiveConnection,
  view: InstallationView | undefined,
  world: World,
): string[] | null {
  const overview = view?.overview;
  switch (subject.kind) {
    case 'connection':
      return connectionLines(live, world);
    case 'installation':
      return view === undefined
        ? null
        : [
            view.installation.system.title,
            ...(overview?.notices ?? []).map(({ text }) => text),
            ...view.installation.evidence
              .slice(0, 6)
              .map(({ what, value, source }) => `${oneLine(what)}: ${oneLine(value)} (${oneLine(source)})`),
          ];
    case 'trouble':
      return troubleLines(view, subject.state);
    case 'queue': {
      const queue = overview?.queues.find(({ name }) => name === subject.queue);
      return queue === undefined ? null : queueLines(queue, view, live, world);
    }
    case 'state': {
      const own = view?.installation;
      const source = own?.sources?.[subject.state] ?? own?.system.facts.sources[subject.state];
      return source === undefined
        ? null
        : [
            overview?.nativeStates[subject.state] ?? subject.state,
            t('Read from {0}', source.replaceAll('{queue}', oneLine(subject.queue ?? ''))),
            subject.state === 'taken'
              ? t('Held by a worker: running or prefetched. The broker cannot tell which.')
              : '',
          ];
    }
    case 'job':
      return jobLines(subject.row, view, world);
    case 'worker': {
      const worker = overview?.workers.find(({ name }) => name === subject.name);
      return worker === undefined ? null : workerLines(worker, world);
    }
    case 'schedule': {
      const schedule = overview?.schedules.find(({ id, owner }) => id === subject.id && owner === subject.owner);
      if (schedule === undefined) return null;
      return [
        schedule.task ?? schedule.id,
        joined(schedule.trigger, writtenDue(schedule.nextRun, world), formatExact(schedule.nextRun)),
        schedule.args === null ? '' : cutText(argumentsText(schedule, world), 200),
        joined(schedule.owner, schedule.queue === null ? '' : t('into {0}', oneLine(schedule.queue))),
        oneLine(schedule.id),
        joined(...(schedule.details ?? []).map(fact => detailText(fact, world))),
      ];
    }
    default:
      return null;
  }
}

function connectionLines(live: LiveConnection, world: World): string[] {
  const { profile, state, access } = live;
  const overview = live.installations.find(view => view.overview !== null)?.overview;
  const read = live.refreshedAt === null ? null : new Date(live.refreshedAt).toISOString();
  const error = state.kind === 'lost' || state.kind === 'refused' ? state.error : null;
  return [
    profile.name,
    joined(live.serverText, environmentWord(profile.environment), accessWords(live, world)),
    error === null ? '' : `${error.message} ${error.remedy}`,
    state.kind === 'live' ? access.reason : '',
    read === null ? '' : readLine(read, overview?.cost ?? null, world),
    staleReason(live),
    profile.url,
  ];
}

function readLine(
  at: string,
  cost: { readonly roundTrips: number; readonly milliseconds: number } | null,
  world: World,
): string {
  const past = formatPast(at, world.now, { locale: world.locale });
  if (cost === null) return t('Read {0}', past);
  const trips =
    cost.roundTrips === 1 ? t('1 round trip') : t('{0} round trips', formatNumber(cost.roundTrips, world.locale));
  return t('Read {0} in {1}, {2}', past, trips, formatDuration(cost.milliseconds / 1000));
}

function troubleLines(view: InstallationView | undefined, state: (typeof STATES)[number]): string[] | null {
  const queues = view?.overview?.queues ?? [];
  const some = queues
    .map(({ name, counts }) => ({ name, failed: knownAmount(counts[state]) }))
    .filter(({ failed }) => failed > 0)
    .sort((a, b) => b.failed - a.failed);
  if (view === undefined || some.length === 0) return null;
  const lines = some.slice(0, 5).map(({ name, failed }) => `${oneLine(name)}: ${formatNumber(failed)}`);
  const rest = some.length - lines.length;
  return [
    t('{0} by queue', view.overview?.nativeStates[state] ?? state),
    ...lines,
    rest > 0 ? t('and {0} more queues', rest) : '',
  ];
}

function queueLines(
  queue: QueueSummary,
  view: InstallationView | undefined,
  live: LiveConnection,
  world: World,
): string[] {
  const words = view?.overview?.nativeStates ?? {};
  const counts = STATES.flatMap(state => {
    const count = queue.counts[state];
    if (count === undefined || 'unknown' in count || knownAmount(count) === 0) return [];
    return [`${formatCount(count, world.locale)} ${words[state] ?? state}`];
  });
  const listeners =
    queue.workers === null
      ? t('which workers listen is not recorded')
      : queue.workers.length === 0
        ? t('no worker listens')
        : queue.workers.length === 1
          ? t('1 worker listens: {0}', oneLine(queue.workers[0] ?? ''))
          : t('{0} workers listen: {1}', queue.workers.length, queue.workers.slice(0, 4).map(oneLine).join(', '));
  const read = live.refreshedAt === null ? null : new Date(live.refreshedAt).toISOString();
  return [
    oneLine(queue.name),
    counts.length === 0 ? t('empty') : joined(...counts),
    queue.oldestWaitingAt === null ? '' : t('oldest {0}', writtenTime(queue.oldestWaitingAt, world)),
    queue.paused === true ? t('paused') : '',
    listeners,
    read === null ? '' : t('Read {0} from {1}', formatPast(read, world.now, { locale: world.locale }), keysText(queue)),
  ];
}

function keysText({ keys }: QueueSummary): string {
  const [first = ''] = keys;
  return keys.length > 1 ? t('{0} and {1} more', oneLine(first), keys.length - 1) : oneLine(first);
}

function jobLines(job: JobRow, view: InstallationView | undefined, world: World): string[] {
  const word = view === undefined ? job.nativeState : stateWord(job, view.installation.system.facts);
  const at = timeOfState(job, job.state);
  return [
    job.task ?? t('a job that cannot be read'),
    joined(`${word} ${spokenTime(at, world)}`.trim(), formatExact(at)),
    job.error === null ? '' : cutText(oneLine(`${job.error.type}: ${job.error.message}`), 200),
    cutText(argumentsText(job, world), 200),
    joined(job.queue === null ? '' : t('in {0}', oneLine(job.queue)), job.worker === null ? '' : oneLine(job.worker)),
    ...job.problems.slice(0, 2).map(({ part, reason }) => `${part}: ${oneLine(reason)}`),
    job.id === null ? '' : oneLine(job.id),
  ];
}

function workerLines(worker: WorkerSummary, world: World): string[] {
  const beat =
    worker.lastHeartbeat === null
      ? t('no heartbeat recorded')
      : t('last heartbeat {0}', writtenTime(worker.lastHeartbeat, world));
  const did = [
    worker.succeeded === null ? '' : t('{0} succeeded', formatNumber(worker.succeeded, world.locale)),
    worker.failed === null ? '' : t('{0} failed', formatNumber(worker.failed, world.locale)),
    worker.workingSeconds === null ? '' : t('worked {0}', formatDuration(worker.workingSeconds)),
  ];
  return [
    oneLine(worker.name),
    // What makes it alive says when it was heard of.
    worker.alive === true
      ? joined(worker.state, worker.aliveReason ?? beat)
      : joined(worker.state, beat, worker.aliveReason),
    joined(worker.host === null ? '' : oneLine(worker.host), worker.pid === null ? '' : t('pid {0}', worker.pid)),
    joined(worker.version, worker.runtime),
    worker.queues.length === 0 ? '' : t('listens to {0}', worker.queues.map(oneLine).join(', ')),
    worker.startedAt === null ? '' : t('started {0}', writtenTime(worker.startedAt, world)),
    joined(...did),
    joined(...(worker.details ?? []).map(fact => detailText(fact, world))),
  ];
}

function detailText({ name, value, format, note }: Fact, world: World): string {
  if (value === null) return note === undefined ? '' : t('{0} {1}', name, note);
  if (format === 'instant') return t('{0} {1}', name, writtenTime(value, world));
  return t('{0} {1}', name, format === 'size' ? formatSize(Number(value)) : oneLine(value));
}
