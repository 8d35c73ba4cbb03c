import { html, nothing, type TemplateResult } from 'lit';
import type { ActionView, ActView, JobPage, JobView } from '../../protocol';
import { t } from '../kit/l10n';
import { Page } from '../kit/page';
import { banner, icon, iconButton, link } from '../kit/parts';
import { tabs } from '../kit/tabs';
import { details } from './details';
import { head } from './head';
import { history } from './history';
import { raw, rawNote } from './raw';
import { Unfolding } from './unfolding';

const PANES = ['details', 'history', 'raw'] as const;
type Pane = (typeof PANES)[number];

/** One job: what happened to it, with everything the broker tells. */
export class JobPanel extends Page<JobPage, JobView> {
  static override properties = {
    ...Page.properties,
    pane: { state: true },
    acted: { state: true },
    menu: { state: true },
  };

  declare pane: Pane;
  declare acted: ActView | undefined;
  declare menu: boolean;
  readonly unfolding = new Unfolding((part, path, from, count) =>
    this.host.request('unfold', { part, path, from, count }),
  );
  #focused = false;

  constructor() {
    super();
    this.menu = false;
    const remembered = this.host.remembered() as { pane?: unknown } | undefined;
    this.pane = PANES.find(pane => pane === remembered?.pane) ?? 'details';
    this.host.on('changed', () => void this.reload());
    this.unfolding.onChange = () => this.requestUpdate();
    document.addEventListener('keydown', event => this.#onKey(event));
    document.addEventListener('click', event => {
      if (this.menu && !(event.target as Element).closest('.menu-anchor')) this.menu = false;
    });
  }

  protected override load(signal: AbortSignal): Promise<JobView> {
    this.unfolding.forget();
    return this.host.request('load', { fresh: this.view !== undefined }, signal);
  }

  protected override updated(): void {
    if (this.#focused || this.view === undefined) return;
    this.#focused = true;
    this.querySelector('h1')?.focus();
  }

  protected override content(view: JobView): TemplateResult {
    const { raw: keys, history: past } = view;
    const relations = past.relations.reduce((sum, relation) => sum + relation.jobs.length, 0);
    return html`
      <main class="page">
        ${head(view, this)}
        ${this.acted?.text ? this.#done(this.acted) : nothing}
        ${view.banners.map(one =>
          banner(one, method => {
            if (method === 'retryLoad') void this.reload();
            else void this.attempt(() => this.host.request(method, null));
          }),
        )}
        ${tabs(
          t('Parts of this page'),
          [
            { id: 'details', label: t('Details'), note: null },
            { id: 'history', label: t('History'), note: historyNote(past.events.length, relations) },
            { id: 'raw', label: t('Raw'), note: rawNote(keys) },
          ],
          this.pane,
          pane => this.show(pane),
        )}
        <div id="panel-${this.pane}" role="tabpanel" aria-labelledby="tab-${this.pane}" class="pane">
          ${this.pane === 'details' ? details(view, this) : this.pane === 'history' ? history(view, this) : raw(view, this)}
        </div>
      </main>
    `;
  }

  show(pane: Pane): void {
    this.pane = pane;
    this.host.remember({ pane });
  }

  copy(text: string, what: string): void {
    void this.attempt(() => this.host.request('copy', { text, what }));
    this.say(t('Copied {0}', what));
  }

  openJob(ref: string): void {
    void this.attempt(() => this.host.request('openJob', { ref }));
  }

  async act(action: ActionView): Promise<void> {
    this.#closeMenu();
    const acted = await this.attempt(() => this.host.request('act', { action: action.id }));
    if (!acted?.text) return;
    this.acted = acted;
    this.say(acted.text);
    await this.reload();
  }

  #done(acted: ActView): TemplateResult {
    const { undo, text } = acted;
    return html`
      <div class="banner info done" role="note">
        <span>${icon('check')} ${text}</span>
        ${undo ? link(t('Undo'), () => void this.#undo(undo)) : nothing}
        ${iconButton('close', t('Dismiss'), () => {
          this.acted = undefined;
        })}
      </div>
    `;
  }

  async #undo(token: string): Promise<void> {
    const undone = await this.attempt(() => this.host.request('undo', { token }));
    if (!undone) return;
    this.acted = undone;
    if (undone.text) this.say(undone.text);
    await this.reload();
  }

  #closeMenu(): void {
    if (!this.menu) return;
    this.menu = false;
    this.querySelector<HTMLElement>('.menu-anchor button')?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    const { view } = this;
    if (event.key === 'Escape' && this.menu) {
      this.#closeMenu();
      return;
    }
    if (!view?.singleKeys || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest('input, textarea, select')) return;
    const retry = view.actions.find(action => action.id === 'retry' && action.unavailable === null);
    if (event.key === 'r' && retry) void this.act(retry);
    if (event.key === 'c' && view.id !== null) this.copy(view.id, t('the id'));
  }
}

/** Null where nothing is recorded, which is not the same as none. */
function historyNote(events: number, relations: number): string | null {
  const notes = [
    events === 0 ? '' : events === 1 ? t('1 event') : t('{0} events', events),
    relations === 0 ? '' : relations === 1 ? t('1 relation') : t('{0} relations', relations),
  ].filter(note => note !== '');
  return notes.length === 0 ? null : notes.join(', ');
}
