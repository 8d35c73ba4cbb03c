import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Surroundings } from '../model';
import { createSurroundings, type FolderFiles, nodeFiles } from '../workspace';

/**
 * What the open folders and this machine tell. Trust and folders may change while the extension runs, so it looks at
 * them anew at every question; without trust, no file of a folder is read.
 */
export function vscodeSurroundings(): Surroundings {
  const now = () =>
    createSurroundings({
      files: openFolders(),
      remote: vscode.env.remoteName === 'ssh-remote',
      restricted: vscode.workspace.isTrusted
        ? null
        : t('This folder is in restricted mode, so its files are not read.'),
    });
  return {
    composeServices: signal => now().composeServices(signal),
    brokers: signal => now().brokers(signal),
    pythonSets: signal => now().pythonSets(signal),
    processIsOurs: (pid, listensOn) => now().processIsOurs(pid, listensOn),
    get remote() {
      return now().remote;
    },
    get restricted() {
      return now().restricted;
    },
  };
}

/** The first folder on disk as it is; of several, each file's path begins with its folder's name. */
function openFolders(): FolderFiles | null {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const [first] = folders;
  if (first === undefined) return null;
  if (folders.length === 1) return nodeFiles(first.uri.fsPath);
  const parts = new Map(folders.map(folder => [folder.name, nodeFiles(folder.uri.fsPath)]));
  return {
    list: async (names, signal) => {
      const lists = [...parts].map(async ([name, files]) =>
        (await files.list(names, signal)).map(path => `${name}/${path}`),
      );
      return (await Promise.all(lists)).flat();
    },
    read: async (path, signal) => {
      const end = path.indexOf('/');
      return (await parts.get(path.slice(0, end))?.read(path.slice(end + 1), signal)) ?? null;
    },
  };
}
