import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app';
import { say, showFailure } from '../messages';
import type { Command } from './command';
import { COMMANDS } from './table';

/** Registers every command behind one wrapper: what it needs, failures into the log and to the person. */
export function registerCommands(app: App): vscode.Disposable[] {
  return Object.entries(COMMANDS).map(([id, command]) =>
    vscode.commands.registerCommand(id, (...given: unknown[]) => runCommand(app, id, command, given)),
  );
}

async function runCommand(app: App, id: string, command: Command, given: readonly unknown[]): Promise<void> {
  try {
    if (isMet(app, command)) await command.run(app, ...given);
    else detached(app, id, sayWhy(app, command));
  } catch (thrown) {
    detached(app, id, Promise.reject(thrown));
  }
}

/** Not awaited: a command has ended when it has said why it cannot, not when somebody has read it. */
function detached(app: App, id: string, saying: Promise<void>): void {
  saying.catch(thrown => showFailure(app.log, t('running {0}', id), thrown));
}

function isMet({ inspector }: App, { needs }: Command): boolean {
  if (needs === undefined) return true;
  if (needs === 'saved') return inspector.connections.length > 0;
  return inspector.connections.some(({ state }) => state.kind === 'live' || state.kind === 'lost');
}

async function sayWhy({ inspector }: App, { needs }: Command): Promise<void> {
  const add = { [t('Add broker')]: () => vscode.commands.executeCommand('jobQueues.addBroker') };
  if (inspector.connections.length === 0) return say(t('No broker has been added.'), add);
  if (needs === 'connected') return say(t('No broker is connected.'), { ...add, ...connectDoor(inspector) });
}

function connectDoor(inspector: App['inspector']): Record<string, () => unknown> {
  const [first] = inspector.connections;
  if (first === undefined) return {};
  return { [t('Connect {0}', first.profile.name)]: () => first.connect() };
}
