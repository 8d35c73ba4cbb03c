import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { counted, formatCount, formatNumber, formatSpan, joined, oneLine } from '../../../inspector/present/format';
import { knownAmount, type QueueSummary, STATES, type State } from '../../../model';
import { contextValue } from './context-value';
import { STATE_ICONS } from './icons';
import { queueId, queuesId, stateId } from './ids';
import { freshText } from './installation';
import { emptyRow, noteRow, notRecordedRow } from './notes';
import type { Icon, InstallationAddress, Row } from './row';
import type { World } from './world';

/** Rows that VS Code's tree bears well; more are reached by the filter. */
export const LISTED_QUEUES = 1000;

/** The queues of an installation, by name. */
export function queueRows(at: InstallationAddress, view: InstallationView, world: World): Row[] {
  const parent = queuesId(at);
  const queues = view.overview?.queues ?? [];
  if (queues.length === 0) return [emptyRow(parent, at.connection, t('no queues'))];
  const wanted = world.filter.toLocaleLowerCase();
  const shown = wanted === '' ? queues : queues.filter(({ name }) => name.toLocaleLowerCase().includes(wanted));
  if (shown.length === 0) {
    return [
      noteRow(parent, at.connection, 'no-match', {
        label: t('no queue has "{0}" in its name', world.filter),
        description: t('Clear filter'),
        click: 'clear-filter',
      }),
    ];
  }
  const sorted = byName(at, shown);
  const rows = sorted.slice(0, LISTED_QUEUES).map(queue => queueRow(at, view, queue, world));
  if (sorted.length <= LISTED_QUEUES) return rows;
  return [
    ...rows,
    noteRow(parent, at.connection, 'too-many', {
      label: t('{0} more queues', formatNumber(sorted.length - LISTED_QUEUES, world.locale)),
      description: t('only the first {0} are listed here; filter by name', formatNumber(LISTED_QUEUES, world.locale)),
      icon: { id: 'list-filter' },
    }),
  ];
}

/** Sorting ten thousand names takes 50 ms, comparing them 1 ms: the order of the last time holds while the names do. */
function byName(at: InstallationAddress, queues: readonly QueueSummary[]): readonly QueueSummary[] {
  const key = queuesId(at);
  const known = orders.get(key);
  const same = known?.names.length === queues.length && queues.every(({ name }, index) => name === known.names[index]);
  if (known !== undefined && same) return known.order.flatMap(index => queues[index] ?? []);
  const names = queues.map(({ name }) => name);
  const order = names.map((_, index) => index).sort((a, b) => collator.compare(names[a] ?? '', names[b] ?? ''));
  orders.set(key, { names, order });
  return order.flatMap(index => queues[index] ?? []);
}

const orders = new Map<string, { readonly names: readonly string[]; readonly order: readonly number[] }>();
const collator = new Intl.Collator(undefined, { numeric: true });

function queueRow(at: InstallationAddress, view: InstallationView, queue: QueueSummary, world: World): Row {
  const { facts } = view.installation.system;
  const trouble = queue.counts[facts.troubleState];
  const failed = knownAmount(trouble);
  const fresh = world.fresh(at, queue.name);
  const parts = queueParts(queue, world);
  const name = oneLine(queue.name);
  const word = view.overview?.nativeStates[facts.troubleState] ?? facts.troubleState;
  return {
    id: queueId(at, queue.name),
    subject: { kind: 'queue', at, queue: queue.name },
    label: name,
    description: joined(...parts),
    icon: queueIcon(queue),
    children: 'collapsed',
    context: contextValue(
      'queue',
      [queue.keys.some(key => key !== queue.name) && 'keys'],
      view.installation.actions({ kind: 'queue', name: queue.name }, null),
    ),
    spoken: [
      t('{0} queue', name),
      ...parts,
      queue.paused === true ? t('paused') : '',
      failed > 0 ? `${formatNumber(failed, world.locale)} ${word}` : '',
      freshText(fresh, world),
      isUnserved(queue) ? t('no worker listens') : '',
    ]
      .filter(part => part !== '')
      .join(', '),
    ...(failed > 0 ? { mark: { failed, fresh, word, production: false } } : {}),
  };
}

function queueParts(queue: QueueSummary, world: World): string[] {
  const { waiting, running, taken } = queue.counts;
  const parts: string[] = [];
  if (knownAmount(waiting) > 0 && waiting !== undefined) {
    parts.push(t('{0} waiting', formatCount(waiting, world.locale)));
  }
  const active = running !== undefined && !('unknown' in running) ? running : taken;
  if (active !== undefined && knownAmount(active) > 0) {
    const count = formatCount(active, world.locale);
    parts.push(active === taken ? t('{0} taken', count) : t('{0} running', count));
  }
  if (parts.length === 0) parts.push(waiting !== undefined && 'unknown' in waiting ? waiting.unknown : t('empty'));
  const oldest = queue.oldestWaitingAt === null ? Number.NaN : Date.parse(queue.oldestWaitingAt);
  if (world.now - oldest > 60_000) parts.push(t('oldest {0}', formatSpan(world.now - oldest)));
  return parts;
}

/** Jobs wait and it is known that nobody listens. */
export function isUnserved(queue: QueueSummary): boolean {
  return queue.workers !== null && queue.workers.length === 0 && knownAmount(queue.counts.waiting) > 0;
}

function queueIcon(queue: QueueSummary): Icon {
  if (queue.paused === true) return { id: 'debug-pause' };
  return isUnserved(queue) ? { id: 'warning', tint: 'warning' } : { id: 'inbox' };
}

/** The states of a queue; a state the system records has a row even at 0. */
export function stateRows(at: InstallationAddress, view: InstallationView, name: string, world: World): Row[] {
  const queue = view.overview?.queues.find(candidate => candidate.name === name);
  if (queue === undefined) return [];
  const { facts, noun } = { facts: view.installation.system.facts, noun: view.installation.system.facts.noun };
  return STATES.filter(state => queue.counts[state] !== undefined).map(state => {
    const count = queue.counts[state] ?? { unknown: '' };
    const label = view.overview?.nativeStates[state] ?? facts.nativeStates[state] ?? state;
    if ('unknown' in count) {
      return notRecordedRow(queueId(at, name), at, `state-${state}`, label, {
        system: view.installation.system.title,
        reason: count.unknown,
      });
    }
    return {
      id: stateId(at, name, state),
      subject: { kind: 'state', at, queue: name, state },
      label,
      description: formatCount(count, world.locale),
      icon: stateIcon(state, knownAmount(count)),
      children: 'collapsed',
      context: contextValue('state', [], view.installation.actions({ kind: 'selector', queue: name, state }, state)),
      spoken: `${label}, ${counted(knownAmount(count), noun, world.locale)}`,
    };
  });
}

function stateIcon(state: State, count: number): Icon {
  return count > 0 ? STATE_ICONS[state] : { id: STATE_ICONS[state].id };
}
