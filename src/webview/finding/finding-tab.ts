import { html, nothing, type TemplateResult } from 'lit';
import type { ActView, FindingPage, FindingView } from '../../protocol';
import { t } from '../kit/l10n';
import { Page } from '../kit/page';
import { icon, iconButton, link, text } from '../kit/parts';

const ICONS = { trouble: 'error', warning: 'warning', info: 'info' } as const;

/** What looks wrong: what was seen, what follows, what to do. */
export class FindingTab extends Page<FindingPage, FindingView> {
  static override properties = { ...Page.properties, acted: { state: true } };

  declare acted: ActView | undefined;
  #focused = false;

  constructor() {
    super();
    this.host.on('changed', () => void this.reload());
  }

  protected override load(signal: AbortSignal): Promise<FindingView> {
    return this.host.request('load', null, signal);
  }

  protected override updated(): void {
    if (this.#focused || this.view === undefined) return;
    this.#focused = true;
    this.querySelector('h1')?.focus();
  }

  protected override content(view: FindingView): TemplateResult {
    return html`
      <main class="page finding">
        <header class="finding-head">
          ${icon(ICONS[view.severity], `severity-${view.severity}`)}
          <div class="grow">
            <h1 tabindex="-1">${view.title}</h1>
            <p class="second">
              ${view.severityWord} · <span class=${view.production ? 'production' : ''}>${view.where}</span>
              ${view.since ? html`· ${text(view.since)}` : nothing} · ${t('rule')} <span class="code">${view.rule}</span>
            </p>
          </div>
        </header>
        ${view.over ? html`<div class="banner info" role="note"><span>${view.over}</span></div>` : nothing}
        ${this.acted?.text ? html`<div class="banner info" role="note"><span>${icon('check')} ${this.acted.text}</span></div>` : nothing}
        <section class="section">
          <div class="section-head"><h2>${t('Evidence')}</h2><span class="second">${view.certainty}</span></div>
          <table>
            <thead class="visually-hidden"><tr><th>${t('What')}</th><th>${t('Value')}</th><th>${t('Where it was read')}</th><th>${t('Command')}</th></tr></thead>
            <tbody>${view.evidence.map(row => this.#evidence(row))}</tbody>
          </table>
        </section>
        <section class="section"><div class="section-head"><h2>${t('What follows')}</h2></div><p>${view.consequence}</p></section>
        <section class="section">
          <div class="section-head"><h2>${t('What to do')}</h2></div>
          <ol class="remedies">${view.remedies.map((remedy, index) => this.#remedy(remedy, index))}</ol>
        </section>
        ${view.notProblemWhen === null ? nothing : html`<section class="section"><div class="section-head"><h2>${t('When this is not a problem')}</h2></div><p class="second">${view.notProblemWhen}</p></section>`}
        <p class="section hide">
          ${link(t('Hide for a day'), () => void this.attempt(() => this.host.request('hide', { span: 'day' })))}
          ${link(t('Hide always…'), () => void this.attempt(() => this.host.request('hide', { span: 'always' })))}
        </p>
      </main>
    `;
  }

  #evidence(row: FindingView['evidence'][number]): TemplateResult {
    const { command } = row;
    return html`
      <tr>
        <td>${row.what}</td>
        <td><strong>${row.value}</strong></td>
        <td class="code second">${row.source}</td>
        <td>${command === null ? nothing : iconButton('terminal', t('Copy the command that shows it: {0}', command), () => this.#copy(command))}</td>
      </tr>
    `;
  }

  #remedy(remedy: FindingView['remedies'][number], index: number): TemplateResult {
    const { code, file, button } = remedy;
    return html`
      <li>
        <p>${remedy.text}</p>
        ${button === null ? nothing : html`<button class="button ${index === 0 ? 'primary' : 'secondary'}" @click=${() => void this.#act(index)}>${button}</button>`}
        ${code === null ? nothing : html`<div class="block remedy-code"><pre class="grow">${code.text}</pre>${iconButton('copy', t('Copy'), () => this.#copy(code.text))}</div>`}
        ${file === null ? nothing : link(t('Open {0}', file), () => void this.attempt(() => this.host.request('openFile', { index })))}
      </li>
    `;
  }

  #copy(text: string): void {
    void this.attempt(() => this.host.request('copy', { text, what: t('the command') }));
    this.say(t('Copied {0}', t('the command')));
  }

  async #act(index: number): Promise<void> {
    const acted = await this.attempt(() => this.host.request('remedy', { index }));
    if (!acted?.text) return;
    this.acted = acted;
    this.say(acted.text);
    await this.reload();
  }
}
