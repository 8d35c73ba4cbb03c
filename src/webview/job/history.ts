import { html, nothing, svg, type TemplateResult } from 'lit';
import type { EventView, JobView } from '../../protocol';
import { t } from '../kit/l10n';
import { icon, jobRow, text } from '../kit/parts';
import type { JobPanel } from './job-panel';

export function history(view: JobView, panel: JobPanel): TemplateResult {
  const past = view.history;
  return html`
    <div class="columns">
      <section class="main-column" aria-labelledby="timeline-head">
        <div class="section-head"><h2 id="timeline-head">${t('Timeline')}</h2><span class="second">${past.head}</span></div>
        <ol class="timeline">${past.events.map(event)}</ol>
        ${past.notes.map(note => html`<p class="second note">${icon('info')} ${note}</p>`)}
      </section>
      <aside class="side-column" aria-labelledby="relations-head">
        <h2 id="relations-head" class="side-head">${t('Relations')}</h2>
        ${past.relations.length === 0 && past.relationNotes.length === 0 ? html`<p class="second">${t('This {0} depends on nothing, and nothing waits for it.', view.noun)}</p>` : nothing}
        ${past.relations.map(
          relation => html`
            <h3 class="second relation-kind">${relation.title}</h3>
            ${relation.jobs.map(job => jobRow(job, ref => panel.openJob(ref)))}
          `,
        )}
        ${past.relationNotes.map(note => html`<p class="second note">${note}</p>`)}
      </aside>
    </div>
  `;
}

function event(one: EventView): TemplateResult {
  return html`
    <li class="event">
      ${text(one.at, 'event-time second')}
      ${icon(one.icon, one.failed ? 'state-failed' : '')}
      <span class="event-words"><span>${one.title}</span> ${one.detail === null ? nothing : html`<span class="second">${one.detail}</span>`}</span>
      ${one.bar ? bar(one.bar) : html`<span class="event-bar"></span>`}
    </li>
  `;
}

/** One bar on the axis that all events share: solid while it ran, dashed while it waited. */
function bar(one: NonNullable<EventView['bar']>): TemplateResult {
  const from = one.from * 1000;
  const width = Math.max((one.to - one.from) * 1000, 4);
  const shape =
    one.kind === 'run' || one.kind === 'failed'
      ? svg`<rect class="bar-${one.kind}" x=${from} y="2" width=${width} height="8" />`
      : svg`<line class="bar-${one.kind}" x1=${from} x2=${from + width} y1="6" y2="6" />`;
  return html`<span class="event-bar" title=${one.label}><svg viewBox="0 0 1004 12" preserveAspectRatio="none" role="img" aria-label=${one.label}>${shape}</svg></span>`;
}
