import type { Evidence, Finding, QueueSummary, Remedy, Seen, Severity, StateCounts } from '../../../model';
import { knownAmount } from '../../../model';
import type { Reading } from '../read/reading';
import type { Samples } from './samples';

export interface RuleContext {
  readonly reading: Reading;
  readonly seen: Seen;
  readonly signal: AbortSignal;
  /** Members of lists and registries, read once for all rules. */
  readonly samples: Samples;
  /** The broker's clock when the overview was read, in milliseconds. */
  readonly now: number;
}

/** One thing that may be wrong, looked for by itself. It reads and changes nothing. */
export interface Rule {
  /** `rq.queue-without-worker`. */
  readonly id: string;
  /** @throws NotCheckable where it cannot be looked for */
  check(context: RuleContext): Promise<readonly Finding[]> | readonly Finding[];
}

/** Why a rule could not run; the sentence is for people. */
export class NotCheckable extends Error {
  override readonly name = 'NotCheckable';
}

/** A finding with the common parts filled in. */
export function finding(
  context: RuleContext,
  rule: string,
  parts: {
    readonly subject: string;
    readonly title: string;
    readonly label: string;
    readonly severity: Severity;
    readonly sure?: boolean;
    readonly queue?: string;
    readonly since?: string | null;
    readonly evidence: readonly Evidence[];
    readonly consequence: string;
    readonly remedies: readonly Remedy[];
    readonly notProblemWhen?: string;
  },
): Finding {
  const { queue, sure, since, notProblemWhen, label, ...rest } = parts;
  return {
    rule,
    ...rest,
    label: label.length > 40 ? `${label.slice(0, 39).toWellFormed()}…` : label,
    sure: sure ?? true,
    since: since ?? null,
    where: `RQ on ${context.seen.connection}${queue === undefined ? '' : `, queue ${queue}`}`,
    notProblemWhen: notProblemWhen ?? null,
  };
}

/** `1 job`, `1,204 jobs`. */
export const count = (n: number, one: string, other = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : other}`;

export const jobs = (n: number): string => count(n, 'job');

/** `a, b and 3 more`. */
export function names(list: readonly string[], shown = 3): string {
  if (list.length <= shown) {
    return list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;
  }
  return `${list.slice(0, shown).join(', ')} and ${list.length - shown} more`;
}

/** Queues with jobs of a state, the fullest first. */
export function queuesWith(context: RuleContext, state: keyof StateCounts): readonly QueueSummary[] {
  return context.seen.overview.queues
    .filter(queue => knownAmount(queue.counts[state]) > 0)
    .sort((a, b) => knownAmount(b.counts[state]) - knownAmount(a.counts[state]));
}

export const amount = (queue: QueueSummary, state: keyof StateCounts): number => knownAmount(queue.counts[state]);

/** `3 min`, `2 h`, `4 d`. */
export function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.round(milliseconds / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A queue's name in a command line for a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
