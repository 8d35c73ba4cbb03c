import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { asksByItself } from '../../inspector/asking';
import { installationAt } from '../app';
import { addressOf } from '../tree/model/row';
import type { CommandTable } from './command';
import { connectionFor } from './pick';

/** Asking workers, and following what they tell. */
export const ASKING: CommandTable = {
  'jobQueues.askWorkers': {
    run: async (app, ...given) => {
      const [row] = app.brokers.rowsOf(given[0], given[1]);
      const at = row === undefined ? null : addressOf(row.subject);
      const found = at === null ? null : installationAt(app.inspector, at);
      if (at === null || found === null) return;
      const { live, installation } = found;
      if (asksByItself(live.profile, installation.system.id)) return live.ask(installation);
      // Elsewhere it is a person's act like any other: through the access guard, into the journal.
      const { actAndTell } = await import('../acting/act');
      await actAndTell(app, { at, action: 'ask', targets: [{ kind: 'installation' }], state: null });
    },
  },
  'jobQueues.hearWorkers': {
    run: async (app, ...given) => {
      const [row] = app.brokers.rowsOf(given[0], given[1]);
      const at = row === undefined ? null : addressOf(row.subject);
      const live = at === null ? undefined : app.inspector.connection(at.connection);
      if (at === null || live === undefined) return;
      const { options = {} } = live.profile;
      const own = { ...options[at.system], hear: true };
      const saved = await app.inspector.save({ ...live.profile, options: { ...options, [at.system]: own } });
      await saved.connect();
      await saved.refresh('connected');
    },
  },
  'jobQueues.followEvents': {
    needs: 'connected',
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Follow task events'));
      if (live === undefined) return;
      if (!live.installations.some(({ installation }) => installation.listen !== undefined)) {
        void vscode.window.showInformationMessage(t('Nothing on {0} tells events.', live.profile.name));
        return;
      }
      live.follow(true);
      await app.panels.openEvents(live.profile.id);
    },
  },
  'jobQueues.stopFollowing': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Stop following task events'));
      live?.follow(false);
    },
  },
};
