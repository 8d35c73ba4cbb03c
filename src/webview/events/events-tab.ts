import { html, nothing, type TemplateResult } from 'lit';
import type { EventsPage, EventsView, FollowedEventView } from '../../protocol';
import { t } from '../kit/l10n';
import { Page } from '../kit/page';
import { connectionName, icon, link, productionLine, stateIcon, text } from '../kit/parts';

/** Rows that are kept and shown; older ones have passed by. */
const SHOWN = 500;
/** End of the kinds that only say that somebody lives. */
const HEARTBEAT = 'heartbeat';
/** Milliseconds between two times that the rate is said to a screen reader. */
const SAID_EVERY_MS = 15_000;

/** What workers and producers tell, newest first, while it is followed. */
export class EventsTab extends Page<EventsPage, EventsView> {
  static override properties = { ...Page.properties, filter: { state: true } };

  declare filter: string;
  /** Newest first. */
  #events: readonly FollowedEventView[] = [];
  #stopped: string | null = null;
  #saidAt = 0;
  #asking = false;
  #again = false;

  constructor() {
    super();
    this.filter = '';
    this.host.on('changed', () => void this.#follow());
  }

  /** One question at a time: at a thousand events a second each answer holds many. */
  async #follow(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      await this.reload();
    } finally {
      this.#asking = false;
    }
    if (!this.#again) return;
    this.#again = false;
    void this.#follow();
  }

  protected override async load(signal: AbortSignal): Promise<EventsView> {
    const after = this.#events[0]?.number ?? -1;
    const view = await this.host.request('load', { after }, signal);
    // Cleared, or another connection's: what is here has nothing to do with it.
    const kept = view.newest < after ? [] : this.#events;
    this.#events = [...view.events, ...kept].slice(0, SHOWN);
    if (view.stopped !== null && view.stopped !== this.#stopped) this.say(view.stopped);
    else if (view.on && Date.now() - this.#saidAt > SAID_EVERY_MS) {
      this.#saidAt = Date.now();
      this.say(view.rate);
    }
    this.#stopped = view.stopped;
    return view;
  }

  protected override content(view: EventsView): TemplateResult {
    const rows = this.#matching();
    return html`
      ${productionLine(view.connection)}
      <main class="page">
        <header class="section-head">
          <h1 tabindex="-1">${t('Task events')}</h1>
          <span class="grow second">${connectionName(view.connection)} · ${view.rate}</span>
          ${
            view.on
              ? html`<button class="button secondary" @click=${() => void this.#switch(false)}>${t('Stop')}</button>`
              : html`<button class="button primary" aria-disabled=${!view.canFollow} @click=${() => view.canFollow && void this.#switch(true)}>${t('Follow')}</button>`
          }
          <button class="button secondary" aria-disabled=${this.#events.length === 0} @click=${() => void this.#clear()}>${t('Clear')}</button>
        </header>
        ${view.stopped === null ? nothing : html`<div class="banner warning" role="note"><span><strong>${view.stopped}</strong> ${t('Follow again when there is less to hear.')}</span></div>`}
        ${
          view.need === null
            ? nothing
            : html`<div class="banner info" role="note"><span>${view.need.text}</span>${
                view.need.button === null
                  ? nothing
                  : html`<button class="button secondary" @click=${() => void this.attempt(() => this.host.request('enable', null))}>${view.need.button}</button>`
              }</div>`
        }
        <div class="filter">
          <input
            class="grow"
            type="search"
            aria-label=${t('Filter events')}
            placeholder=${t('Filter by kind, task, id, worker or text')}
            .value=${this.filter}
            @input=${(event: Event) => {
              this.filter = (event.target as HTMLInputElement).value;
            }}
          />
          ${this.filter === '' ? nothing : html`<span class="second">${t('{0} of {1}', rows.length, this.#events.length)}</span>`}
        </div>
        ${view.kinds.length === 0 ? nothing : html`<p class="second kinds">${view.kinds.join(' · ')}${view.kinds.some(kind => kind.endsWith(HEARTBEAT)) ? ` · ${t('heartbeats are listed when the filter names them')}` : ''}</p>`}
        ${this.#table(view, rows)}
      </main>
    `;
  }

  #table(view: EventsView, rows: readonly FollowedEventView[]): TemplateResult {
    if (rows.length === 0) {
      const words =
        this.#events.length > 0 && this.filter.trim() !== ''
          ? t('No event matches the filter.')
          : view.on
            ? t('No event of a task yet.')
            : t('No events.');
      return html`<p class="section">${words}</p>`;
    }
    return html`
      <table class="events">
        <thead><tr><th>${t('Time')}</th><th>${t('Event')}</th><th>${t('Task')}</th><th>${t('Worker')}</th><th>${t('What')}</th></tr></thead>
        <tbody>${rows.map(row => this.#row(row))}</tbody>
      </table>
    `;
  }

  #row(row: FollowedEventView): TemplateResult {
    const task = html`<strong>${row.task}</strong> <span class="code second">${row.id}</span>`;
    return html`
      <tr>
        <td class="second time">${text(row.at)}</td>
        <td class="kind">${row.state === null ? icon('circle-small') : stateIcon(row.state)} ${row.kind}</td>
        <td>${row.id === '' ? nothing : link(task, () => void this.#open(row.number), t('Open {0}', row.id))}</td>
        <td class="second">${row.worker}</td>
        <td class="what">${row.text}</td>
      </tr>
    `;
  }

  #matching(): readonly FollowedEventView[] {
    const wanted = this.filter.trim().toLowerCase();
    // Each worker sends one every two seconds; they are counted, and listed for who asks for them.
    if (wanted === '') return this.#events.filter(({ kind }) => !kind.endsWith(HEARTBEAT));
    return this.#events.filter(({ kind, task, id, worker, queue, text: line }) =>
      [kind, task, id, worker, queue, line].some(part => part.toLowerCase().includes(wanted)),
    );
  }

  async #open(number: number): Promise<void> {
    await this.attempt(() => this.host.request('open', { number }));
  }

  async #switch(on: boolean): Promise<void> {
    await this.attempt(() => this.host.request('follow', { on }));
    await this.#follow();
  }

  async #clear(): Promise<void> {
    await this.attempt(() => this.host.request('clear', null));
    this.#events = [];
    await this.#follow();
  }
}
