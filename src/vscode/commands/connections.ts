import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { type ConnectionProfile, ENVIRONMENTS, type LiveConnection } from '../../inspector/api';
import type { App } from '../app';
import { showFailure } from '../messages';
import type { CommandTable } from './command';
import { connectionFor, pickConnection } from './pick';
import { copy } from './rows';

/** What can be done with connections. */
export const CONNECTIONS: CommandTable = {
  'jobQueues.addBroker': {
    run: async app => (await import('../addbroker/flow')).addBroker(app),
  },
  'jobQueues.editBroker': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Edit'));
      if (live !== undefined) await (await import('../addbroker/flow')).editBroker(app, live.profile);
    },
  },
  'jobQueues.renameBroker': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Rename'));
      if (live !== undefined) await rename(app, live.profile);
    },
  },
  'jobQueues.removeBroker': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Remove'));
      if (live !== undefined) await remove(app, live.profile);
    },
  },
  'jobQueues.connect': {
    needs: 'saved',
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Connect'));
      if (live !== undefined) await connect(app, live);
    },
  },
  'jobQueues.disconnect': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Disconnect'));
      await live?.disconnect();
    },
  },
  'jobQueues.disconnectAll': {
    needs: 'connected',
    run: app => Promise.all(app.inspector.connections.map(live => live.disconnect())),
  },
  'jobQueues.allowWriting': {
    needs: 'connected',
    run: async (app, ...given) => {
      const suitable = ({ access, state }: LiveConnection) => !access.writable && state.kind === 'live';
      const live =
        given[0] === undefined
          ? await pickConnection(app, t('Allow writing'), suitable)
          : await connectionFor(app, given, t('Allow writing'));
      if (live === undefined) {
        void vscode.window.showInformationMessage(t('Every connected broker may be written.'));
        return;
      }
      await (await import('../acting/confirm')).allowWriting(app.inspector, live);
    },
  },
  'jobQueues.makeReadOnly': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Make read-only'));
      if (live !== undefined) app.inspector.makeReadOnly(live.profile.id);
    },
  },
  'jobQueues.makeAllReadOnly': {
    needs: 'saved',
    run: app => {
      for (const { profile } of app.inspector.connections) app.inspector.makeReadOnly(profile.id);
      void vscode.window.showInformationMessage(t('All connections are read-only now.'));
    },
  },
  ...Object.fromEntries(
    ENVIRONMENTS.map(environment => [
      `jobQueues.environment.${environment}`,
      {
        run: async (app: App, ...given: readonly unknown[]) => {
          const live = await connectionFor(app, given, t('Environment'));
          if (live !== undefined) await app.inspector.save({ ...live.profile, environment });
        },
      },
    ]),
  ),
  'jobQueues.copyUrl': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Copy URL without password'));
      if (live !== undefined) await copy([live.profile.url]);
    },
  },
  'jobQueues.copyRedisCli': {
    run: async (app, ...given) => {
      const live = await connectionFor(app, given, t('Copy redis-cli command'));
      const { isRedis } = await import('../../brokers/redis/port');
      if (live === undefined) return;
      if (live.broker !== null && !isRedis(live.broker)) {
        void vscode.window.showInformationMessage(t('{0} is no Redis.', live.profile.name));
        return;
      }
      if (live.broker === null) {
        void vscode.window.showInformationMessage(t('{0} is not connected.', live.profile.name));
        return;
      }
      await copy([live.broker.cli([]).trim()]);
    },
  },
};

/** Connects, and says what came back where the person asked for it. */
async function connect(app: App, live: LiveConnection): Promise<void> {
  try {
    await live.connect();
    await live.refresh('connected');
  } catch (thrown) {
    void showFailure(app.log, t('connecting to {0}', live.profile.name), thrown);
  }
}

async function rename(app: App, profile: ConnectionProfile): Promise<void> {
  const taken = new Set(app.inspector.connections.map(live => live.profile.name));
  const name = await vscode.window.showInputBox({
    title: t('Rename'),
    value: profile.name,
    validateInput: text => {
      const wanted = text.trim();
      if (wanted === '') return t('A connection needs a name.');
      return wanted !== profile.name && taken.has(wanted) ? t('"{0}" is in use.', wanted) : undefined;
    },
  });
  if (name !== undefined && name.trim() !== profile.name) await app.inspector.save({ ...profile, name: name.trim() });
}

async function remove(app: App, profile: ConnectionProfile): Promise<void> {
  const button = t('Remove');
  const answer = await vscode.window.showWarningMessage(
    t('Remove the connection {0}?', profile.name),
    { modal: true, detail: t('Its password is forgotten too. Nothing changes on the broker.') },
    button,
  );
  if (answer === button) await app.inspector.remove(profile.id);
}
