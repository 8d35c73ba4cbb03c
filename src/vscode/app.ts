import type * as vscode from 'vscode';
import type { Inspector, LiveConnection } from '../inspector/api';
import type { Installation, Ref } from '../model';
import type { JobDocuments } from './documents/provider';
import type { FindingsView } from './findings/findings-view';
import type { Log } from './log';
import type { Panels } from './panels/panels';
import type { BrokersView } from './tree/brokers-view';
import type { InstallationAddress } from './tree/model/row';

/** The parts of the extension, as commands and panels get them. Made once, in extension.ts. */
export interface App {
  readonly context: vscode.ExtensionContext;
  readonly inspector: Inspector;
  readonly log: Log;
  readonly brokers: BrokersView;
  readonly findings: FindingsView;
  readonly panels: Panels;
  readonly documents: JobDocuments;
  /** True in the demo (`npm run demo`). */
  readonly demo: boolean;
}

/** Where a job is: its ref is used together with its connection only. */
export interface JobAddress {
  readonly at: InstallationAddress;
  readonly ref: Ref;
}

/** The connection and installation of an address; null where they are gone. */
export function installationAt(
  inspector: Inspector,
  at: InstallationAddress,
): { readonly live: LiveConnection; readonly installation: Installation } | null {
  const live = inspector.connection(at.connection);
  const view = live?.installations.find(
    ({ installation }) => installation.system.id === at.system && installation.key === at.key,
  );
  return live === undefined || view === undefined ? null : { live, installation: view.installation };
}
