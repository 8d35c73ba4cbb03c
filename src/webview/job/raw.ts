import { html, nothing, type TemplateResult } from 'lit';
import type { JobView, RawView } from '../../protocol';
import { t } from '../kit/l10n';
import { iconButton } from '../kit/parts';
import type { JobPanel } from './job-panel';

/** Every key that was read, as it stands on the broker. */
export function raw(view: JobView, panel: JobPanel): TemplateResult {
  if (view.raw.length === 0)
    return html`<p class="second section">${t('No key of this {0} is left on the broker.', view.noun)}</p>`;
  return html`${view.raw.map(part => key(part, panel))}`;
}

/** What the page's tab says: keys of a Redis, or messages of a RabbitMQ. */
export function rawNote(parts: readonly RawView[]): string {
  const [first] = parts;
  if (first?.type === 'message' && parts.length === 1) return t('1 message');
  return parts.length === 1 ? t('1 key') : t('{0} keys', parts.length);
}

function key(part: RawView, panel: JobPanel): TemplateResult {
  const { command } = part;
  return html`
    <section class="section">
      <div class="section-head">
        <h2 class="code">${part.name}</h2>
        <span class="second">${part.ttl === '' ? part.type : `${part.type} · ${part.ttl}`}</span>
        <span class="grow"></span>
        ${iconButton('copy', t('Copy the name of the key'), () => panel.copy(part.name, t('the name of the key')))}
      </div>
      ${
        command === null
          ? nothing
          : html`<p class="see-it second">${t('See it yourself')} <code>${command}</code>${iconButton('copy', t('Copy the command'), () => panel.copy(command, t('the command')))}</p>`
      }
      <div class="block">${part.entries.map(entry => field(entry, panel))}</div>
    </section>
  `;
}

function field(entry: RawView['entries'][number], panel: JobPanel): TemplateResult {
  const short = entry.text !== null && entry.text.length <= 120 && !entry.text.includes('\n');
  if (short) {
    return html`<div class="raw-field"><span class="raw-name code">${entry.name}</span>${
      entry.text === ''
        ? html`<span class="second">${t('empty')}</span>`
        : html`<span class="code">${entry.text}</span>`
    }</div>`;
  }
  return html`
    <details class="raw-field">
      <summary>
        <span class="raw-name code">${entry.name}</span>
        <span class="second">${entry.size}${entry.decoded === null ? '' : ` · ${entry.decoded}`}${entry.shown === null ? '' : ` · ${t('the first {0} are shown', entry.shown)}`}</span>
      </summary>
      ${entry.text === null ? nothing : html`<pre>${entry.text}</pre>`}
      <pre class="hex" tabindex="0" aria-label=${t('Bytes of {0}', entry.name)}>${entry.hex}</pre>
      ${iconButton('copy', t('Copy the bytes'), () => panel.copy(entry.hex, t('the bytes')))}
    </details>
  `;
}
