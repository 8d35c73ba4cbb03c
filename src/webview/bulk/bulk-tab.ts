import type { TemplateResult } from 'lit';
import type { BulkPage, BulkView, FormValues } from '../../protocol';
import { bulkSheet } from '../kit/bulk-sheet';
import { Page } from '../kit/page';

/** The bulk sheet in a tab of its own. */
export class BulkTab extends Page<BulkPage, BulkView> {
  static override properties = { ...Page.properties, values: { state: true }, stopping: { state: true } };

  declare values: FormValues;
  declare stopping: boolean;
  #stage: string | undefined;

  constructor() {
    super();
    this.values = {};
    this.stopping = false;
    this.host.on('changed', () => void this.reload());
    this.host.on('progress', progress => {
      if (this.view) this.view = { ...this.view, stage: 'running', progress };
    });
    this.host.on('ended', report => {
      if (this.view) this.view = { ...this.view, stage: 'report', report };
      this.say(report.text);
    });
    document.addEventListener('keydown', event => this.#onKey(event));
  }

  protected override async load(signal: AbortSignal): Promise<BulkView> {
    const view = await this.host.request('load', null, signal);
    this.values = { ...view.plan.values, ...this.values };
    return view;
  }

  protected override updated(): void {
    const stage = this.view?.stage;
    if (stage === undefined || stage === this.#stage) return;
    this.#stage = stage;
    this.stopping = false;
    this.querySelector<HTMLElement>('h1')?.focus();
  }

  protected override content(view: BulkView): TemplateResult {
    const { host, values, stopping } = this;
    return bulkSheet(view, {
      values,
      stopping,
      start: () => void this.#start(),
      stop: () => {
        this.stopping = true;
        void this.attempt(() => host.request('stop', null));
      },
      leave: () => void this.attempt(() => host.request('leave', null)),
      close: () => void this.attempt(() => host.request('close', null)),
      undo: token =>
        void this.attempt(() => host.request('undo', { token })).then(undone => {
          if (undone?.text) this.say(undone.text);
          return this.reload();
        }),
      exportReport: () => void this.attempt(() => host.request('exportReport', null)),
      openJournal: () => void this.attempt(() => host.request('openJournal', null)),
      allowWriting: () => void this.#replace(() => host.request('allowWriting', null)),
      set: (name, value) => {
        this.values = { ...this.values, [name]: value };
      },
    });
  }

  #start(): Promise<void> {
    return this.#replace(() => this.host.request('start', { values: this.values }));
  }

  async #replace(ask: () => Promise<BulkView>): Promise<void> {
    const view = await this.attempt(ask);
    if (view) this.view = view;
  }

  #onKey(event: KeyboardEvent): void {
    if (this.view?.stage !== 'preview') return;
    if (event.key === 'Escape') void this.attempt(() => this.host.request('close', null));
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && this.view.plan.total > 0) void this.#start();
  }
}
