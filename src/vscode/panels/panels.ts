import * as vscode from 'vscode';
import type { ActionRequest, Target } from '../../model';
import type { App, JobAddress } from '../app';
import type { InstallationAddress } from '../tree/model/row';
import type { PanelHost } from './panel-host';

/** The pages, and the view types of their panels. */
export const PAGES = ['job', 'enqueue', 'bulk', 'finding', 'journal', 'events'] as const;
export type PageName = (typeof PAGES)[number];

export const viewType = (page: PageName) => `jobQueues.${page}`;

/** A form that is to be opened: for a new job, or with the values of one. */
export interface EnqueueRequest {
  readonly at: InstallationAddress;
  /** The declared action that the form runs. */
  readonly action: string;
  readonly target: Target;
}

/** A change to many that is shown before it runs. */
export interface BulkRequest {
  readonly at: InstallationAddress;
  readonly request: ActionRequest;
}

/** Which finding a page shows: it is found again by rule, subject and connection. */
export interface FindingAddress {
  readonly connection: string | null;
  readonly rule: string;
  readonly subject: string;
}

/** Opens panels. All they are made of is loaded with the first one. */
export class Panels {
  #app: App | undefined;
  #host: Promise<PanelHost> | undefined;
  readonly #visibility = new vscode.EventEmitter<void>();
  readonly #inSight = new Set<vscode.WebviewPanel>();
  /** A panel came into sight or left it. */
  readonly onDidChangeVisibility = this.#visibility.event;

  /** Whether any panel is in sight. */
  get visible(): boolean {
    return this.#inSight.size > 0;
  }

  /** Called for every panel that is made. */
  watch(panel: vscode.WebviewPanel): void {
    const look = (visible: boolean) => {
      if (visible) this.#inSight.add(panel);
      else this.#inSight.delete(panel);
      this.#visibility.fire();
    };
    panel.onDidChangeViewState(() => look(panel.visible));
    panel.onDidDispose(() => look(false));
    look(panel.visible);
  }

  /** Called once, when all parts exist. */
  attach(app: App): void {
    this.#app = app;
  }

  async openJob(address: JobAddress, options: { readonly beside?: boolean } = {}): Promise<void> {
    (await this.#loaded()).openJob(address, options.beside === true);
  }

  async openEnqueue(request: EnqueueRequest): Promise<void> {
    (await this.#loaded()).openEnqueue(request);
  }

  async openBulk(request: BulkRequest): Promise<void> {
    (await this.#loaded()).openBulk(request);
  }

  async openFinding(address: FindingAddress): Promise<void> {
    (await this.#loaded()).openFinding(address);
  }

  async openJournal(): Promise<void> {
    (await this.#loaded()).openJournal();
  }

  async openEvents(connection: string): Promise<void> {
    (await this.#loaded()).openEvents(connection);
  }

  /** Keeps the job panel in front as it is: the next job opens in a panel of its own. */
  async pin(): Promise<void> {
    (await this.#loaded()).pin();
  }

  /** Brings a panel back after a reload of the window. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    (await this.#loaded()).restore(panel, state);
  }

  #loaded(): Promise<PanelHost> {
    this.#host ??= import('./panel-host').then(({ PanelHost }) => {
      if (this.#app === undefined) throw new Error('Panels were opened before the extension was up.');
      return new PanelHost(this.#app);
    });
    return this.#host;
  }
}
