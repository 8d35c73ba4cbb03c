import { html, nothing, type TemplateResult } from 'lit';
import type { DocumentPart, ErrorView, FactView, FrameView, JobView, ValueView } from '../../protocol';
import { t } from '../kit/l10n';
import { icon, iconButton, link, text } from '../kit/parts';
import { python } from '../kit/python';
import type { JobPanel } from './job-panel';
import { valueRow } from './values';

export function details(view: JobView, panel: JobPanel): TemplateResult {
  return html`
    <div class="columns">
      <div class="main-column">
        ${view.problems.map(problem => html`<div class="banner warning" role="note"><span>${problem}</span></div>`)}
        ${view.error ? errorSection(view.error, panel) : nothing}
        ${argumentsSection(view, panel)}
        ${valueSection(t('Result'), 'result', view.result, panel)}
        ${view.meta ? valueSection(t('Meta'), 'meta', view.meta, panel) : nothing}
      </div>
      <aside class="side-column" aria-label=${t('Facts')}>
        <dl class="facts">${view.facts.map(fact)}</dl>
        <h2 class="side-head">${t('Read from')}</h2>
        <ul class="sources code">${view.sources.map(source => html`<li title=${source}>${source}</li>`)}</ul>
      </aside>
    </div>
  `;
}

const documentButtons = (part: DocumentPart, copied: string | null, what: string, panel: JobPanel) => html`
  <span class="grow"></span>
  ${copied === null ? nothing : iconButton('copy', t('Copy {0}', what), () => panel.copy(copied, what))}
  ${iconButton('go-to-file', t('Open {0} as document', what), () => void panel.attempt(() => panel.host.request('openDocument', { part })))}
`;

function errorSection(error: ErrorView, panel: JobPanel): TemplateResult {
  return html`
    <section class="section" aria-labelledby="error-head">
      <div class="section-head"><h2 id="error-head">${t('Error')}</h2>${documentButtons('traceback', error.traceback, t('the traceback'), panel)}</div>
      <p class="error-line"><strong>${error.type}</strong> ${error.message}</p>
      ${error.frames.length > 0 ? html`<div class="block frames">${folded(error.frames).map(group => frames(group, panel))}</div>` : html`<pre class="block">${error.traceback}</pre>`}
      ${error.note ? html`<p class="second">${error.note}</p>` : nothing}
    </section>
  `;
}

/** Runs of foreign frames become one group; each own frame stands alone. */
function folded(all: readonly FrameView[]): FrameView[][] {
  const groups: FrameView[][] = [];
  for (const frame of all) {
    const last = groups.at(-1);
    if (last && !frame.own && last[0] && !last[0].own) last.push(frame);
    else groups.push([frame]);
  }
  return groups;
}

function frames(group: readonly FrameView[], panel: JobPanel): TemplateResult {
  const [first] = group;
  if (!first) return html``;
  if (first.own) return frame(first, panel);
  const where = new Set(group.map(one => one.library)).size === 1 ? first.library : t('libraries');
  return html`
    <details class="foreign">
      <summary class="second">${group.length === 1 ? t('1 frame in {0}', where) : t('{0} frames in {1}', group.length, where)}</summary>
      ${group.map(one => frame(one, panel))}
    </details>
  `;
}

function frame(one: FrameView, panel: JobPanel): TemplateResult {
  const place = one.line === null ? one.place : `${one.place}:${one.line}`;
  const open = () => void panel.attempt(() => panel.host.request('openFrame', { file: one.file, line: one.line }));
  return html`
    <div class="frame">
      <div>
        ${one.opens ? link(place, open, one.file) : html`<span title=${one.file}>${place}</span>`}
        ${one.function === null ? nothing : html`<span class="second">${t('in')}</span> <span class="code">${one.function}</span>`}
      </div>
      ${one.source === null ? nothing : html`<pre class="source">${python(one.source)}</pre>`}
    </div>
  `;
}

function argumentsSection(view: JobView, panel: JobPanel): TemplateResult {
  const { arguments: call } = view;
  return html`
    <section class="section" aria-labelledby="arguments-head">
      <div class="section-head">
        <h2 id="arguments-head">${t('Arguments')}</h2>
        ${call.namesFrom ? html`<span class="second">${call.namesFrom}</span>` : nothing}
        ${call.unknown === null ? documentButtons('arguments', call.call, t('the call'), panel) : nothing}
      </div>
      ${
        call.unknown !== null
          ? html`<p class="second">${t('not recorded')}${call.unknown === '' ? '' : `: ${call.unknown}`}</p>`
          : call.problem !== null
            ? html`<p class="second">${icon('warning')} ${call.problem}</p>`
            : call.rows.length === 0
              ? html`<p class="second">${call.masked ? t('The arguments are hidden: the setting jobQueues.arguments says so.') : t('Called without arguments.')}</p>`
              : html`<div role="tree" aria-label=${t('Arguments')}>${call.rows.map(row => valueRow(row, panel))}</div>`
      }
    </section>
  `;
}

function valueSection(title: string, part: 'result' | 'meta', value: ValueView, panel: JobPanel): TemplateResult {
  const row = {
    part,
    path: '',
    name: value.type,
    type: value.type,
    text: value.text ?? '',
    childCount: value.childCount,
  };
  return html`
    <section class="section">
      <div class="section-head"><h2>${title}</h2>${value.text === null ? nothing : documentButtons(part, value.text, title, panel)}</div>
      ${
        value.text === null
          ? nothing
          : value.childCount > 0
            ? html`<div role="tree" aria-label=${title}>${valueRow(row, panel)}</div>`
            : html`<p class="code">${python(value.text)}</p>`
      }
      ${value.note === null ? nothing : html`<p class="second">${value.note}</p>`}
    </section>
  `;
}

function fact(one: FactView): TemplateResult {
  return html`
    <div class=${one.gap ? 'gap' : ''}>
      <dt>${one.name}</dt>
      <dd class=${one.dim ? 'second' : ''}>${text(one.value, one.code ? 'code' : '')} ${one.note === null ? nothing : html`<span class="second">${one.note}</span>`}</dd>
    </div>
  `;
}
