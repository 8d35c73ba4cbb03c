/** The one function that runs every action: guard, journal, steps, journal, receipt. */
import { t } from '@vscode/l10n';
import {
  asInspectorError,
  type Installation,
  type ItemOutcome,
  isAbort,
  type Outcome,
  type Plan,
  type Report,
  type Step,
  type Target,
  type WorkerSummary,
} from '../model';
import type { ConnectionProfile, InstallationView, PerformProgress, PlanWords, Receipt } from './api';
import { notUndoable } from './guard';
import type { FileJournal } from './journal/journal';
import { type Counts, countOutcomes, noCounts } from './journal/lines';
import type { EntryWriter } from './journal/writer';
import { fill, fillText, type Words } from './present/format';

export interface Run {
  readonly profile: ConnectionProfile;
  readonly address: string;
  readonly installation: Installation;
  readonly plan: Plan;
  readonly journal: FileJournal;
  readonly onProgress?: ((progress: PerformProgress) => void) | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/** Whatever is not done is told; of what is done, the first thousand. */
const DONE_TOLD = 1_000;

/** Runs a plan that the guard let pass. Ends in a receipt whatever happens once the journal has been opened. */
export async function runPlan(run: Run, signal: AbortSignal): Promise<Receipt> {
  const { profile, installation, plan, journal } = run;
  const keep = profile.keepPayloads !== false;
  const reason = notUndoable(plan, journal.maxBytes, keep);
  const words = wordsOf(run, plan.total);
  const title = fill(plan.action.words.button, words);
  const entry = await journal.begin(
    {
      connection: { id: profile.id, name: profile.name },
      address: run.address,
      system: installation.system.id,
      installation: installation.key,
      action: plan.action.id,
      title,
      noun: words.noun,
      where: whereOf(plan, profile.name),
      total: { exact: plan.total },
      notUndoable: reason,
    },
    reason === null,
  );
  const report = await consume(run, entry, signal);
  // What was made has its id only now: `Enqueued as {id}.`
  const made = report.items.find(item => item.outcome === 'done')?.id ?? null;
  const text = fill(plan.action.words.done, wordsOf(run, report.counts.done, made));
  try {
    // What was refused as a whole was not done: then the entry keeps the words it began with.
    const nothing = report.counts.done === 0 && plan.total > 0;
    entry.end({ title: nothing ? title : text.replace(/\.$/, ''), ...report });
  } catch (thrown) {
    // What was done stays done; the entry reads as stopped, and its copies still undo.
    run.log?.(`The journal could not be closed: ${asInspectorError(thrown, 'writing the journal').answer}`);
  }
  const undo = entry.notUndoable === null ? entry.token : null;
  return { ...report, undo, notUndoable: entry.notUndoable, text };
}

/** Drives the steps: what a step is about to do is in the journal before it begins. */
async function consume(run: Run, entry: EntryWriter, signal: AbortSignal): Promise<Report> {
  const steps = run.installation.perform(run.plan, signal);
  const seen: ItemOutcome[] = [];
  const counts = noCounts();
  const rate = new Rate(run.plan.total);
  let begun = false;
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done === true) return next.value;
      const step = next.value;
      begun = step.phase === 'about';
      if (step.phase === 'about') entry.about(step);
      else {
        entry.did(step);
        noteOutcomes(step, seen, counts);
        run.onProgress?.(rate.after(step.progress, counts));
      }
    }
  } catch (thrown) {
    const error = asInspectorError(thrown, t('running {0}', run.plan.action.title));
    run.log?.(`${run.plan.action.id}: ${error.message}`);
    // A journal that cannot be written stops before the step; any other failure leaves the step's outcome open.
    await steps.return({ counts, items: seen, stopped: true }).catch(() => undefined);
    const outcome: Outcome = isAbort(error)
      ? 'refused'
      : begun && error.code === 'connection-lost'
        ? 'unknown'
        : 'failed';
    const rest = begun ? entry.unanswered : [];
    const open: ItemOutcome[] = rest.map(id => ({ ref: null, id, outcome, reason: error.message }));
    // Without a step to blame, the failure itself is the item: a receipt always says why it ended.
    if (open.length === 0) open.push({ ref: null, id: null, outcome, reason: error.message });
    for (const item of open) {
      counts[item.outcome]++;
      seen.push(item);
    }
    return { counts, items: seen, stopped: true };
  }
}

