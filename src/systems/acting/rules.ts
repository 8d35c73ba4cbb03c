/** What the rules of all systems share: how findings are made, and how rules run one after the other. */
import {
  type Diagnosis,
  type Evidence,
  type Finding,
  knownAmount,
  type QueueSummary,
  type Remedy,
  type Seen,
  type Severity,
  type State,
} from '../../model';
import { names } from './words';

/** What every rule is given, whatever the system adds to it. */
export interface RuleBase {
  readonly seen: Seen;
  readonly signal: AbortSignal;
  /** The broker's clock when the overview was read, in milliseconds. */
  readonly now: number;
}

/** One thing that may be wrong, looked for by itself. It reads and changes nothing. */
export interface Rule<Context extends RuleBase> {
  /** `rq.queue-without-worker`. */
  readonly id: string;
  /** @throws NotCheckable where it cannot be looked for */
  check(context: Context): Promise<readonly Finding[]> | readonly Finding[];
}

/** Why a rule could not run; the sentence is for people. */
export class NotCheckable extends Error {
  override readonly name = 'NotCheckable';
}

/** What a rule says itself; the rest of a finding is filled in. */
export interface FindingParts {
  readonly subject: string;
  readonly title: string;
  readonly label: string;
  readonly severity: Severity;
  /** True unless told. */
  readonly sure?: boolean;
  readonly queue?: string;
  readonly since?: string | null;
  readonly evidence: readonly Evidence[];
  readonly consequence: string;
  readonly remedies: readonly Remedy[];
  readonly notProblemWhen?: string;
}

/** Longest label of a row. */
const LABEL = 40;

/** A finding with the common parts filled in. */
export function findingOf(system: string, seen: Seen, rule: string, parts: FindingParts): Finding {
  const { queue, sure, since, notProblemWhen, label, ...rest } = parts;
  return {
    rule,
    ...rest,
    label: label.length > LABEL ? `${label.slice(0, LABEL - 1).toWellFormed()}…` : label,
    sure: sure ?? true,
    since: since ?? null,
    where: `${system} on ${seen.connection}${queue === undefined ? '' : `, queue ${queue}`}`,
    notProblemWhen: notProblemWhen ?? null,
  };
}

/** Queues with jobs of a state, the fullest first. */
export function queuesWith({ seen }: RuleBase, state: State): readonly QueueSummary[] {
  return seen.overview.queues
    .filter(queue => amount(queue, state) > 0)
    .sort((a, b) => amount(b, state) - amount(a, state));
}

export const amount = (queue: QueueSummary, state: State): number => knownAmount(queue.counts[state]);

/** What helps jobs that nobody serves, where others are served. @param text how the system says it, without the names */
export function moveWaiting(queue: string, served: readonly string[], text: string): readonly Remedy[] {
  const [first] = served;
  if (first === undefined) return [];
  const target = { kind: 'selector', queue, state: 'waiting' } as const;
  return [
    { text: `${text}: ${names(served, 3, 'or')}.`, action: { id: 'move', target, parameters: { queue: first } } },
  ];
}

/** Findings of every rule in order; a rule that cannot run says why, and the others stand. */
export async function* runRules<Context extends RuleBase>(
  rules: readonly Rule<Context>[],
  context: Context,
): AsyncGenerator<Diagnosis, void> {
  for (const rule of rules) {
    context.signal.throwIfAborted();
    try {
      yield* await rule.check(context);
      yield { rule: rule.id, checked: true };
    } catch (error) {
      if (context.signal.aborted) throw error;
      yield { rule: rule.id, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
