/** Puts the inspector together from its parts; loaded apart from the first chunk. */
import { join } from 'node:path';
import type * as vscode from 'vscode';
import type { Inspector } from '../inspector/api';
import { companionSecret } from '../inspector/companions';
import { createInspector } from '../inspector/inspector';
import type { InspectorParts } from '../inspector/ports';
import { systems } from '../systems';
import type { DemoBroker } from './demo';
import type { Log } from './log';
import { Secrets } from './secrets';
import { SettingsProfiles, setting } from './settings';
import { vscodeSurroundings } from './surroundings';

/** The inspector over VS Code's settings, secrets and storage. */
export async function startInspector(
  context: vscode.ExtensionContext,
  log: Log,
  demo: readonly DemoBroker[],
): Promise<Inspector> {
  const surroundings = vscodeSurroundings();
  const passwords = new Map<string, string>();
  for (const { profile, password, further } of demo) {
    if (password !== undefined) passwords.set(profile.id, password);
    for (const { system, role, password } of further)
      passwords.set(companionSecret(profile.id, system, role), password);
  }
  const parts: InspectorParts = {
    profiles: new SettingsProfiles(
      log,
      demo.map(({ profile }) => profile),
    ),
    secrets: new Secrets(context.secrets, passwords),
    systems,
    // The driver is read when the first broker is connected.
    open: async (...given) => (await import('../inspector/open')).openLink(...given),
    explain: async (error, profile, signal) =>
      (await import('../workspace')).explainUnreachable(error, profile.url, surroundings, signal),
    folderRules: async function* (given, signal) {
      yield* (await import('../workspace')).diagnoseFolder(given, signal);
    },
    surroundings,
    journal: {
      folder: join(context.globalStorageUri.fsPath, 'journal'),
      keepDays: () => setting('journal.keepDays'),
    },
    refreshInterval: () => setting('refresh.interval'),
    log: line => log.info(line),
  };
  return createInspector(parts);
}
