import type { Target } from './action';
import type { Evidence } from './overview';

export type Severity = 'trouble' | 'warning' | 'info';

export interface Remedy {
  /** One sentence. */
  readonly text: string;
  /** An action that mends it, where one does. */
  readonly action: {
    readonly id: string;
    readonly target: Target;
    readonly parameters?: Record<string, unknown>;
  } | null;
  /** Text for the person's own files or terminal. */
  readonly code?: { readonly language: string; readonly text: string };
  /** A file of the open folder to look at. */
  readonly file?: { readonly path: string; readonly line: number };
}

export interface Finding {
  /** Id of the rule: `rq.queue-without-worker`. */
  readonly rule: string;
  /** Tells findings of one rule apart and keeps them stable between looks: queue, worker or file. */
  readonly subject: string;
  /** The sentence with its numbers. */
  readonly title: string;
  /** At most 40 characters, for a row. */
  readonly label: string;
  readonly severity: Severity;
  /** Seen (true) or likely (false: the broker does not record this directly). */
  readonly sure: boolean;
  /** `RQ on shop-local, queue default` or a path. */
  readonly where: string;
  readonly since: string | null;
  readonly evidence: readonly Evidence[];
  /** At most three sentences: what happens when nothing is done, and when. */
  readonly consequence: string;
  readonly remedies: readonly Remedy[];
  readonly notProblemWhen: string | null;
}

/** A rule that could not run, and why. */
export interface NotChecked {
  readonly rule: string;
  readonly reason: string;
}

/** Yielded once for every rule that ran to its end, so that "nothing wrong" can say how much was looked at. */
export interface Checked {
  readonly rule: string;
  readonly checked: true;
}

export type Diagnosis = Finding | NotChecked | Checked;

export const isFinding = (diagnosis: Diagnosis): diagnosis is Finding => 'severity' in diagnosis;
export const isNotChecked = (diagnosis: Diagnosis): diagnosis is NotChecked => 'reason' in diagnosis;
