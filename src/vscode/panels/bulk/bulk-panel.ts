import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { PerformProgress, Receipt } from '../../../inspector/api';
import { type ActionDeclaration, asInspectorError, type Installation, type Plan } from '../../../model';
import type { BulkPage, BulkProgress, BulkReport, BulkView, FormValues } from '../../../protocol';
import { goneError, placeOf, planOf } from '../../acting/act';
import { allowWriting, confirm } from '../../acting/confirm';
import { receiptText, tellReceipt, undo } from '../../acting/receipt';
import { type App, installationAt } from '../../app';
import { type Handlers, noParams } from '../channel';
import { exportJson } from '../export';
import { formValuesSchema, parametersOf } from '../form-values';
import { connectionView } from '../job/job-view';
import { PagePanel } from '../page-panel';
import type { BulkRequest } from '../panels';
import { planView, progressView, reportView } from './plan-view';

/** A change to many jobs: what it will touch, then how it goes, then what came of it. In one place. */
export class BulkPanel extends PagePanel<BulkPage> {
  readonly #app: App;
  readonly #request: BulkRequest;
  #plan: Plan | undefined;
  #progress: BulkProgress | null = null;
  #report: BulkReport | null = null;
  #receipt: Receipt | null = null;
  #running: AbortController | undefined;
  /** The tab was left while it ran: the end is told by a notification. */
  #left = false;
  /** Where progress goes then. */
  #elsewhere: ((progress: BulkProgress) => void) | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(app: App, panel: vscode.WebviewPanel, request: BulkRequest) {
    super(app, 'bulk', panel);
    this.#app = app;
    this.#request = request;
    const found = installationAt(app.inspector, request.at);
    const declared = found?.installation.declarations.find(({ id }) => id === request.request.action);
    const all = request.request.targets.some(({ kind }) => kind === 'selector');
    const title = (all ? declared?.bulkTitle : undefined) ?? declared?.title ?? t('Many jobs');
    this.load(title.replace(/…$/, ''), tabIconOf(declared), null, this.#handlers());
    this.add(
      panel.onDidDispose(() => {
        this.#left = true;
      }),
    );
  }

