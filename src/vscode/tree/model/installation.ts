import { t } from '@vscode/l10n';
import type { InstallationView, LiveConnection } from '../../../inspector/api';
import { counted, formatCount, formatNumber, joined } from '../../../inspector/present/format';
import { type Count, exactly, knownAmount, type Overview, type State } from '../../../model';
import { companionRows, missingCompanion } from './companions';
import { contextValue } from './context-value';
import { STATE_ICONS } from './icons';
import { installationId, queuesId, schedulesId, troubleId, workersId } from './ids';
import { errorRow, managementRow, noteRow, notRecordedRow } from './notes';
import { resultsRow } from './results';
import type { InstallationAddress, Row } from './row';
import { writtenDue, writtenTime } from './times';
import { addressOfView, type World } from './world';

/** The row of one system found on a broker. */
export function installationRow(live: LiveConnection, view: InstallationView, alone: boolean): Row {
  const at = addressOfView(live, view);
  const { installation, overview } = view;
  const title = installation.system.title;
  const label = installation.name === title || installation.name === '' ? title : `${title} ${installation.name}`;
  const description = joined(versionText(overview), ...(overview?.notices ?? []).map(notice => notice.code));
  return {
    id: installationId(at),
    subject: { kind: 'installation', at },
    label,
    description,
    icon: { id: 'layers' },
    children: alone ? 'expanded' : 'collapsed',
    context: contextValue(
      'installation',
      [(installation.companions ?? []).length > 0 && 'companions'],
      installation.actions({ kind: 'installation' }, null).filter(({ action }) => action.id !== pointless(overview)),
    ),
    spoken: description === '' ? label : `${label}, ${description}`,
  };
}

/** Of pausing and resuming all of an installation, the one that would change nothing; undefined before it was read. */
function pointless(overview: Overview | null): string | undefined {
  if (overview === null) return undefined;
  return overview.notices.some(({ code }) => code === SUSPENDED) ? 'pause' : 'resume';
}

/** The notice of an installation that is paused. */
const SUSPENDED = 'suspended';

function versionText(overview: Overview | null): string {
  if (overview === null) return t('not read yet');
  const { versions, version } = overview;
  if (versions.length > 1) {
    return t('versions {0} and {1}', versions.slice(0, -1).join(', '), versions.at(-1) ?? '');
  }
  return version ?? t('version not recorded');
}

/** The part of an overview that the management API of a RabbitMQ tells. */
const MANAGEMENT = 'management';

/** The sections of an installation, in their fixed order, and what could not be read. */
export function sectionRows(live: LiveConnection, view: InstallationView, world: World): Row[] {
  const at = addressOfView(live, view);
  const parent = installationId(at);
  const { overview, problem } = view;
  const { title } = view.installation.system;
  const failure = problem === null ? [] : [errorRow(parent, at.connection, 'problem', problem.message, problem.answer)];
  if (overview === null) {
    if (problem !== null) return failure;
    return [noteRow(parent, at.connection, 'loading', { label: t('Reading queues…'), icon: { id: 'loading~spin' } })];
  }
  const parts = overview.problems.map(({ part, reason }) =>
    part === MANAGEMENT
      ? managementRow(parent, at.connection, reason)
      : errorRow(parent, at.connection, `part-${part}`, t('{0} could not be read', part), reason),
  );
  const notices = overview.notices.map(({ code, text }) =>
    noteRow(parent, at.connection, `notice-${code}`, { label: text, icon: { id: 'debug-pause', tint: 'warning' } }),
  );
  return [
    ...failure,
    ...notices,
    troubleRow(at, view, overview, world),
    ...companionRows(at, view),
    queuesRow(at, overview, world),
    ...workersRow(at, view, overview, world),
    ...schedulesRow(at, title, overview, world),
    ...resultsRow(at, view, world),
    ...parts,
  ];
}

function troubleRow(at: InstallationAddress, view: InstallationView, overview: Overview, world: World): Row {
  const { facts } = view.installation.system;
  const state: State = facts.troubleState;
  const word = overview.nativeStates[state] ?? facts.nativeStates[state] ?? state;
  const label = word.charAt(0).toLocaleUpperCase(world.locale) + word.slice(1);
  const count: Count = overview.counts[state] ?? exactly(0);
  const fresh = world.fresh(at, null);
  const none = 'exact' in count && count.exact === 0;
  const missing = 'unknown' in count ? missingCompanion(view, count.unknown) : undefined;
  // The row of the companion says the rest.
  const amount = missing === undefined ? formatCount(count, world.locale) : t('not known');
  const description = none ? t('none') : joined(amount, freshText(fresh, world));
  const target = { kind: 'selector', queue: null, state } as const;
  return {
    id: troubleId(at),
    subject: { kind: 'trouble', at, state },
    label,
    description,
    icon: knownAmount(count) > 0 ? STATE_ICONS[state] : { id: STATE_ICONS[state].id },
    children: missing === undefined ? 'collapsed' : 'none',
    ...(missing === undefined ? {} : { click: 'set-companion' as const, detail: missing.reason ?? '' }),
    context: contextValue('trouble', [], view.installation.actions(target, state)),
    spoken: [
      label,
      none ? t('none') : 'unknown' in count ? count.unknown : counted(knownAmount(count), facts.noun, world.locale),
      freshText(fresh, world),
    ]
      .filter(part => part !== '')
      .join(', '),
  };
}

