import type { ItemOutcome, Outcome, UndoUnit } from '../../../model';
import type { Latin1 } from './undo';

/** What one step did. */
export interface Did {
  readonly outcomes: readonly ItemOutcome[];
  /** As Step.did: replaces what was known before. */
  readonly undo: readonly UndoUnit[];
  /** Changed between saving and destroying: saved and tried once more in a later step; no outcome yet. */
  readonly again?: readonly Item[];
}

/** One step that is ready to run: everything that can be read beforehand has been read. */
export interface Batch {
  readonly subjects: readonly string[];
  /** Ref of each subject, where it has one. */
  readonly refs?: readonly string[];
  /** Exact copies of what the step will destroy. */
  readonly undo: readonly UndoUnit[];
  /** Already decided, without a step (it runs, it cannot be read). */
  readonly outcomes: readonly ItemOutcome[];
  /** Jobs that weigh on Redis, for the pace; 0 = the step says nothing about speed. */
  readonly weight: number;
  /** Writes. @param record key under which the step is remembered */
  run(record: string, signal: AbortSignal): Promise<Did>;
}

/** A plan being carried out, step by step. */
export interface Work {
  readonly total: number;
  /** The next step of at most `size` jobs; null at the end. */
  next(size: number, signal: AbortSignal): Promise<Batch | null>;
  /** Answers that came, before the next batch is asked for. */
  settle?(did: Did): void;
}

/** A job on its way: its id and the ref that the answer names. */
export interface Item {
  readonly id: Latin1;
  /** As it stands in its structure: the id, behind it the execution in `wip` of RQ ≥ 2.0. */
  readonly member: Latin1;
  readonly ref: string;
  /** True when it is tried for the second time. */
  readonly second?: boolean;
}

export function outcome(
  item: { id: string | null; ref: string | null },
  what: Outcome,
  reason: string | null,
): ItemOutcome {
  return { ref: item.ref, id: item.id, outcome: what, reason };
}

export const NO_LONGER_THERE = 'it is no longer there';
export const ONLY_ITS_ID = 'the job has expired, only its id is left';
