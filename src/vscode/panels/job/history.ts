/** The page *History* of a job: its timeline on one shared axis, and the jobs it hangs together with. */
import { t } from '@vscode/l10n';
import { formatDuration, formatExact, joined, oneLine, shortId, shortTask } from '../../../inspector/present/format';
import type { Job, Relation, TimelineEvent } from '../../../model';
import type { EventView, HistoryView, JobRowView } from '../../../protocol';
import { clockTime } from '../../tree/model/times';
import type { World } from '../../tree/model/world';
import { shortPlace } from './places';

const EVENT_ICONS: Readonly<Record<TimelineEvent['kind'], string>> = {
  created: 'add',
  enqueued: 'circle-large-outline',
  scheduled: 'calendar',
  run: 'play-circle',
  retried: 'redo',
  failed: 'error',
  finished: 'pass',
  canceled: 'circle-slash',
  stopped: 'debug-stop',
  due: 'watch',
};

export function historyView(job: Job, world: World): HistoryView {
  const axis = axisOf(job.timeline, world.now);
  return {
    head: headOf(job, axis),
    events: job.timeline.map((event, index) => eventView(event, job.timeline.slice(0, index), axis, world)),
    notes: job.timelineNotes,
    relations: relationGroups(job.relations),
    relationNotes: job.relationNotes,
    axis,
  };
}

type Axis = { readonly from: number; readonly to: number } | null;

function axisOf(events: readonly TimelineEvent[], now: number): Axis {
  const instants = events
    .flatMap(({ at, endAt, kind }) => [
      at,
      endAt,
      kind === 'run' && endAt === null ? new Date(now).toISOString() : null,
    ])
    .flatMap(at => (at === null ? [] : [Date.parse(at)]))
    .filter(at => !Number.isNaN(at));
  if (instants.length < 2) return null;
  const from = Math.min(...instants);
  const to = Math.max(...instants);
  return to > from ? { from, to } : null;
}

/** `3 min 12 s, of which 1 min 30 s running` */
function headOf(job: Job, axis: Axis): string {
  if (axis === null) return '';
  const whole = formatDuration((axis.to - axis.from) / 1000);
  const running = job.timeline
    .filter(({ kind, at, endAt }) => kind === 'run' && at !== null && endAt !== null)
    .reduce((sum, { at, endAt }) => sum + (Date.parse(endAt ?? '') - Date.parse(at ?? '')), 0);
  return running > 0 ? t('{0}, of which {1} running', whole, formatDuration(running / 1000)) : whole;
}

function eventView(event: TimelineEvent, before: readonly TimelineEvent[], axis: Axis, world: World): EventView {
  const failed = event.error !== null || event.kind === 'failed';
  return {
    at: {
      text: event.at === null ? '' : clockTime(event.at, world),
      title: formatExact(event.at, { locale: world.locale }),
    },
    icon: failed ? 'error' : EVENT_ICONS[event.kind],
    title: event.title,
    detail: joined(event.detail, errorLine(event, before), event.worker === null ? '' : oneLine(event.worker)) || null,
    failed,
    bar: barOf(event, failed, axis, world.now),
  };
}

function errorLine({ error }: TimelineEvent, before: readonly TimelineEvent[]): string {
  if (error === null) return '';
  const same = before.find(
    earlier => earlier.error !== null && earlier.error.type === error.type && earlier.error.message === error.message,
  );
  if (same !== undefined) return t('Same error as "{0}"', same.title);
  const frame = error.frames.findLast(({ own }) => own !== false) ?? error.frames.at(-1);
  const place = frame === undefined ? '' : ` (${shortPlace(frame.file)}:${frame.line ?? '?'})`;
  return `${oneLine(error.type)}: ${oneLine(error.message)}${place}`;
}

function barOf(event: TimelineEvent, failed: boolean, axis: Axis, now: number): EventView['bar'] {
  if (axis === null || event.at === null) return null;
  const start = Date.parse(event.at);
  const end = event.endAt === null ? (event.kind === 'run' ? now : Number.NaN) : Date.parse(event.endAt);
  if (Number.isNaN(start) || Number.isNaN(end) || end < start) return null;
  const length = axis.to - axis.from;
  const fraction = (at: number) => Math.min(1, Math.max(0, (at - axis.from) / length));
  const duration = formatDuration((end - start) / 1000);
  const kind = event.kind === 'run' ? (failed ? 'failed' : 'run') : event.kind === 'due' ? 'late' : 'wait';
  const label = kind === 'late' ? t('{0} late', duration) : duration;
  return { kind, from: fraction(start), to: fraction(end), label };
}

function relationGroups(relations: readonly Relation[]): HistoryView['relations'] {
  const titles: Record<Relation['kind'], string> = {
    'depends-on': t('Depends on'),
    dependent: t('Waiting for this'),
    group: t('Group'),
    chain: t('Chain'),
    parent: t('Parent'),
    child: t('Children'),
    root: t('Root'),
    'dead-letter': t('Died into'),
  };
  const kinds = [...new Set(relations.map(({ kind }) => kind))];
  return kinds.map(kind => ({
    title: titles[kind],
    jobs: relations.filter(relation => relation.kind === kind).map(relationRow),
  }));
}

function relationRow({ ref, id, state, task }: Relation): JobRowView {
  return {
    ref: ref ?? '',
    id,
    task: task === null ? shortId(id) : shortTask(task),
    state: state ?? 'waiting',
    stateWord: state ?? t('not on the broker'),
    args: '',
    when: null,
    note: ref === null ? t('not on the broker any more') : null,
  };
}
