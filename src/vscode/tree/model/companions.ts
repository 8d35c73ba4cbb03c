import { t } from '@vscode/l10n';
import type { InstallationView } from '../../../inspector/api';
import { oneLine } from '../../../inspector/present/format';
import type { Companion } from '../../../model';
import { contextValue } from './context-value';
import { childId, installationId } from './ids';
import type { InstallationAddress, Row } from './row';

/** Further brokers that an installation needs and that nobody has named, or that do not answer: a click asks for them. */
export function companionRows(at: InstallationAddress, view: InstallationView): Row[] {
  const companions = view.installation.companions ?? [];
  return companions.filter(({ state }) => state !== 'found').map(companion => companionRow(at, companion));
}

function companionRow(at: InstallationAddress, { role, title, state, reason }: Companion): Row {
  const failed = state === 'failed';
  const label = failed ? t('{0}: not reached', title) : t('{0}: not known', title);
  const description = oneLine(reason ?? '');
  return {
    id: childId(installationId(at), 'companion', role),
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
