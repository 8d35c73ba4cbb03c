import * as vscode from 'vscode';

/** Keys that when-clauses of the manifest use; the manifest test holds them against it. */
export interface ContextKeys {
  /** The extension is up, and what it knows of the connections is true. */
  'jobQueues.ready': boolean;
  'jobQueues.hasConnections': boolean;
  /** The files of the open folder name brokers. */
  'jobQueues.hasCandidates': boolean;
  'jobQueues.filtered': boolean;
  'jobQueues.demo': boolean;
  /** The panel in front stays with its job when another one is opened. */
  'jobQueues.pinned': boolean;
  /** Steps of the walkthrough: they are done when the thing has happened. */
  'jobQueues.didConnect': boolean;
  'jobQueues.didOpenFailedJob': boolean;
  'jobQueues.didOpenFinding': boolean;
}

const last = new Map<string, unknown>();

/** Tells VS Code, if it does not know it yet. */
export function setContextKey<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  if (last.get(key) === value) return;
  last.set(key, value);
  void vscode.commands.executeCommand('setContext', key, value);
}