/** `3 new`; '' for none. */
export function freshText(fresh: number, world: World): string {
  return fresh > 0 ? t('{0} new', formatNumber(fresh, world.locale)) : '';
}

function queuesRow(at: InstallationAddress, overview: Overview, world: World): Row {
  const count = formatNumber(overview.queues.length, world.locale);
  return {
    id: queuesId(at),
    subject: { kind: 'queues', at },
    label: t('Queues'),
    description: count,
    icon: { id: 'inbox' },
    children: 'collapsed',
    context: contextValue('queues'),
    spoken: t('Queues, {0}', count),
  };
}

function workersRow(at: InstallationAddress, view: InstallationView, overview: Overview, world: World): Row[] {
  if (overview.absent.includes('workers')) return [];
  const reason = overview.notRecorded.workers;
  const label = t('Workers');
  const asks = view.installation.ask !== undefined;
  const system = view.installation.system.title;
  if (reason !== undefined && !asks)
    return [notRecordedRow(installationId(at), at, 'workers', label, { system, reason })];
  const description = asks ? askedText(overview, world) : aliveText(overview, world);
  return [
    {
      id: workersId(at),
      subject: { kind: 'workers', at },
      label,
      description,
      icon: { id: 'server-process' },
      children: 'collapsed',
      context: contextValue('workers', [asks && 'asks', canHear(view) && 'hears']),
      spoken: `${label}, ${description}`,
      ...(reason === undefined ? {} : { detail: reason }),
    },
  ];
}

/** Heartbeats that need a queue of our own are heard once a person has set the system's option `hear`. */
const canHear = ({ installation }: InstallationView): boolean =>
  installation.hear === undefined && installation.system.options?.properties['hear'] !== undefined;

function aliveText({ workers }: Overview, world: World): string {
  const alive = workers.filter(worker => worker.alive !== false).length;
  const all = formatNumber(workers.length, world.locale);
  if (workers.length === 0) return t('none');
  return alive === workers.length ? t('{0} alive', all) : t('{0} of {1} alive', formatNumber(alive, world.locale), all);
}

/** Milliseconds for which an answer says more than a heartbeat. */
const ANSWER_SHOWN = 30_000;

/** `4 of 4 answered`; `4, heard 2 s ago` where nobody was asked lately; what is known of the dead comes first. */
function askedText(overview: Overview, world: World): string {
  const { workers, asked } = overview;
  const beats = workers.flatMap(({ lastHeartbeat }) => lastHeartbeat ?? []).sort();
  const heard = beats.at(-1);
  const dead = workers.filter(({ alive }) => alive === false).length;
  const answers = formatNumber(asked?.answers ?? 0, world.locale);
  if (asked?.running === true) return t('asking, {0} answered', answers);
  if (asked === undefined && workers.length === 0) return t('not asked yet');
  if (asked !== undefined && (heard === undefined || Date.parse(heard) - Date.parse(asked.at) < ANSWER_SHOWN)) {
    const of = asked.of ?? workers.length;
    return of === 0 ? t('none answered') : t('{0} of {1} answered', answers, formatNumber(of, world.locale));
  }
  if (dead > 0 || heard === undefined) return aliveText(overview, world);
  return t('{0}, heard {1}', formatNumber(workers.length, world.locale), writtenTime(heard, world));
}

function schedulesRow(at: InstallationAddress, system: string, overview: Overview, world: World): Row[] {
  if (overview.absent.includes('schedules')) return [];
  const reason = overview.notRecorded.schedules;
  const label = t('Schedules');
  if (reason !== undefined) return [notRecordedRow(installationId(at), at, 'schedules', label, { system, reason })];
  const { schedules } = overview;
  const runs = schedules.filter(({ nextRun, paused }) => nextRun !== null && paused !== true);
  const next = runs.map(({ nextRun }) => nextRun ?? '').sort()[0];
  const count = formatNumber(schedules.length, world.locale);
  const due = next === undefined ? '' : writtenDue(next, world);
  const description = schedules.length === 0 ? t('none') : due === '' ? count : t('{0}, next {1}', count, due);
  return [
    {
      id: schedulesId(at),
      subject: { kind: 'schedules', at },
      label,
      description,
      icon: { id: 'watch' },
      children: 'collapsed',
      context: contextValue('schedules'),
      spoken: `${label}, ${description}`,
    },
  ];
}
