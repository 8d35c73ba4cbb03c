/** States that a system records for no queue, such as what became of Celery's tasks: a section of their own. */
import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { counted, formatCount, joined } from '../../../inspector/present/format';
import { type Count, knownAmount, STATES, type State } from '../../../model';
import { contextValue } from './context-value';
import { STATE_ICONS } from './icons';
import { resultsId, stateId } from './ids';
import { noteRow } from './notes';
import type { InstallationAddress, Row } from './row';
import type { World } from './world';

/** States whose numbers stand beside the name of the section. */
const NAMED = 3;

/** The section, where there is such a state and something is known of it. */
export function resultsRow(at: InstallationAddress, view: InstallationView, world: World): Row[] {
  const states = statesWithoutQueue(view);
  if (!states.some(({ count }) => !('unknown' in count))) return [];
  const filled = states.filter(({ count }) => knownAmount(count) > 0);
  // The last states in their order are those that keep what has ended, and of the least interest.
  const parts = filled.slice(0, NAMED).map(({ count, word }) => `${formatCount(count, world.locale)} ${word}`);
  const none = states.some(({ count }) => 'unknown' in count) ? t('not known') : t('none');
  const description = parts.length === 0 ? none : joined(...parts);
  const label = t('Results');
  return [
    {
      id: resultsId(at),
      subject: { kind: 'results', at },
      label,
      description,
      icon: { id: 'output' },
      children: 'collapsed',
      context: contextValue('results'),
      spoken: `${label}, ${parts.length === 0 ? description : parts.join(', ')}`,
      detail: t('States that are recorded for no queue'),
    },
  ];
}

export function resultStateRows(at: InstallationAddress, view: InstallationView, world: World): Row[] {
  const { installation } = view;
  const { noun } = installation.system.facts;
  return statesWithoutQueue(view).map(({ state, count, word }) => {
    if ('unknown' in count) {
      return noteRow(resultsId(at), at.connection, `state-${state}`, {
        label: word,
        description: t('not known'),
        icon: { id: 'circle-slash' },
        detail: count.unknown,
      });
    }
    const amount = knownAmount(count);
    return {
      id: stateId(at, null, state),
      subject: { kind: 'state', at, queue: null, state },
      label: word,
      description: formatCount(count, world.locale),
      icon: amount > 0 ? STATE_ICONS[state] : { id: STATE_ICONS[state].id },
      children: 'collapsed',
      context: contextValue('state', [], installation.actions({ kind: 'selector', queue: null, state }, state)),
      spoken: `${word}, ${counted(amount, noun, world.locale)}`,
    };
  });
}

function statesWithoutQueue({
  installation,
  overview,
}: InstallationView): { state: State; count: Count; word: string }[] {
  if (overview === null) return [];
  const { facts } = installation.system;
  const { queues, counts, nativeStates } = overview;
  return STATES.flatMap(state => {
    const count = counts[state];
    const inQueues = IN_QUEUES.has(state) || queues.some(queue => queue.counts[state] !== undefined);
    if (count === undefined || inQueues || state === facts.troubleState) return [];
    return [{ state, count, word: nativeStates[state] ?? facts.nativeStates[state] ?? state }];
  });
}

/** They mean a place in a queue, also while there is no queue that could say so. */
const IN_QUEUES: ReadonlySet<State> = new Set(['waiting', 'deferred', 'taken']);
