/** Rows of workers and schedules: what runs jobs, and what makes them. */
import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { isOverdue, joined, oneLine, shortTask } from '../../../inspector/present/format';
import type { ScheduleSummary, WorkerSummary } from '../../../model';
import { contextValue } from './context-value';
import { childId, schedulesId, workersId } from './ids';
import { emptyRow } from './notes';
import type { Icon, InstallationAddress, Row } from './row';
import { writtenDue } from './times';
import type { World } from './world';

export function workerRows(at: InstallationAddress, view: InstallationView): Row[] {
  const workers = view.overview?.workers ?? [];
  if (workers.length === 0) {
    const asks = view.installation.ask !== undefined;
    const asked = view.overview?.asked;
    const words = !asks
      ? t('no workers have registered')
      : asked === undefined
        ? t('no worker has been asked or heard')
        : t('no worker has answered');
    return [emptyRow(workersId(at), at.connection, words)];
  }
  return [...workers].sort((a, b) => a.name.localeCompare(b.name)).map(worker => workerRow(at, view, worker));
}

function workerRow(at: InstallationAddress, view: InstallationView, worker: WorkerSummary): Row {
  const dead = worker.alive === false;
  const name = oneLine(worker.name);
  const task = worker.currentTask ?? worker.currentJob;
  const parts = dead
    ? [worker.aliveReason ?? t('not alive')]
    : [worker.state, (worker.alive === null ? worker.aliveReason : task === null ? '' : shortTask(task)) ?? ''];
  const description = joined(...parts);
  return {
    id: childId(workersId(at), worker.name),
    subject: { kind: 'worker', at, name: worker.name, job: worker.currentJobRef },
    label: name,
    description,
    icon: dead ? { id: 'warning', tint: 'warning' } : { id: 'server-process' },
    children: 'none',
    context: contextValue(
      'worker',
      [worker.currentJobRef !== null && 'busy'],
      view.installation.actions({ kind: 'worker', name: worker.name }, null),
    ),
    spoken: [name, ...parts].filter(part => part !== '').join(', '),
  };
}

export function scheduleRows(at: InstallationAddress, view: InstallationView, world: World): Row[] {
  const schedules = view.overview?.schedules ?? [];
  if (schedules.length === 0) return [emptyRow(schedulesId(at), at.connection, t('no schedules'))];
  return schedules.map(schedule => scheduleRow(at, view, schedule, world));
}

function scheduleRow(at: InstallationAddress, view: InstallationView, schedule: ScheduleSummary, world: World): Row {
  const overdue = schedule.paused !== true && isOverdue(schedule.nextRun, world.now);
  const label = schedule.task === null ? oneLine(schedule.id) : shortTask(schedule.task);
  const next = schedule.paused === true ? t('paused') : writtenDue(schedule.nextRun, world);
  const description = overdue ? joined(next, schedule.trigger) : joined(schedule.trigger, next);
  const icon: Icon =
    schedule.paused === true ? { id: 'debug-pause' } : overdue ? { id: 'warning', tint: 'warning' } : { id: 'watch' };
  return {
    id: childId(schedulesId(at), schedule.owner, schedule.id),
    subject: { kind: 'schedule', at, id: schedule.id, owner: schedule.owner, job: schedule.jobRef },
    label,
    description,
    icon,
    children: 'none',
    context: contextValue(
      'schedule',
      [schedule.jobRef !== null && 'opens'],
      view.installation
        .actions({ kind: 'schedule', id: schedule.id }, null)
        .filter(
          ({ action }) =>
            action.id !== (schedule.paused === true ? 'pause' : schedule.paused === false ? 'resume' : ''),
        ),
    ),
    spoken: `${label}, ${schedule.trigger}${next === '' ? '' : `, ${next}`}`,
    ...(schedule.jobRef === null ? {} : { click: 'open-job' as const }),
  };
}
