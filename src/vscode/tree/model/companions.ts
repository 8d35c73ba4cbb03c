import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { oneLine } from '../../../inspector/present/format';
import type { Companion } from '../../../model';
import { contextValue } from './context-value';
import { childId, installationId } from './ids';
import type { InstallationAddress, NodeId, Row } from './row';

/** Further brokers that an installation needs and that nobody has named, or that do not answer: a click asks for them. */
export function companionRows(at: InstallationAddress, view: InstallationView): Row[] {
  const companions = view.installation.companions ?? [];
  return companions
    .filter(({ state }) => state !== 'found')
    .map(companion => companionRow(installationId(at), at, companion));
}

/** The companion without which something is not known, by the reason that is given for that. */
export function missingCompanion({ installation }: InstallationView, reason: string): Companion | undefined {
  return installation.companions?.find(companion => companion.state !== 'found' && companion.reason === reason);
}

/** The row that asks for a companion, below whatever needs it. */
export function companionRow(parent: NodeId, at: InstallationAddress, { role, title, state, reason }: Companion): Row {
  const failed = state === 'failed';
  const label = failed ? t('{0}: not reached', title) : t('{0}: not known', title);
  const description = oneLine(reason ?? '');
  return {
    id: childId(parent, 'companion', role),
    subject: { kind: 'companion', at, role },
    label,
    description,
    icon: failed ? { id: 'error', tint: 'failed' } : { id: 'question' },
    children: 'none',
    context: contextValue('companion'),
    spoken: description === '' ? label : `${label}, ${description}`,
    click: 'set-companion',
    detail: [reason, t('Click to say where it is.')].filter(Boolean).join('\n'),
  };
}
