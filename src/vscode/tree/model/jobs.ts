import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import {
  cutText,
  formatNumber,
  joined,
  oneLine,
  shortId,
  shortTask,
  stateWord,
} from '../../../inspector/present/format';
import type { JobRow, State } from '../../../model';
import { companionRow, missingCompanion } from './companions';
import { contextValue } from './context-value';
import { STATE_ICONS } from './icons';
import { childId } from './ids';
import type { JobListKey } from './job-lists';
import { emptyRow, errorRow, moreRow, noteRow } from './notes';
import type { InstallationAddress, NodeId, Row } from './row';
import { spokenStateTime, stateTimeText } from './times';
import { lookRow, withheldRow } from './withheld';
import type { JobList, World } from './world';

/** Rows read at a time. */
export const PAGE = 100;
/** Rows of one list that the tree shows at most. */
export const LISTED_JOBS = 1000;

/** The jobs of a list, and what stands below them: more, too many, or why there are none. */
export function jobRows(key: JobListKey, view: InstallationView, jobs: JobList, world: World): Row[] {
  const { id: list, at, state } = key;
  const rows = distinct(jobs.items).map(({ job, nth }) => jobRow(list, at, view, job, nth, world));
  const failure =
    jobs.failure === null ? [] : [errorRow(list, at.connection, 'error', jobs.failure.message, jobs.failure.answer)];
  if (jobs.withheld !== null) return [...failure, ...rows, withheldRow(key, view, jobs.withheld)];
  if (rows.length === 0) {
    if (failure.length > 0) return failure;
    // Nobody knows is not the same as none.
    if (jobs.unknown !== null) return [unknownRow(key, view, jobs.unknown)];
    return [emptyRow(list, at.connection, noJobs(view, state))];
  }
  if (jobs.next === null) return [...failure, ...rows, ...lookRow(key, view, jobs.order)];
  const shown = formatNumber(rows.length, world.locale);
  if (rows.length >= LISTED_JOBS) return [...failure, ...rows, tooManyRow(list, at, jobs, shown)];
  const left = jobs.total === null ? PAGE : Math.max(1, Math.min(PAGE, jobs.total - rows.length));
  return [...failure, ...rows, moreRow(list, shown, jobs.totalText, Math.min(left, LISTED_JOBS - rows.length))];
}

function unknownRow({ id, at }: JobListKey, view: InstallationView, reason: string): Row {
  const companion = missingCompanion(view, reason);
  if (companion !== undefined) return companionRow(id, at, companion);
  return noteRow(id, at.connection, 'unknown', {
    label: t('not known'),
    description: oneLine(reason),
    icon: { id: 'circle-slash' },
    detail: reason,
  });
}

function tooManyRow(list: NodeId, at: InstallationAddress, jobs: JobList, shown: string): Row {
  const more = jobs.totalText === '' ? '' : t('{0} are on the broker', jobs.totalText);
  return noteRow(list, at.connection, 'too-many', {
    label: t('Find Job…'),
    description: joined(t('only the first {0} are listed here', shown), more),
    icon: { id: 'search' },
    click: 'find-job',
  });
}

/** A ref may come twice in one list (equal messages); the rows need ids of their own. */
function distinct(items: readonly JobRow[]): { job: JobRow; nth: number }[] {
  const seen = new Map<string, number>();
  return items.map(job => {
    const nth = seen.get(job.ref) ?? 0;
    seen.set(job.ref, nth + 1);
    return { job, nth };
  });
}

function jobRow(
  list: NodeId,
  at: InstallationAddress,
  view: InstallationView,
  job: JobRow,
  nth: number,
  world: World,
): Row {
  const label = jobLabel(job);
  const broken = job.task === null ? (job.problems[0]?.reason ?? '') : '';
  return {
    id: nth === 0 ? childId(list, 'job', job.ref) : childId(list, 'job', job.ref, String(nth)),
    subject: { kind: 'job', at, row: job },
    label,
    description: joined(
      stateTimeText(job, job.state, world),
      broken === '' ? argumentsText(job, world) : oneLine(broken),
    ),
    icon: STATE_ICONS[job.state],
    children: 'none',
    context: contextValue('job', [], view.installation.actions({ kind: 'jobs', refs: [job.ref] }, job.state)),
    spoken: [
      label,
      `${stateWord(job, view.installation.system.facts)} ${spokenStateTime(job, job.state, world)}`.trim(),
      job.error === null ? '' : oneLine(job.error.type),
      broken === '' ? cutText(argumentsText(job, world), 80) : oneLine(broken),
    ]
      .filter(part => part !== '')
      .join(', '),
    click: 'open-job',
  };
}

/** The short name of what a job runs; its id, or that it cannot be read, where there is none. */
export function jobLabel(job: Pick<JobRow, 'task' | 'id'>): string {
  if (job.task !== null && job.task !== '') return shortTask(job.task);
  return job.id === null ? t('a job that cannot be read') : shortId(job.id);
}

/** The arguments as a row shows them, or `•••` where they are masked. */
export function argumentsText(job: Pick<JobRow, 'args'>, world: Pick<World, 'masked'>): string {
  if (job.args === null) return '';
  return world.masked ? '•••' : oneLine(job.args.text);
}

function noJobs(view: InstallationView, state: State): string {
  const noun = view.installation.system.facts.noun.other;
  const words: Record<State, string> = {
    waiting: t('no {0} wait', noun),
    scheduled: t('no {0} are scheduled', noun),
    deferred: t('no {0} are deferred', noun),
    running: t('no {0} are running', noun),
    taken: t('no {0} are held by a worker', noun),
    failed: t('no {0} have failed', noun),
    finished: t('no finished {0} are kept', noun),
    canceled: t('no canceled {0} are kept', noun),
    dead: t('no {0} have died', noun),
  };
  return words[state];
}
