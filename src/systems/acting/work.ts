import type { ItemOutcome, Outcome, UndoUnit } from '../../model';

/** What one step did. @typeParam I what a system keeps of a job on its way */
export interface Did<I = unknown> {
  readonly outcomes: readonly ItemOutcome[];
  /** As Step.did: replaces what was known before. */
  readonly undo: readonly UndoUnit[];
  /** Changed between saving and destroying: saved and tried once more in a later step; no outcome yet. */
  readonly again?: readonly I[];
}

/** One step that is ready to run: everything that can be read beforehand has been read. */
export interface Batch<I = unknown> {
  readonly subjects: readonly string[];
  /** Ref of each subject, where it has one. */
  readonly refs?: readonly (string | null)[];
  /** Exact copies of what the step will destroy. */
  readonly undo: readonly UndoUnit[];
  /** Already decided, without a step (it runs, it cannot be read). */
  readonly outcomes: readonly ItemOutcome[];
  /** Jobs that weigh on the broker, for the pace; 0 = the step says nothing about speed. */
  readonly weight: number;
  /** Writes. @param record made beforehand: what the step is remembered by (on Redis a key), so that a lost answer is looked up */
  run(record: string, signal: AbortSignal): Promise<Did<I>>;
}

/** A plan being carried out, step by step. */
export interface Work<I = unknown> {
  readonly total: number;
  /** The next step of at most `size` jobs; null at the end. */
  next(size: number, signal: AbortSignal): Promise<Batch<I> | null>;
  /** Answers that came, before the next batch is asked for. */
  settle?(did: Did<I>): void;
}

export function outcome(
  item: { id: string | null; ref: string | null },
  what: Outcome,
  reason: string | null,
): ItemOutcome {
  return { ref: item.ref, id: item.id, outcome: what, reason };
}

export const NO_LONGER_THERE = 'it is no longer there';

/** A step that does nothing but say what was left alone. */
export function decided(outcomes: readonly ItemOutcome[]): Batch<never> {
  return { subjects: [], undo: [], outcomes, weight: 0, run: async () => ({ outcomes: [], undo: [] }) };
}

/** Work of one step. */
export function onlyBatch<I>(total: number, batch: Batch<I>): Work<I> {
  return new Batches(total, [async () => batch]);
}

/** Steps that are each made when their turn comes. */
export class Batches<I> implements Work<I> {
  readonly total: number;
  readonly #makers: ((signal: AbortSignal) => Promise<Batch<I> | null>)[];

  constructor(total: number, makers: readonly ((signal: AbortSignal) => Promise<Batch<I> | null>)[]) {
    this.total = total;
    this.#makers = [...makers];
  }

  async next(_size: number, signal: AbortSignal): Promise<Batch<I> | null> {
    for (let make = this.#makers.shift(); make !== undefined; make = this.#makers.shift()) {
      const batch = await make(signal);
      if (batch !== null) return batch;
    }
    return null;
  }
}

/** One work after the other. */
export class Sequence<I> implements Work<I> {
  readonly total: number;
  readonly #works: Work<I>[];
  #last: Work<I> | undefined;

  constructor(works: readonly Work<I>[]) {
    this.#works = [...works];
    this.total = works.reduce((sum, work) => sum + work.total, 0);
  }

  async next(size: number, signal: AbortSignal): Promise<Batch<I> | null> {
    for (let work = this.#works[0]; work !== undefined; work = this.#works[0]) {
      const batch = await work.next(size, signal);
      if (batch !== null) {
        this.#last = work;
        return batch;
      }
      this.#works.shift();
    }
    return null;
  }

  settle(did: Did<I>): void {
    this.#last?.settle?.(did);
  }
}