  #handlers(): Handlers<BulkPage> {
    return {
      load: { params: noParams, run: () => this.#view() },
      start: { params: v.object({ values: formValuesSchema }), run: ({ values }) => this.#start(values) },
      stop: {
        params: noParams,
        run: () => {
          this.#running?.abort();
          return null;
        },
      },
      leave: { params: noParams, run: () => this.#leave() },
      close: { params: noParams, run: () => this.#leave() },
      undo: {
        params: v.object({ token: v.string() }),
        run: async ({ token }, signal) => {
          const receipt = await undo(this.#app, token, signal);
          return { text: receipt === null ? null : receiptText(receipt), undo: null, ref: null };
        },
      },
      exportReport: {
        params: noParams,
        run: async () => {
          if (this.#receipt !== null) await exportJson('report.json', this.#receipt.items);
          return null;
        },
      },
      openJournal: {
        params: noParams,
        run: async () => {
          await this.#app.panels.openJournal();
          return null;
        },
      },
      allowWriting: {
        params: noParams,
        run: async () => {
          await allowWriting(this.#app.inspector, this.#where().live);
          return this.#view();
        },
      },
    };
  }

  async #view(): Promise<BulkView> {
    const { live, installation } = this.#where();
    this.#plan ??= await planOf(installation, this.#request.request);
    const words = this.#app.inspector.planWords(live.profile.id, placeOf(installation), this.#plan);
    const world = this.#app.brokers.world();
    const stage = this.#running !== undefined ? 'running' : this.#report === null ? 'preview' : 'report';
    return {
      connection: connectionView(live, world),
      stage,
      plan: planView(this.#plan, words, installation, world),
      progress: this.#progress,
      report: this.#report,
    };
  }

  /** Asks what has to be asked about what was shown, and begins. */
  async #start(values: FormValues): Promise<BulkView> {
    if (this.#running !== undefined) return this.#view();
    const { live, installation } = this.#where();
    const { inspector } = this.#app;
    const { plan, request } = await this.#planWith(values, installation);
    const confirmation = inspector.confirmation(live.profile.id, plan);
    const allowed = confirmation.needsWriting ? await allowWriting(inspector, live) : 'longer';
    if (allowed === null) return this.#view();
    const words = inspector.planWords(live.profile.id, placeOf(installation), plan);
    const confirmed = await confirm(plan, words, live, confirmation, allowed === 'once');
    if (confirmed === null) {
      if (allowed === 'once') inspector.makeReadOnly(live.profile.id);
      return this.#view();
    }
    this.#running = new AbortController();
    this.#ended = this.#run(live.profile.id, installation, plan, request, confirmed);
    return this.#view();
  }

  /** The plan that was shown; made anew only where the form changed what is asked for. */
  async #planWith(values: FormValues, installation: Installation) {
    const { request } = this.#request;
    const shown = this.#plan ?? (await planOf(installation, request));
    const schema = shown.action.parameters;
    const parameters = schema === undefined ? {} : parametersOf(values, schema);
    const changed = { ...request, parameters: { ...request.parameters, ...parameters } };
    if (JSON.stringify(changed.parameters) === JSON.stringify(shown.parameters)) return { plan: shown, request };
    this.#plan = await installation.plan(changed, AbortSignal.timeout(PLAN_LIMIT_MS));
    return { plan: this.#plan, request: changed };
  }

  async #run(
    connection: string,
    installation: Installation,
    plan: Plan,
    request: BulkRequest['request'],
    confirmed: Parameters<App['inspector']['perform']>[0]['confirmed'],
  ): Promise<void> {
    const controller = this.#running;
    if (controller === undefined) return;
    const place = placeOf(installation);
    try {
      this.#receipt = await this.#app.inspector.perform(
        { connection, installation: place, request, plan, confirmed, onProgress: progress => this.#tell(progress) },
        controller.signal,
      );
      this.#report = reportView(this.#receipt);
    } catch (thrown) {
      this.#app.log.error(plan.action.title, thrown);
      this.#report = failedReport(asInspectorError(thrown, plan.action.title).message);
    } finally {
      this.#running = undefined;
    }
    if (!this.#left && this.panel.visible) this.send('ended', this.#report);
    else if (this.#receipt !== null) await tellReceipt(this.#app, this.#receipt);
  }

  #tell(progress: PerformProgress): void {
    this.#progress = progressView(progress, vscode.env.language);
    if (this.#left) this.#elsewhere?.(this.#progress);
    else this.send('progress', this.#progress);
  }

  /** Closes the tab; what runs goes on, in a notification that can stop it. */
  #leave(): null {
    const controller = this.#running;
    this.#left = true;
    this.panel.dispose();
    if (controller === undefined) return null;
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: this.#plan?.action.title ?? '', cancellable: true },
      async (progress, token) => {
        token.onCancellationRequested(() => controller.abort());
        this.#elsewhere = ({ text }) => progress.report({ message: text });
        if (this.#progress !== null) this.#elsewhere(this.#progress);
        await this.#ended;
      },
    );
    return null;
  }

  #where() {
    const found = installationAt(this.#app.inspector, this.#request.at);
    if (found === null) throw goneError();
    return found;
  }
}

function failedReport(failure: string): BulkReport {
  const counts = { done: 0, gone: 0, refused: 0, failed: 0, unknown: 0 };
  return { text: t('Nothing was changed.'), stopped: true, counts, rest: [], undo: null, notUndoable: null, failure };
}

const PLAN_LIMIT_MS = 60_000;

/** There are pictures for tabs of a few icons only. */
function tabIconOf(declared: ActionDeclaration | undefined): string {
  if (declared?.effect === 'destroys') return 'trash';
  return declared?.icon === 'eye' ? 'eye' : 'redo';
}
