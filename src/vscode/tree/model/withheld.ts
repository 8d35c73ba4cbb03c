/** Jobs that are shown only once a person has asked for it, since showing them costs something. */
import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { oneLine } from '../../../inspector/present/format';
import type { JobPage, Offer, Target } from '../../../model';
import { contextValue } from './context-value';
import { childId } from './ids';
import type { JobListKey } from './job-lists';
import type { Row } from './row';

/** The shared id of the action that looks at messages. */
const LOOK = 'look';

/** The door of a list that is held back: a click runs the action that shows it, the cost stands beside it. */
export function withheldRow(key: JobListKey, view: InstallationView, withheld: NonNullable<JobPage['withheld']>): Row {
  return doorRow(key, withheld.action, offerOf(key, view, withheld.action), withheld.reason);
}

/** Below what the last look has shown: as of when that is, and another look. */
export function lookRow(key: JobListKey, view: InstallationView, order: string | null): Row[] {
  if (key.state !== 'waiting' || key.queue === null) return [];
  const offer = offerOf(key, view, LOOK);
  return offer === undefined ? [] : [doorRow(key, LOOK, offer, order ?? '')];
}

/** Waiting jobs are looked at queue by queue; what stands in no queue is asked of the whole installation. */
function offerOf({ queue, state }: JobListKey, { installation, overview }: InstallationView, action: string) {
  const name = queue ?? overview?.queues[0]?.name;
  const all: Target = { kind: 'installation' };
  const one: readonly Target[] = name === undefined ? [] : [{ kind: 'queue', name }];
  return (state === 'waiting' ? [...one, all] : [all, ...one])
    .flatMap(target => installation.actions(target, null))
    .find(offer => offer.action.id === action);
}

function doorRow({ id, at, queue, state }: JobListKey, action: string, offer: Offer | undefined, why: string): Row {
  const open = offer?.available === true;
  const label = offer?.action.title ?? t('not shown');
  const description = oneLine(why);
  const closed = offer === undefined || offer.available ? '' : offer.why;
  return {
    id: childId(id, 'note', 'withheld'),
    subject: { kind: 'withheld', at, queue, state, action },
    label,
    description,
    icon: { id: open ? offer.action.icon : 'eye-closed' },
    children: 'none',
    context: contextValue('withheld'),
    spoken: description === '' ? label : `${label}, ${description}`,
    detail: [why, offer?.action.words.detail, closed].filter(Boolean).join('\n'),
    ...(open ? { click: 'show-withheld' as const } : {}),
  };
}
