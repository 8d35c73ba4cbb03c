import { html, nothing, type TemplateResult } from 'lit';
import type { State } from '../../model';
import type { ActionView, BannerView, ConnectionView, Failure, JobRowView, Text } from '../../protocol';
import { t } from './l10n';

const STATE_ICONS: Readonly<Record<State, string>> = {
  waiting: 'circle-large-outline',
  scheduled: 'calendar',
  deferred: 'git-commit',
  running: 'play-circle',
  taken: 'target',
  failed: 'error',
  finished: 'pass',
  canceled: 'circle-slash',
  dead: 'archive',
};

/** An icon of VS Code's own font. Always beside a word, so it is hidden from screen readers. */
export const icon = (name: string, extra = ''): TemplateResult =>
  html`<i class="codicon codicon-${name} ${extra}" aria-hidden="true"></i>`;

export const stateIcon = (state: State): TemplateResult => icon(STATE_ICONS[state], `state-${state}`);

export const text = (value: Text, extra = ''): TemplateResult =>
  html`<span class=${extra} title=${value.title ?? nothing}>${value.text}</span>`;

export const iconButton = (name: string, label: string, onClick: () => void): TemplateResult => html`
  <button class="icon-button" title=${label} aria-label=${label} @click=${onClick}>${icon(name)}</button>
`;

export const link = (label: unknown, onClick: () => void, title?: string): TemplateResult => html`
  <button class="link" title=${title ?? nothing} @click=${onClick}>${label}</button>
`;

export function actionButton(action: ActionView, onClick: (action: ActionView) => void): TemplateResult {
  const disabled = action.unavailable !== null;
  return html`
    <button
      class="button ${action.primary ? 'primary' : 'secondary'}"
      aria-disabled=${disabled}
      title=${action.unavailable ?? nothing}
      @click=${() => !disabled && onClick(action)}
    >${action.primary ? icon(action.icon) : nothing}${action.title}</button>
  `;
}

export function banner(
  view: BannerView,
  onDoor: (method: NonNullable<BannerView['door']>['method']) => void,
): TemplateResult {
  const { door } = view;
  return html`
    <div class="banner ${view.kind}" role=${view.kind === 'error' ? 'alert' : 'note'}>
      <span><strong>${view.text}</strong> ${view.detail ?? ''}</span>
      ${door ? html`<button class="button secondary" @click=${() => onDoor(door.method)}>${door.label}</button>` : nothing}
    </div>
  `;
}

/** The orange line of production, under the head of a page. */
export const productionLine = (connection: ConnectionView): TemplateResult | typeof nothing =>
  connection.production ? html`<div class="production-line" aria-hidden="true"></div>` : nothing;

export const connectionName = (connection: ConnectionView): TemplateResult => html`
  <span class=${connection.production ? 'production' : ''}>${connection.name}</span>
  ${connection.writable || connection.access.text === '' ? nothing : html`<span class="access" title=${connection.access.title ?? nothing}>${icon('lock')}${connection.access.text}</span>`}
`;

/** What a failure can be answered with: reading the page again, or having seen it. */
export type FailureDoor = { readonly again: () => void } | { readonly dismiss: () => void };

/** What was tried, what came back, what to do. */
export const failureView = (failure: Failure, door: FailureDoor): TemplateResult => html`
  <div class="banner error" role="alert">
    <span>
      <strong>${failure.message}</strong>
      ${failure.remedy}
      ${failure.tried && failure.answer ? html`<span class="second">${t('Tried: {0}. Answer: {1}.', failure.tried, failure.answer)}</span>` : nothing}
    </span>
    ${
      'again' in door
        ? html`<button class="button secondary" @click=${door.again}>${t('Try again')}</button>`
        : iconButton('close', t('Dismiss'), door.dismiss)
    }
  </div>
`;

export function jobRow(row: JobRowView, onOpen: ((ref: string) => void) | null): TemplateResult {
  const body = html`
    ${stateIcon(row.state)}
    <span class="job-task">${row.task}</span>
    <span class="job-args code">${row.args}</span>
    ${row.when ? text(row.when, 'second') : nothing}
    <span class="second job-note">${row.note ?? row.stateWord}</span>
  `;
  const { ref } = row;
  return onOpen && ref
    ? html`<button class="job-row" @click=${() => onOpen(ref)}>${body}</button>`
    : html`<div class="job-row">${body}</div>`;
}
