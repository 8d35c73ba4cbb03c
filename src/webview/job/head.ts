import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ActionView, JobView } from '../../protocol';
import { t } from '../kit/l10n';
import { actionButton, connectionName, icon, iconButton, productionLine, stateIcon, text } from '../kit/parts';
import type { JobPanel } from './job-panel';

/** Actions that keep a button of their own; the others stand in the menu. */
const BESIDE_PRIMARY = 'enqueue-copy';

export function head(view: JobView, panel: JobPanel): TemplateResult {
  const buttons = view.actions.filter(action => action.primary || action.id === BESIDE_PRIMARY);
  const rest = view.actions.filter(action => !buttons.includes(action));
  const { id } = view;
  return html`
    <header class="head">
      <div class="grow">
        <h1 tabindex="-1">${view.title}</h1>
        <p class="head-line">
          ${stateIcon(view.state)}<span class="state-${view.state}">${view.stateWord}</span>
          ${view.since ? text(view.since) : nothing}
          ${view.queue === null ? nothing : html`<span>${t('in {0}', view.queue)}</span>`}
          <span>${t('on')} ${connectionName(view.connection)}</span>
          ${
            id === null
              ? nothing
              : html`<span class="head-id"><span class="code second">${id}</span>${iconButton('copy', t('Copy id'), () => panel.copy(id, t('the id')))}</span>`
          }
        </p>
      </div>
      <div class="head-actions">
        ${repeat(
          buttons,
          // A button that has the focus never becomes another one under the finger.
          ({ id: action }) => action,
          action => actionButton(action, chosen => void panel.act(chosen)),
        )}
        ${rest.length > 0 ? moreMenu(rest, panel) : nothing}
      </div>
    </header>
    ${productionLine(view.connection)}
  `;
}

function moreMenu(actions: readonly ActionView[], panel: JobPanel): TemplateResult {
  const toggle = () => {
    panel.menu = !panel.menu;
    if (panel.menu) void panel.updateComplete.then(() => panel.querySelector<HTMLElement>('.menu button')?.focus());
  };
  const onKey = (event: KeyboardEvent) => {
    const items = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('button')];
    const at = items.indexOf(event.target as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    items[(at + step + items.length) % items.length]?.focus();
  };
  return html`
    <div class="menu-anchor">
      <button class="button secondary" aria-haspopup="menu" aria-expanded=${panel.menu} title=${t('More actions')} aria-label=${t('More actions')} @click=${toggle}>
        ${icon('ellipsis')}
      </button>
      ${
        panel.menu
          ? html`<div class="menu" role="menu" @keydown=${onKey}>
            ${actions.map(
              action => html`
                <button
                  role="menuitem"
                  aria-disabled=${action.unavailable !== null}
                  title=${action.unavailable ?? nothing}
                  @click=${() => action.unavailable === null && void panel.act(action)}
                >${icon(action.icon)} ${action.title}</button>
              `,
            )}
          </div>`
          : nothing
      }
    </div>
  `;
}
