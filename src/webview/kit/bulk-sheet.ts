import { html, nothing, type TemplateResult } from 'lit';
import type { BulkProgress, BulkReport, BulkView, FormValues, OutcomeCounts, PlanView } from '../../protocol';
import { field } from './form';
import { t } from './l10n';
import { connectionName, icon, jobRow, link, productionLine } from './parts';

/** What a sheet asks of whoever holds it: a tab of its own today, the jobs table beside it later. */
export interface SheetHandlers {
  start(): void;
  stop(): void;
  leave(): void;
  close(): void;
  undo(token: string): void;
  exportReport(): void;
  openJournal(): void;
  allowWriting(): void;
  set(name: string, value: string | boolean): void;
  readonly stopping: boolean;
  readonly values: FormValues;
}

/** Preview, progress and report of a bulk action, in one place: what was planned stays in sight while it runs. */
export function bulkSheet(view: BulkView, handlers: SheetHandlers): TemplateResult {
  const { plan, stage, report, progress } = view;
  const title =
    stage === 'preview' ? plan.title : stage === 'running' ? plan.runningTitle : (report?.text ?? plan.title);
  return html`
    <div class="sheet" role="dialog" aria-labelledby="sheet-title">
      <header>
        <h1 id="sheet-title" tabindex="-1">${title}</h1>
        <p class="second">${plan.where} · ${t('on')} ${connectionName(view.connection)}</p>
        ${productionLine(view.connection)}
      </header>
      ${stage === 'running' && progress ? running(progress) : nothing}
      ${stage === 'report' && report ? ended(report, plan) : nothing}
      <section class="section">
        <div class="section-head"><h2>${stage === 'report' ? t('What was planned') : t('What happens')}</h2></div>
        <p>${plan.detail}</p>
        ${counts(plan)}
        <p class="second">${plan.guarantee} ${plan.undo}</p>
        ${plan.cautions.map(caution => html`<p class="caution">${icon('warning')} ${caution}</p>`)}
      </section>
      ${
        plan.sample.length > 0
          ? html`<section class="section">
            <div class="section-head"><h2>${t('Sample')}</h2><span class="second">${plan.sampleOf}</span></div>
            ${plan.sample.map(row => jobRow(row, null))}
          </section>`
          : nothing
      }
      ${stage === 'preview' && plan.schema ? options(plan, handlers) : nothing}
      <footer class="foot">${buttons(view, handlers)}</footer>
    </div>
  `;
}

function counts(plan: PlanView): TemplateResult {
  return html`
    <table class="counts">
      <caption class="visually-hidden">${t('Counts by queue')}</caption>
      <tbody>
        ${plan.byQueue.map(row => html`<tr><td class="number">${row.count}</td><td>${t('from {0}', row.queue)}${row.note === null ? '' : `, ${row.note}`}</td></tr>`)}
        ${plan.leftOut.map(row => html`<tr class="second"><td class="number">${row.count}</td><td>${t('left out: {0}', row.reason)}</td></tr>`)}
      </tbody>
    </table>
  `;
}

function options(plan: PlanView, handlers: SheetHandlers): TemplateResult {
  const { schema } = plan;
  if (!schema) return html``;
  const form = { schema, values: handlers.values, problems: {}, lists: {}, set: handlers.set };
  return html`<section class="section"><div class="section-head"><h2>${t('Options')}</h2></div>${Object.keys(schema.properties).map(name => field(name, form))}</section>`;
}

function running(progress: BulkProgress): TemplateResult {
  return html`
    <div class="progress">
      <div class="progress-line"><strong>${progress.text}</strong><span class="second">${progress.rate}</span></div>
      <progress max=${Math.max(progress.total, 1)} value=${progress.done} aria-label=${progress.text}></progress>
      ${tally(progress.counts)}
    </div>
  `;
}

function tally(all: OutcomeCounts): TemplateResult {
  const words: readonly (readonly [string, number])[] = [
    [t('Done'), all.done],
    [t('Already gone'), all.gone],
    [t('Refused'), all.refused],
    [t('Failed'), all.failed],
    ...(all.unknown > 0 ? [[t('Unknown'), all.unknown] as const] : []),
  ];
  return html`<div class="tally">${words.map(([word, n]) => html`<span>${word} <strong>${n.toLocaleString()}</strong></span>`)}</div>`;
}

function ended(report: BulkReport, plan: PlanView): TemplateResult {
  const { done, gone, refused, failed, unknown } = report.counts;
  const more = done + gone + refused + failed + unknown - plan.total;
  return html`
    ${report.failure === null ? nothing : html`<div class="banner error" role="alert"><span>${report.failure}</span></div>`}
    ${report.stopped ? html`<div class="banner warning" role="note"><span>${t('Stopped before the end. What was done stays done; the rest is where it was.')}</span></div>` : nothing}
    ${tally(report.counts)}
    ${more > 0 ? html`<p class="second">${more === 1 ? t('1 more than was planned: it came meanwhile.') : t('{0} more than were planned: they came meanwhile.', more.toLocaleString())}</p>` : nothing}
    ${
      report.rest.length === 0
        ? nothing
        : html`<section class="section">
          <div class="section-head"><h2>${t('Not done')}</h2></div>
          <table>
            <thead class="visually-hidden"><tr><th>${t('Id')}</th><th>${t('Outcome')}</th><th>${t('Reason')}</th></tr></thead>
            <tbody>${report.rest.map(row => html`<tr><td class="code">${row.id}</td><td>${row.outcome}</td><td class="second">${row.reason}</td></tr>`)}</tbody>
          </table>
        </section>`
    }
  `;
}

function buttons(view: BulkView, handlers: SheetHandlers): TemplateResult {
  const { plan, stage, report } = view;
  if (stage === 'running') {
    return html`
      <button class="button secondary" aria-disabled=${handlers.stopping} @click=${() => handlers.stop()}>${icon('debug-stop')}${handlers.stopping ? t('Stopping…') : t('Stop after this step')}</button>
      <button class="button secondary" @click=${() => handlers.leave()}>${t('Leave it running')}</button>
      <span class="grow"></span><span class="second">${plan.undo}</span>
    `;
  }
  if (stage === 'report' && report) {
    const { undo } = report;
    return html`
      ${undo ? html`<button class="button secondary" @click=${() => handlers.undo(undo)}>${t('Undo')}</button>` : nothing}
      <button class="button secondary" @click=${() => handlers.exportReport()}>${t('Export report')}</button>
      ${link(t('Open journal'), () => handlers.openJournal())}
      <span class="grow"></span><span class="second">${report.notUndoable ?? ''}</span>
      <button class="button secondary" @click=${() => handlers.close()}>${t('Close')}</button>
    `;
  }
  return html`
    <button class="button primary" aria-disabled=${plan.total === 0} @click=${() => plan.total > 0 && handlers.start()}>${plan.button}</button>
    <button class="button secondary" @click=${() => handlers.close()}>${t('Cancel')}</button>
    ${view.connection.writable ? nothing : html`<span class="grow"></span>${link(t('Allow writing…'), () => handlers.allowWriting())}`}
  `;
}
