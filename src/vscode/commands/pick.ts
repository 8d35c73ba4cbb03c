import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { InstallationView, LiveConnection } from '../../inspector/api';
import type { App } from '../app';
import { addressText, environmentWord } from '../tree/model/connection';
import type { InstallationAddress } from '../tree/model/row';
import { addressOfView } from '../tree/model/world';

/** Asks for one of the connections; not where there is only one. @returns undefined when the person went away */
export async function pickConnection(
  app: App,
  title: string,
  suitable: (live: LiveConnection) => boolean = () => true,
): Promise<LiveConnection | undefined> {
  const candidates = app.inspector.connections.filter(suitable);
  if (candidates.length <= 1) return candidates[0];
  const items = candidates.map(live => ({
    label: live.profile.name,
    description: `${environmentWord(live.profile.environment)} · ${addressText(live)}`,
    live,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.live;
}

/** Asks for one of the installations of all live connections; not where there is only one. */
export async function pickInstallation(
  app: App,
  title: string,
  suitable: (view: InstallationView) => boolean = () => true,
): Promise<{ readonly at: InstallationAddress; readonly view: InstallationView } | undefined> {
  const items = app.inspector.connections.flatMap(live =>
    live.installations.filter(suitable).map(view => ({
      label: t('{0} on {1}', view.installation.name || view.installation.system.title, live.profile.name),
      description: environmentWord(live.profile.environment),
      at: addressOfView(live, view),
      view,
    })),
  );
  if (items.length <= 1) return items[0];
  return vscode.window.showQuickPick(items, { title });
}

/** The connection of the row a command was called for, or one that is asked for. */
export async function connectionFor(
  app: App,
  given: readonly unknown[],
  title: string,
): Promise<LiveConnection | undefined> {
  const [row] = app.brokers.rowsOf(given[0], given[1]);
  const id = row === undefined ? undefined : connectionIdOf(row.subject);
  const live = id === undefined ? undefined : app.inspector.connection(id);
  return live ?? pickConnection(app, title);
}

function connectionIdOf(subject: object): string | undefined {
  if ('connection' in subject && typeof subject.connection === 'string') return subject.connection;
  if ('at' in subject) return (subject.at as InstallationAddress).connection;
  return undefined;
}
