/** A plan, its progress and its report as the bulk sheet shows them. */
import { t } from '@vscode/l10n';
import type { PerformProgress, PlanWords, Receipt } from '../../../inspector/api';
import {
  formatNumber,
  formatRate,
  formatSize,
  formatSpan,
  joined,
  oneLine,
  shortId,
  stateWord,
} from '../../../inspector/present/format';
import type { Installation, JobRow, Outcome, Plan } from '../../../model';
import type { BulkProgress, BulkReport, JobRowView, PlanView } from '../../../protocol';
import { detailWithoutUndo, undoSentence } from '../../acting/confirm';
import { outcomeText, receiptText } from '../../acting/receipt';
import { argumentsText, jobLabel } from '../../tree/model/jobs';
import { stateTimeText } from '../../tree/model/times';
import type { World } from '../../tree/model/world';

export function planView(plan: Plan, words: PlanWords, installation: Installation, world: World): PlanView {
  const n = (count: number) => formatNumber(count, world.locale);
  const ask = words.ask.replace(/\?$/, '');
  return {
    title: words.ask,
    runningTitle: ask,
    where: placeText(installation),
    detail: detailWithoutUndo(plan, words),
    button: words.button,
    destroys: plan.action.effect === 'destroys',
    total: plan.total,
    byQueue: plan.byQueue.map(({ queue, count, note }) => ({ queue: oneLine(queue), count: n(count), note })),
    leftOut: plan.leftOut.map(({ reason, count }) => ({ count: n(count), reason })),
    guarantee: guaranteeText(plan, installation.system.facts.noun.one),
    undo:
      plan.undoable && plan.savedBytes > 0
        ? `${undoSentence(plan)} ${t('{0} will be kept.', formatSize(plan.savedBytes))}`
        : undoSentence(plan),
    sample: plan.sample.map(job => jobRowView(job, installation, world)),
    sampleOf: t('{0} of {1}', n(plan.sample.length), n(jobCount(plan))),
    cautions: [plan.action.caution ?? '', ...plan.cautions].filter(caution => caution !== ''),
    schema: plan.action.asks === 'values' ? (plan.action.parameters ?? null) : null,
    values: formValues(plan.parameters),
  };
}

/** The system, with its key prefix where it is not the default; the connection stands beside it. */
function placeText({ system, key }: Installation): string {
  return key === '' ? system.title : `${system.title} ${key}`;
}

/** The jobs that it touches: the total of deleting a queue counts the queue too. */
function jobCount({ byQueue, total }: Plan): number {
  return byQueue.length === 0 ? total : byQueue.reduce((sum, { count }) => sum + count, 0);
}

/** What holds while it runs: of several jobs, that each one's step is whole. */
function guaranteeText(plan: Plan, noun: string): string {
  const { action } = plan;
  if (action.guarantee.kind !== 'atomic' || jobCount(plan) < 2) return action.guarantee.words;
  return action.effect === 'destroys'
    ? t('Each {0} is removed in one step. If you stop, the others stay where they are.', noun)
    : t('Each {0} moves in one step. If you stop, every {0} is in exactly one place.', noun);
}

/** A job as one line of a page. */
export function jobRowView(job: JobRow, { system }: Installation, world: World): JobRowView {
  const when = stateTimeText(job, job.state, world);
  return {
    ref: job.ref,
    id: job.id === null ? null : shortId(job.id),
    task: jobLabel(job),
    state: job.state,
    stateWord: stateWord(job, system.facts),
    args: argumentsText(job, world),
    when: when === '' ? null : { text: when },
    note: job.error === null ? null : oneLine(`${job.error.type}: ${job.error.message}`),
  };
}

export function progressView(progress: PerformProgress, locale: string): BulkProgress {
  const left = progress.secondsLeft === null ? '' : t('{0} left', formatSpan(progress.secondsLeft * 1000));
  return {
    done: progress.done,
    total: progress.total,
    text: t('{0} of {1}', formatNumber(progress.done, locale), formatNumber(progress.total, locale)),
    rate: joined(formatRate(progress.perSecond, locale), left),
    counts: progress.counts,
  };
}

export function reportView(receipt: Receipt): BulkReport {
  return {
    text: receipt.counts.done === 0 ? receiptText(receipt) : receipt.text,
    stopped: receipt.stopped,
    counts: receipt.counts,
    rest: receipt.items
      .filter(({ outcome }) => outcome !== 'done')
      .slice(0, LISTED)
      .map(({ id, outcome, reason }) => ({ id: id ?? '', outcome: outcomeWord(outcome), reason: reason ?? '' })),
    undo: receipt.undo,
    notUndoable: receipt.notUndoable,
    failure: null,
  };
}

/** What is left for the journal and the export. */
const LISTED = 200;

export function outcomeWord(outcome: Outcome): string {
  const words: Record<Outcome, string> = {
    done: t('done'),
    gone: t('already gone'),
    refused: t('refused'),
    failed: t('failed'),
    unknown: t('unknown'),
  };
  return words[outcome];
}

/** `409 done, 2 already gone`. */
export function countsText(counts: Readonly<Record<Outcome, number>>): string {
  const outcomes: readonly Outcome[] = ['done', 'gone', 'refused', 'failed', 'unknown'];
  const some = outcomes.filter(outcome => counts[outcome] > 0);
  return some.map(outcome => outcomeText(outcome, counts[outcome])).join(', ');
}

/** Parameters as a form holds them. */
export function formValues(parameters: Readonly<Record<string, unknown>>): PlanView['values'] {
  const entries = Object.entries(parameters).map(([name, value]) => [name, formValue(value)] as const);
  return Object.fromEntries(entries);
}

function formValue(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return Array.isArray(value) ? value.join(', ') : JSON.stringify(value);
}
