import * as v from 'valibot';
import * as vscode from 'vscode';
import type { App, JobAddress } from '../app';
import { setContextKey } from '../context-keys';
import { BulkPanel } from './bulk/bulk-panel';
import { EnqueuePanel } from './enqueue/enqueue-panel';
import { EventsPanel } from './events/events-panel';
import { FindingPanel } from './finding/finding-panel';
import { JobPanel } from './job/job-panel';
import { JournalPanel } from './journal/journal-panel';
import { createPanel } from './page-panel';
import { type BulkRequest, type EnqueueRequest, type FindingAddress, viewType } from './panels';

const addressSchema = v.object({ connection: v.string(), system: v.string(), key: v.string() });
const stateSchema = v.object({
  panel: v.variant('page', [
    v.object({ page: v.literal('job'), at: addressSchema, ref: v.string() }),
    v.object({
      page: v.literal('finding'),
      connection: v.nullable(v.string()),
      rule: v.string(),
      subject: v.string(),
    }),
    v.object({ page: v.literal('journal') }),
    v.object({ page: v.literal('events'), connection: v.string() }),
  ]),
});

/** Every panel that is open: which are used again, and which come back after a reload of the window. */
export class PanelHost {
  readonly #app: App;
  /** The job panel that the next job takes, until it is pinned. */
  #job: JobPanel | undefined;
  #finding: FindingPanel | undefined;
  #journal: JournalPanel | undefined;
  /** By connection. */
  readonly #events = new Map<string, EventsPanel>();

  constructor(app: App) {
    this.#app = app;
  }

  openJob(address: JobAddress, beside: boolean): void {
    const column = beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    if (this.#job !== undefined && !beside) {
      this.#job.show(address);
      this.#job.panel.reveal(undefined, false);
      return;
    }
    const made = this.#jobPanel(createPanel('job', '', column));
    made.show(address);
  }

  pin(): void {
    if (this.#job === undefined) return;
    this.#job.pinned = true;
    this.#job = undefined;
    setContextKey('jobQueues.pinned', true);
  }

  openEnqueue(request: EnqueueRequest): void {
    new EnqueuePanel(this.#app, createPanel('enqueue', '', vscode.ViewColumn.Active), request);
  }

  openBulk(request: BulkRequest): void {
    new BulkPanel(this.#app, createPanel('bulk', '', vscode.ViewColumn.Active), request);
  }

  openFinding(address: FindingAddress): void {
    if (this.#finding === undefined) {
      this.#findingPanel(createPanel('finding', '', vscode.ViewColumn.Active)).show(address);
    } else {
      this.#finding.show(address);
      this.#finding.panel.reveal(undefined, false);
    }
  }

  openJournal(): void {
    if (this.#journal === undefined) this.#journalPanel(createPanel('journal', '', vscode.ViewColumn.Active));
    else this.#journal.panel.reveal(undefined, false);
  }

  openEvents(connection: string): void {
    const open = this.#events.get(connection);
    if (open === undefined) this.#eventsPanel(createPanel('events', '', vscode.ViewColumn.Active), connection);
    else open.panel.reveal(undefined, false);
  }

  /** Brings back what the panel showed; a form or sheet has ended with the window. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    const parsed = v.safeParse(stateSchema, state);
    if (!parsed.success) {
      panel.dispose();
      return;
    }
    const { panel: saved } = parsed.output;
    if (panel.viewType !== viewType(saved.page)) panel.dispose();
    else if (saved.page === 'job') this.#jobPanel(panel).show(saved);
    else if (saved.page === 'finding') this.#findingPanel(panel).show(saved);
    else if (saved.page === 'events') this.#eventsPanel(panel, saved.connection);
    else this.#journalPanel(panel);
  }

  #jobPanel(panel: vscode.WebviewPanel): JobPanel {
    const made = new JobPanel(this.#app, panel);
    if (this.#job !== undefined) this.#job.pinned = true;
    this.#job = made;
    panel.onDidChangeViewState(() => {
      if (panel.active) setContextKey('jobQueues.pinned', made.pinned);
    });
    panel.onDidDispose(() => {
      if (this.#job === made) this.#job = undefined;
    });
    setContextKey('jobQueues.pinned', false);
    return made;
  }

  #findingPanel(panel: vscode.WebviewPanel): FindingPanel {
    const made = new FindingPanel(this.#app, panel);
    this.#finding = made;
    panel.onDidDispose(() => {
      if (this.#finding === made) this.#finding = undefined;
    });
    return made;
  }

  #eventsPanel(panel: vscode.WebviewPanel, connection: string): void {
    const made = new EventsPanel(this.#app, panel);
    this.#events.set(connection, made);
    panel.onDidDispose(() => this.#events.delete(connection));
    made.show(connection);
  }

  #journalPanel(panel: vscode.WebviewPanel): JournalPanel {
    const made = new JournalPanel(this.#app, panel);
    this.#journal = made;
    panel.onDidDispose(() => {
      this.#journal = undefined;
    });
    return made;
  }
}
