import { hostname } from 'node:os';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Surroundings } from '../model';
import type { FolderFiles } from '../workspace';

/**
 * What the open folders and this machine tell. Trust and folders may change while the extension runs, so it looks at
 * them anew at every question; without trust, no file of a folder is read. What reads files is loaded when first asked.
 */
export function vscodeSurroundings(): Surroundings {
  const remote = vscode.env.remoteName === 'ssh-remote';
  const now = async () => {
    const { createSurroundings, nodeFiles } = await import('../workspace');
    return createSurroundings({ files: openFolders(nodeFiles), remote, restricted: restriction() });
  };
  return {
    composeServices: async signal => (await now()).composeServices(signal),
    brokers: async signal => (await now()).brokers(signal),
    pythonSets: async signal => (await now()).pythonSets(signal),
    processIsOurs: async (pid, listensOn) => (await now()).processIsOurs(pid, listensOn),
    launches: async signal => (await now()).launches(signal),
    process: async (pid, signal) => (await now()).process(pid, signal),
    fileBytes: async (names, maximum, signal) => (await now()).fileBytes(names, maximum, signal),
    hostNames: [hostname()],
    remote,
    get restricted() {
      return restriction();
    },
  };
}

/** Why no file may be read; null where they may. */
function restriction(): string | null {
  if (!vscode.workspace.isTrusted) return t('This folder is in restricted mode, so its files are not read.');
  return foldersOnDisk().length === 0 ? t('No folder is open.') : null;
}

const foldersOnDisk = () => (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');

/** The first folder on disk as it is; of several, each file's path begins with its folder's name. */
function openFolders(nodeFiles: (folder: string) => FolderFiles): FolderFiles | null {
  const folders = foldersOnDisk();
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
    bytes: async (path, maximum, signal) => {
      const end = path.indexOf('/');
      const file = await parts.get(path.slice(0, end))?.bytes(path.slice(end + 1), maximum, signal);
      return file === undefined || file === null ? null : { ...file, path };
    },
  };
}
