import { html, nothing, type TemplateResult } from 'lit';
import type { ValuePart } from '../../protocol';
import { t } from '../kit/l10n';
import { icon, link } from '../kit/parts';
import { python } from '../kit/python';
import type { JobPanel } from './job-panel';

export interface ValueRow {
  readonly part: ValuePart;
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly childCount: number;
}

/** A row of name and value; what has parts unfolds, one level at a time. */
export function valueRow(row: ValueRow, panel: JobPanel, level = 1): TemplateResult {
  const { part, path } = row;
  const children = panel.unfolding.children(part, path);
  const toggle = () => void panel.attempt(() => panel.unfolding.toggle(part, path));
  const more = () => void panel.attempt(() => panel.unfolding.more(part, path));
  return html`
    <div class="value-row level-${Math.min(level, 8)}" role="treeitem" aria-level=${level} aria-expanded=${row.childCount > 0 ? children !== undefined : nothing}>
      ${
        row.childCount > 0
          ? html`<button class="icon-button twisty" aria-label=${t('Unfold {0}', row.name)} @click=${toggle}>${icon(children ? 'chevron-down' : 'chevron-right')}</button>`
          : html`<span class="twisty"></span>`
      }
      <span class="value-name code" title=${row.type}>${row.name}</span>
      <span class="value-text code ${children ? 'open' : ''}">${python(row.text)}</span>
    </div>
    ${
      children
        ? html`<div role="group">
          ${children.map(child => valueRow({ part, path: child.path, name: child.label, type: child.type, text: child.text, childCount: child.childCount }, panel, level + 1))}
          ${children.length < row.childCount ? html`<div class="value-row level-${Math.min(level + 1, 8)}">${link(t('Show 100 more, {0} of {1} shown', children.length, row.childCount), more)}</div>` : nothing}
        </div>`
        : nothing
    }
  `;
}
