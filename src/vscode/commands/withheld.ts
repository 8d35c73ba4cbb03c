import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatCount } from '../../inspector/present/format';
import { knownAmount, type Target } from '../../model';
import type { App } from '../app';
import type { InstallationAddress, Row } from '../tree/model/row';
import { viewOf } from '../tree/model/world';

/** Runs what shows a list that is held back: through the access guard, as any other action. */
export async function showWithheld(app: App, { id, label, subject }: Row): Promise<void> {
  if (subject.kind !== 'withheld') return;
  const { at, action, queue, state } = subject;
  // Asking workers has a rule of its own for when a person has to confirm it.
  if (action === 'ask') return vscode.commands.executeCommand('jobQueues.askWorkers', id);
  const name = state === 'waiting' ? (queue ?? (await chooseQueue(app, at, label))) : null;
  if (name === undefined) return;
  const target: Target = name === null ? { kind: 'installation' } : { kind: 'queue', name };
  const { actAndTell } = await import('../acting/act');
  await actAndTell(app, { at, action, targets: [target], state: null, parameters: {} });
}

/** One of the queues in which something waits. @returns undefined when the person went away */
async function chooseQueue(app: App, at: InstallationAddress, title: string): Promise<string | undefined> {
  const live = app.inspector.connection(at.connection);
  const queues = (live === undefined ? undefined : viewOf(live, at))?.overview?.queues ?? [];
  const items = queues
    .filter(({ counts }) => knownAmount(counts.waiting) > 0)
    .map(({ name, counts }) => ({
      label: name,
      description: counts.waiting === undefined ? '' : t('{0} waiting', formatCount(counts.waiting)),
    }));
  return (await vscode.window.showQuickPick(items, { title: title.replace(/…$/, '') }))?.label;
}
