import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { State, Target } from '../../model';
import { type App, installationAt } from '../app';
import { addressOf, type InstallationAddress, type Row, targetOf } from '../tree/model/row';
import { ACTION_COMMANDS, hasCommand } from './action-table';
import type { Command, CommandTable } from './command';
import { pickInstallation } from './pick';

/** What the commands of declared actions do: find the targets of the rows, and let the one function run it. */
export const ACTING: CommandTable = {
  ...Object.fromEntries(ACTION_COMMANDS.map(({ command, action }) => [command, actionCommand(action)])),

  'jobQueues.enqueue': {
    needs: 'connected',
    run: async (app, ...given) => {
      const [row] = given[0] === undefined ? [] : app.brokers.rowsOf(given[0], given[1]);
      const at = row === undefined ? null : addressOf(row.subject);
      if (row !== undefined && at !== null && row.subject.kind === 'queue') return runOn(app, 'enqueue', [row]);
      const picked = at === null ? await pickInstallation(app, t('Enqueue')) : { at };
      if (picked === undefined) return;
      await app.panels.openEnqueue({ at: picked.at, action: 'enqueue', target: { kind: 'installation' } });
    },
  },

  'jobQueues.moreActions': {
    run: async (app, ...given) => {
      const [row] = app.brokers.rowsOf(given[0], given[1]);
      const aim = row === undefined ? null : targetOf(row.subject);
      const at = row === undefined ? null : addressOf(row.subject);
      if (row === undefined || aim === null || at === null) return;
      const offers = installationAt(app.inspector, at)?.installation.actions(aim.target, aim.state) ?? [];
      const items = offers
        .filter(({ action }) => !hasCommand(action.id, row.subject.kind))
        .map(offer => ({
          label: `$(${offer.action.icon}) ${offer.action.title}`,
          detail: offer.available ? (offer.action.caution ?? offer.action.words.detail) : offer.why,
          id: offer.action.id,
        }));
      const picked = await vscode.window.showQuickPick(items, { title: row.label, matchOnDetail: true });
      if (picked !== undefined) await runOn(app, picked.id, [row]);
    },
  },

  'jobQueues.retryFailed': {
    needs: 'connected',
    run: async app => {
      const picked = await pickInstallation(app, t('Retry failed jobs'));
      if (picked === undefined) return;
      const state = picked.view.installation.system.facts.troubleState;
      const { actAndTell } = await import('../acting/act');
      const target: Target = { kind: 'selector', queue: null, state };
      await actAndTell(app, { at: picked.at, action: 'retry', targets: [target], state });
    },
  },

  'jobQueues.undoLast': {
    run: async app => {
      const entries = await app.inspector.journal.entries();
      const last = entries.find(({ notUndoable, state }) => notUndoable === null && state !== 'undone');
      const { say } = await import('../messages');
      if (last === undefined) {
        return say(t('There is no change that can be undone.'), {
          [t('Open journal')]: () => app.panels.openJournal(),
        });
      }
      const plan = await app.inspector.undoPlan(last.token);
      const detail = `${last.title} · ${last.where}\n${plan.detail}`;
      const answer = await vscode.window.showInformationMessage(plan.ask, { modal: true, detail }, plan.button);
      const { undoAndTell } = await import('../acting/receipt');
      if (answer === plan.button) await undoAndTell(app, last.token);
    },
  },
};

function actionCommand(action: string): Command {
  return { run: (app, ...given) => runOn(app, action, app.brokers.rowsOf(given[0], given[1])) };
}

/** Runs an action on rows; jobs of one installation and state go together. */
async function runOn(app: App, action: string, rows: readonly Row[]): Promise<void> {
  const groups = new Map<string, { at: InstallationAddress; state: State | null; targets: Target[] }>();
  for (const row of rows) {
    const at = addressOf(row.subject);
    const aim = targetOf(row.subject);
    if (at === null || aim === null) continue;
    const key = JSON.stringify([at, aim.state, aim.target.kind === 'jobs' ? '' : row.id]);
    const group = groups.get(key) ?? { at, state: aim.state, targets: [] };
    groups.set(key, { ...group, targets: merged(group.targets, aim.target) });
  }
  const { actAndTell } = await import('../acting/act');
  for (const group of groups.values()) await actAndTell(app, { ...group, action });
}

/** Several jobs are one target. */
function merged(targets: readonly Target[], next: Target): Target[] {
  const [first] = targets;
  if (first?.kind === 'jobs' && next.kind === 'jobs') return [{ kind: 'jobs', refs: [...first.refs, ...next.refs] }];
  return [...targets, next];
}
