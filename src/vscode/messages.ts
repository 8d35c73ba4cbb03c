import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { asInspectorError, isAbort } from '../model';
import type { Log } from './log';

/** A failure of something the person started: what was tried, what came back, what to do, and the log. */
export async function showFailure(log: Log, tried: string, thrown: unknown): Promise<void> {
  if (isAbort(thrown)) return;
  log.error(tried, thrown);
  const error = asInspectorError(thrown, tried);
  const showLog = t('Show log');
  const picked = await vscode.window.showErrorMessage(`${error.message} ${error.remedy}`.trim(), showLog);
  if (picked === showLog) log.show();
}

/** One sentence with at most a few doors; each door is a title and what it does. */
export async function say(text: string, doors: Readonly<Record<string, () => unknown>> = {}): Promise<void> {
  const picked = await vscode.window.showInformationMessage(text, ...Object.keys(doors));
  if (picked !== undefined) await doors[picked]?.();
}
