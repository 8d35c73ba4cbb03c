import { html, nothing, type TemplateResult } from 'lit';
import type { CheckView, EnqueuedView, EnqueuePage, EnqueueView, FormValues } from '../../protocol';
import { type FormContext, field } from '../kit/form';
import { t } from '../kit/l10n';
import { Page } from '../kit/page';
import { connectionName, icon, link, productionLine } from '../kit/parts';
import { python } from '../kit/python';

const NOTHING_CHECKED: CheckView = { problems: {}, cautions: [], call: null, size: null, python: null };

/** A form made from the declared schema of the action; checked by the host while a person types. */
export class EnqueueForm extends Page<EnqueuePage, EnqueueView> {
  static override properties = {
    ...Page.properties,
    values: { state: true },
    check: { state: true },
    sent: { state: true },
    busy: { state: true },
    touched: { state: true },
  };

  declare values: FormValues;
  declare check: CheckView;
  declare sent: EnqueuedView | undefined;
  declare busy: boolean;
  /** Fields that were typed in: a problem shows there, or everywhere once the person tried to enqueue. */
  declare touched: ReadonlySet<string>;
  #checking: AbortController | undefined;
  #focused = false;

  constructor() {
    super();
    this.check = NOTHING_CHECKED;
    this.busy = false;
    this.touched = new Set();
    this.values = {};
    this.host.on('changed', () => void this.reload());
    document.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.#submit();
    });
  }

  protected override async load(signal: AbortSignal): Promise<EnqueueView> {
    const view = await this.host.request('load', null, signal);
    const kept = this.host.remembered() as { values?: FormValues } | undefined;
    this.values = { ...view.values, ...kept?.values, ...this.values };
    void this.#check();
    return view;
  }

  protected override updated(): void {
    if (this.#focused || this.view === undefined) return;
    this.#focused = true;
    // What says when, and the options, are mostly left empty.
    const empty = [...this.querySelectorAll<HTMLInputElement>('main > .field :is(input, textarea)')].find(
      one => one.value === '',
    );
    (empty ?? this.querySelector<HTMLElement>('h1'))?.focus();
  }

  protected override content(view: EnqueueView): TemplateResult {
    const { properties } = view.schema;
    const names = Object.keys(properties);
    const inGroup = (group: string | undefined) => names.filter(name => properties[name]?.group === group);
    const options = inGroup('options');
    const form = this.#form(view);
    const wrongOption = options.some(name => form.problems[name] !== undefined);
    return html`
      <main class="page form-page">
        <h1 tabindex="-1">${view.title}</h1>
        <p class="second">${view.source}</p>
        ${productionLine(view.connection)}
        ${inGroup(undefined).map(name => html`${field(name, form)}${name === 'queue' ? this.#queueNote(view) : nothing}`)}
        ${inGroup('when').length > 0 ? html`<h2 class="section">${t('When')}</h2><div class="pair">${inGroup('when').map(name => field(name, form))}</div>` : nothing}
        ${options.length > 0 ? html`<details class="section options" ?open=${wrongOption}><summary>${t('Options')} <span class="second">${this.#optionsNote(options)}</span></summary>${options.map(name => field(name, form))}</details>` : nothing}
        <section class="section">
          <div class="section-head"><h2>${t('What will run')}</h2></div>
          <pre class="block">${this.check.call === null ? html`<span class="second">${t('The call shows here once it can be written.')}</span>` : python(this.check.call)}</pre>
          ${this.check.size === null ? nothing : html`<p class="second">${this.check.size}</p>`}
          ${this.check.cautions.map(caution => html`<p class="caution">${icon('warning')} ${caution}</p>`)}
        </section>
        <footer class="foot">
          <button class="button primary" aria-disabled=${!this.#ready} @click=${() => void this.#submit()}>${this.busy ? t('Enqueuing…') : t('Enqueue')}</button>
          <button class="button secondary" aria-disabled=${this.check.python === null} @click=${() => this.#copy()}>${t('Copy as Python')}</button>
          <span class="grow"></span>
          <span class="second">${t('to {0} on', String(this.values['queue'] ?? ''))} ${connectionName(view.connection)}</span>
        </footer>
        ${this.sent?.text ? this.#done(this.sent) : nothing}
      </main>
    `;
  }

  get #ready(): boolean {
    return !this.busy && this.check.call !== null && Object.keys(this.check.problems).length === 0;
  }

  #form(view: EnqueueView): FormContext {
    const shown = Object.entries(this.check.problems).filter(([name]) => this.touched.has(name));
    return {
      schema: view.schema,
      values: this.values,
      problems: Object.fromEntries(shown),
      lists: { queue: view.queues.map(queue => queue.name), task: view.tasks },
      set: (name, value) => {
        this.values = { ...this.values, [name]: value };
        this.touched = new Set([...this.touched, name]);
        this.host.remember({ values: this.values });
        void this.#check();
      },
    };
  }

  #queueNote(view: EnqueueView): TemplateResult | typeof nothing {
    const queue = view.queues.find(one => one.name === this.values['queue']);
    return queue ? html`<p class="second queue-note">${queue.note}</p>` : nothing;
  }

  #optionsNote(names: readonly string[]): string {
    const set = names.filter(name => ![undefined, null, '', false].includes(this.values[name] as never));
    return set.map(name => `${name} ${String(this.values[name])}`).join(' · ');
  }

  async #check(): Promise<void> {
    this.#checking?.abort();
    const checking = new AbortController();
    this.#checking = checking;
    try {
      this.check = await this.host.request('check', { values: this.values }, checking.signal);
    } catch (thrown) {
      if (!checking.signal.aborted) this.fail(thrown);
    }
  }

  async #submit(): Promise<void> {
    if (!this.#ready) {
      this.touched = new Set(Object.keys(this.check.problems));
      await this.updateComplete;
      this.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    this.busy = true;
    this.sent = undefined;
    const sent = await this.attempt(() => this.host.request('submit', { values: this.values }));
    this.busy = false;
    this.sent = sent;
    if (sent?.text) this.say(sent.text);
  }

  #copy(): void {
    const { python: text } = this.check;
    if (text === null) return;
    void this.attempt(() => this.host.request('copy', { text, what: t('the call') }));
    this.say(t('Copied {0}', t('the call')));
  }

  #done(sent: EnqueuedView): TemplateResult {
    const { ref, undo } = sent;
    return html`
      <div class="banner info" role="note">
        <span>${icon('check')} ${sent.text}</span>
        ${ref ? link(t('Open'), () => void this.attempt(() => this.host.request('openJob', { ref }))) : nothing}
        ${undo ? link(t('Undo'), () => void this.#undo(undo)) : nothing}
      </div>
    `;
  }

  async #undo(token: string): Promise<void> {
    const undone = await this.attempt(() => this.host.request('undo', { token }));
    if (undone?.text) this.sent = { text: undone.text, ref: null, undo: null };
  }
}
