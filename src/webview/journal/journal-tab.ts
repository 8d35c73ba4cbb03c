import { html, nothing, type TemplateResult } from 'lit';
import type { JournalEntryView, JournalItemView, JournalPage, JournalView } from '../../protocol';
import { t } from '../kit/l10n';
import { Page } from '../kit/page';
import { icon, text } from '../kit/parts';

/** What was changed, when, with undo where there is one. */
export class JournalTab extends Page<JournalPage, JournalView> {
  static override properties = { ...Page.properties, open: { state: true } };

  declare open: ReadonlyMap<string, readonly JournalItemView[]>;

  constructor() {
    super();
    this.open = new Map();
    this.host.on('changed', () => void this.reload());
  }

  protected override load(signal: AbortSignal): Promise<JournalView> {
    return this.host.request('load', null, signal);
  }

  protected override content(view: JournalView): TemplateResult {
    return html`
      <main class="page">
        <header class="section-head">
          <h1 class="grow" tabindex="-1">${t('Journal')}</h1>
          <button class="button secondary" aria-disabled=${view.entries.length === 0} @click=${() => void this.attempt(() => this.host.request('exportAll', null))}>${t('Export…')}</button>
          <button class="button secondary" aria-disabled=${view.entries.length === 0} @click=${() => void this.#clear()}>${t('Clear…')}</button>
        </header>
        <p class="second">${view.kept}</p>
        ${
          view.entries.length === 0
            ? html`<p class="section">${t('You have changed nothing yet.')}</p>`
            : html`<ul class="entries">${view.entries.map(entry => this.#entry(entry))}</ul>`
        }
      </main>
    `;
  }

  #entry(entry: JournalEntryView): TemplateResult {
    const items = this.open.get(entry.token);
    return html`
      <li>
        <div class="entry">
          <button class="icon-button" aria-expanded=${items !== undefined} aria-label=${t('Details of {0}', entry.title)} @click=${() => void this.#toggle(entry.token)}>${icon(items ? 'chevron-down' : 'chevron-right')}</button>
          ${text(entry.at, 'second entry-time')}
          <span class="grow"><strong>${entry.title}</strong> <span class=${entry.production ? 'production' : 'second'}>${entry.where}</span></span>
          <span class="second">${entry.outcome}</span>
          ${
            entry.notUndoable === null
              ? html`<button class="button secondary" @click=${() => void this.#undo(entry.token)}>${t('Undo')}</button>`
              : html`<span class="second">${entry.notUndoable}</span>`
          }
        </div>
        ${items ? this.#items(entry, items) : nothing}
      </li>
    `;
  }

  #items(entry: JournalEntryView, items: readonly JournalItemView[]): TemplateResult {
    return html`
      <div class="items">
        ${entry.saved === null ? nothing : html`<p class="second">${entry.saved}</p>`}
        <table>
          <thead class="visually-hidden"><tr><th>${t('Id')}</th><th>${t('Outcome')}</th><th>${t('Reason')}</th></tr></thead>
          <tbody>${items.map(item => html`<tr><td class="code">${item.id}</td><td>${item.outcome}</td><td class="second">${item.reason}</td></tr>`)}</tbody>
        </table>
      </div>
    `;
  }

  async #toggle(token: string): Promise<void> {
    const open = new Map(this.open);
    if (!open.delete(token)) {
      const items = await this.attempt(() => this.host.request('items', { token }));
      if (!items) return;
      open.set(token, items);
    }
    this.open = open;
  }

  async #undo(token: string): Promise<void> {
    const undone = await this.attempt(() => this.host.request('undo', { token }));
    if (undone?.text) this.say(undone.text);
    await this.reload();
  }

  async #clear(): Promise<void> {
    await this.attempt(() => this.host.request('clear', null));
    await this.reload();
  }
}
