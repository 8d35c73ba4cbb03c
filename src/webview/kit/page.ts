import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Failure, PageContract } from '../../protocol';
import { Host, RequestFailure } from './host';
import { t } from './l10n';
import { failureView } from './parts';

/**
 * What every page does: asks for its view when it opens, when it comes back into sight and when the host hints at a
 * change; shows a failure in the view's place; says changes to a screen reader, at most one every two seconds.
 * Rendered into the document itself, so that VS Code's icon font and one style sheet serve all of it.
 */
export abstract class Page<C extends PageContract, View> extends LitElement {
  static override properties = { view: { state: true }, failure: { state: true }, slow: { state: true } };

  declare view: View | undefined;
  declare failure: Failure | undefined;
  declare slow: boolean;
  readonly host = new Host<C>();
  /** The failure is of something that was asked for: it stays until the person has seen it. */
  #asked = false;
  #loading: AbortController | undefined;
  #said = 0;

  constructor() {
    super();
    this.slow = false;
  }

  protected abstract load(signal: AbortSignal): Promise<View>;
  protected abstract content(view: View): TemplateResult;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const panel = document.querySelector<HTMLMetaElement>('meta[name="job-queues-panel"]')?.content;
    // VS Code gives this state back to the host when the window is loaded again.
    if (panel) this.host.remember({ panel: JSON.parse(panel) });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.reload();
    });
    void this.reload();
  }

  /** A later reload replaces an earlier one that has not answered. */
  async reload(): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const skeleton = setTimeout(() => {
      this.slow = this.view === undefined;
    }, 300);
    try {
      this.view = await this.load(loading.signal);
      if (!this.#asked) this.failure = undefined;
    } catch (thrown) {
      if (!loading.signal.aborted) {
        this.#asked = false;
        this.fail(thrown);
      }
    } finally {
      clearTimeout(skeleton);
      this.slow = false;
    }
  }

  /** Shows what went wrong; what is on the page stays. */
  fail(thrown: unknown): void {
    this.failure =
      thrown instanceof RequestFailure
        ? thrown.failure
        : { code: 'internal', message: String(thrown), tried: '', answer: '', remedy: t('Try again.') };
  }

  /** Runs what a click asked for; a failure shows above the content. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#dismiss();
      return result;
    } catch (thrown) {
      this.#asked = true;
      this.fail(thrown);
      return undefined;
    }
  }

  /** What had the focus may leave, as a button does that cannot be used any more; then the page's title has it. */
  protected override update(changed: PropertyValues): void {
    const focused = this.contains(document.activeElement);
    super.update(changed);
    if (focused && !this.contains(document.activeElement)) this.querySelector('h1')?.focus();
  }

  #dismiss(): void {
    this.#asked = false;
    this.failure = undefined;
  }

  /** Says it once, politely. */
  say(text: string): void {
    const wait = Math.max(0, this.#said + 2000 - Date.now());
    this.#said = Date.now() + wait;
    setTimeout(() => {
      const region = this.querySelector('.live-region');
      if (region) region.textContent = text;
    }, wait);
  }

  protected override render(): TemplateResult {
    const { view, failure } = this;
    return html`
      <div class="live-region visually-hidden" role="status" aria-live="polite"></div>
      ${failure ? failureView(failure, this.#asked ? { dismiss: () => this.#dismiss() } : { again: () => void this.reload() }) : nothing}
      ${view === undefined ? (this.slow ? skeleton() : nothing) : this.content(view)}
    `;
  }
}

const skeleton = () => html`
  <div class="skeleton" aria-hidden="true">${Array.from({ length: 6 }, () => html`<div class="skeleton-row"></div>`)}</div>
  <div class="visually-hidden" role="status">${t('Reading…')}</div>
`;

/** Puts the page's element into the document. */
export function mount(name: string, element: CustomElementConstructor): void {
  customElements.define(name, element);
  document.body.append(document.createElement(name));
}
