import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Surroundings } from '../model';

/** What the open folder and this machine tell. Without trust, no file of the folder is read. */
export function vscodeSurroundings(): Surroundings {
  return {
    composeServices: async () => [],
    brokers: async () => [],
    pythonSets: async () => [],
    processIsOurs: async () => null,
    remote: vscode.env.remoteName === 'ssh-remote',
    get restricted() {
      return vscode.workspace.isTrusted ? null : t('This folder is in restricted mode, so its files are not read.');
    },
  };
}
