import { t } from '@vscode/l10n';
import type { InstallationView } from '../../inspector/api';
import { say } from '../messages';
import type { CommandTable } from './command';
import { pickInstallation } from './pick';

/** Says where the further brokers of an installation are. */
export const COMPANIONS: CommandTable = {
  'jobQueues.setCompanion': {
    needs: 'connected',
    run: async (app, ...given) => {
      const [row] = app.brokers.rowsOf(given[0], given[1]);
      const at = row !== undefined && 'at' in row.subject ? row.subject.at : null;
      const chosen = at ?? (await pickInstallation(app, t('Set result backend'), hasCompanions))?.at;
      const role = row?.subject.kind === 'companion' ? row.subject.role : null;
      if (chosen !== undefined) await (await import('../set-companion')).setCompanion(app, chosen, role);
      else if (!app.inspector.connections.some(live => live.installations.some(hasCompanions)))
        await say(t('Nothing that is connected needs a further broker.'));
    },
  },
};

const hasCompanions = ({ installation }: InstallationView) => (installation.companions ?? []).length > 0;
