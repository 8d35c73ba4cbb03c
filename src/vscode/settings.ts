import * as vscode from 'vscode';
import type { ConnectionProfile } from '../inspector/api';
import type { ProfileStore } from '../inspector/ports';
import type { Log } from './log';
import { readProfiles, savedProfile } from './profiles';

/** The settings with their types and defaults; the manifest test holds it against package.json. */
export interface SettingValues {
  readonly connections: readonly unknown[];
  readonly 'refresh.interval': number | 'auto';
  readonly 'access.default': 'own' | 'read-only';
  readonly 'journal.keepDays': number;
  readonly badge: 'newFailures' | 'allFailures' | 'findings' | 'off';
  readonly times: 'relative' | 'absolute';
  readonly arguments: 'shown' | 'masked';
  readonly singleKeyShortcuts: boolean;
  readonly notifyNewFailures: boolean;
  readonly pathMappings: Readonly<Record<string, string>>;
  readonly hiddenFindings: Readonly<Record<string, string>>;
}

export const SETTING_DEFAULTS: SettingValues = {
  connections: [],
  'refresh.interval': 'auto',
  'access.default': 'own',
  'journal.keepDays': 30,
  badge: 'newFailures',
  times: 'relative',
  arguments: 'shown',
  singleKeyShortcuts: true,
  notifyNewFailures: false,
  pathMappings: {},
  hiddenFindings: {},
};

const SECTION = 'jobQueues';

/** A setting's value now. */
export function setting<K extends keyof SettingValues>(name: K): SettingValues[K] {
  return vscode.workspace.getConfiguration(SECTION).get(name, SETTING_DEFAULTS[name]);
}

/** Writes a setting for this machine. */
export async function setSetting<K extends keyof SettingValues>(name: K, value: SettingValues[K]): Promise<void> {
  await vscode.workspace.getConfiguration(SECTION).update(name, value, vscode.ConfigurationTarget.Global);
}

/** Calls back when one of the settings changes. */
export function onSetting(name: keyof SettingValues, listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration(event => {
    if (event.affectsConfiguration(`${SECTION}.${name}`)) listener();
  });
}

/** Profiles in the setting `jobQueues.connections`, and in memory the ones that are never saved (the demo's). */
export class SettingsProfiles implements ProfileStore {
  readonly #log: Log;
  #unsaved: readonly ConnectionProfile[];

  constructor(log: Log, unsaved: readonly ConnectionProfile[]) {
    this.#log = log;
    this.#unsaved = unsaved;
  }

  async read(): Promise<readonly ConnectionProfile[]> {
    // Only this machine's own value: a folder's settings must not point a connection anywhere.
    const value = vscode.workspace.getConfiguration(SECTION).inspect('connections')?.globalValue;
    const { profiles, problems } = readProfiles(value);
    for (const problem of problems) this.#log.info(problem);
    const own = profiles.filter(({ id }) => !this.#unsaved.some(unsaved => unsaved.id === id));
    return [...this.#unsaved, ...own];
  }

  async write(profiles: readonly ConnectionProfile[]): Promise<void> {
    const isUnsaved = ({ id }: ConnectionProfile) => this.#unsaved.some(unsaved => unsaved.id === id);
    this.#unsaved = profiles.filter(isUnsaved);
    await setSetting('connections', profiles.filter(profile => !isUnsaved(profile)).map(savedProfile));
  }

  onDidChange(listener: () => void): () => void {
    const subscription = onSetting('connections', listener);
    return () => subscription.dispose();
  }
}
