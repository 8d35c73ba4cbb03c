import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Frame } from '../model';
import { candidatePaths } from './frame-paths';
import { setting } from './settings';

/** Frames of a traceback as files of the open folders. Other paths are not touched, not even by a stat. */
export class FrameFiles {
  /** Why frames cannot be opened; null where they can. */
  get note(): string | null {
    if (!vscode.workspace.isTrusted) return t('Trust this folder to open frames.');
    return vscode.workspace.workspaceFolders === undefined ? t('Open the folder of the source to open frames.') : null;
  }

  /** The frames that lie in an open folder, with the path as people read it. */
  async places(frames: readonly Frame[]): Promise<Map<string, { shown: string }>> {
    const places = new Map<string, { shown: string }>();
    if (this.note !== null) return places;
    const files = [...new Set(frames.filter(({ own }) => own !== false).map(({ file }) => file))];
    await Promise.all(
      files.map(async file => {
        const uri = await this.#find(file);
        if (uri !== null) places.set(file, { shown: vscode.workspace.asRelativePath(uri) });
      }),
    );
    return places;
  }

  /** Opens a frame's file at its line; does nothing where it does not lie in an open folder. */
  async open(file: string, line: number | null): Promise<void> {
    const uri = this.note === null ? await this.#find(file) : null;
    if (uri === null) return;
    const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
  }

  async #find(file: string): Promise<vscode.Uri | null> {
    const mappings = setting('pathMappings');
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      for (const path of candidatePaths(file, folder.uri.fsPath, mappings)) {
        const uri = vscode.Uri.joinPath(folder.uri, path);
        if (await exists(uri)) return uri;
      }
    }
    return null;
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}