function noteOutcomes(step: Step & { readonly phase: 'did' }, seen: ItemOutcome[], counts: Counts): void {
  const more = countOutcomes(step.outcomes);
  for (const outcome of Object.keys(more) as Outcome[]) counts[outcome] += more[outcome];
  for (const item of step.outcomes) if (item.outcome !== 'done' || seen.length < DONE_TOLD) seen.push(item);
}

/** A literal inside of `t`, so that translators find it. */
const SCHEDULES = () => ({ one: t('schedule'), other: t('schedules') });

type About = Pick<Run, 'installation' | 'plan'> & { readonly profile: Pick<ConnectionProfile, 'name'> };

function wordsOf({ profile, installation, plan }: About, n: number, made: string | null = null) {
  const target = plan.targets[0];
  const queue = queueOf(plan, target);
  const id = made ?? plan.sample[0]?.id ?? (target?.kind === 'schedule' ? target.id : null);
  const name = target?.kind === 'worker' ? target.name : null;
  return {
    n,
    noun: target?.kind === 'schedule' ? SCHEDULES() : installation.system.facts.noun,
    connection: profile.name,
    ...(queue === null ? {} : { queue }),
    ...(id === null ? {} : { id }),
    ...(name === null ? {} : { name }),
  } satisfies Words;
}

function queueOf(plan: Plan, target: Target | undefined): string | null {
  const asked = plan.parameters['queue'];
  if (typeof asked === 'string') return asked;
  if (target?.kind === 'queue') return target.name;
  if (target?.kind === 'selector' && target.queue !== null) return target.queue;
  return plan.byQueue.length > 1 ? t('{0} queues', plan.byQueue.length) : (plan.byQueue[0]?.queue ?? null);
}

/** `default on shop-local`, `3 queues on shop-local`, or the connection alone. */
function whereOf(plan: Plan, connection: string): string {
  const queues = plan.byQueue.map(({ queue }) => queue);
  if (queues.length === 1) return t('{0} on {1}', queues[0] ?? '', connection);
  if (queues.length > 1) return t('{0} queues on {1}', queues.length, connection);
  const target = plan.targets[0];
  if (target?.kind === 'queue' || target?.kind === 'worker') return t('{0} on {1}', target.name, connection);
  if (target?.kind === 'schedule') return t('{0} on {1}', target.id, connection);
  return connection;
}

/** Progress with its rate, measured over the whole run; told only once it means something. */
export class Rate {
  readonly #total: number;
  readonly #began = performance.now();

  constructor(total: number) {
    this.#total = total;
  }

  after(progress: { readonly done: number; readonly total: number }, counts: Readonly<Counts>): PerformProgress {
    const seconds = (performance.now() - this.#began) / 1000;
    const perSecond = seconds < 0.2 || progress.done === 0 ? null : progress.done / seconds;
    const total = Math.max(progress.total, this.#total);
    const secondsLeft = perSecond === null ? null : Math.max(0, total - progress.done) / perSecond;
    return { done: progress.done, total, counts: { ...counts }, perSecond, secondsLeft };
  }
}

/** `worker-3 (pid 4711 on web-1)`: which process ends is seen before it does. */
function processName({ name, pid, host }: WorkerSummary): string {
  if (pid === null) return name;
  return host === null || name.includes(host)
    ? t('{0} (pid {1})', name, pid)
    : t('{0} (pid {1} on {2})', name, pid, host);
}

/** The question, button and detail of a plan, filled in: for modals, sheets and the chat's own confirmation. */
export function planWords(
  profile: Pick<ConnectionProfile, 'name'>,
  { installation, overview }: Pick<InstallationView, 'installation' | 'overview'>,
  plan: Plan,
): PlanWords {
  const about = wordsOf({ profile, installation, plan }, plan.total);
  const worker = overview?.workers?.find(({ name }) => name === about.name);
  const words = worker === undefined ? about : { ...about, name: processName(worker) };
  return {
    ask: fill(plan.action.words.ask, words),
    detail: fillText(plan.action.words.detail, words),
    button: fill(plan.action.words.button, words),
  };
}
