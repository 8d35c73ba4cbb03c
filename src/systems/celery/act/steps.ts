import type { ItemOutcome, UndoUnit } from '../../../model';
import type { Batch, Did, Work } from '../../acting/work';

/** A thing that is ready to be changed. @typeParam C how it changes */
export interface Ready<C> {
  /** Task id, delivery tag, queue: joins it to its outcome. */
  readonly subject: string;
  readonly ref: string | null;
  readonly change: C;
  /** Exact copies, known beforehand. */
  readonly undo: readonly UndoUnit[];
  /** Bytes that it sends. */
  readonly bytes: number;
}

/** Ready, or decided already: gone, refused. */
export type Prepared<C> = Ready<C> | { readonly decided: ItemOutcome };

/** Bytes that one step sends at most; a larger single thing is a step of its own. */
const STEP_BYTES = 2 * 1024 * 1024;

/**
 * Things that are prepared as they come and changed in steps. What a source hands out is taken up only as fast as steps
 * need it.
 */
export class StepWork<C> implements Work<never> {
  readonly total: number;
  readonly #source: AsyncIterator<readonly Prepared<C>[]>;
  readonly #run: (items: readonly Ready<C>[], record: string, signal: AbortSignal) => Promise<Did<never>>;
  readonly #most: number;
  #waiting: Prepared<C>[] = [];
  #ended = false;

  constructor(
    total: number,
    source: AsyncIterable<readonly Prepared<C>[]>,
    run: (items: readonly Ready<C>[], record: string, signal: AbortSignal) => Promise<Did<never>>,
    most = Number.POSITIVE_INFINITY,
  ) {
    this.total = total;
    this.#source = source[Symbol.asyncIterator]();
    this.#run = run;
    this.#most = most;
  }

  async next(size: number): Promise<Batch<never> | null> {
    const wanted = Math.min(size, this.#most);
    while (this.#waiting.length < wanted && !this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else this.#waiting.push(...next.value);
    }
    if (this.#waiting.length === 0) return null;
    const part = this.#waiting.splice(0, this.#fitting(wanted));
    const items = part.filter((each): each is Ready<C> => !('decided' in each));
    return {
      subjects: items.map(({ subject }) => subject),
      ...(items.every(({ ref }) => ref !== null) ? { refs: items.map(({ ref }) => ref ?? '') } : {}),
      undo: items.flatMap(({ undo }) => undo),
      outcomes: part.flatMap(each => ('decided' in each ? [each.decided] : [])),
      weight: items.length,
      run: async (record, signal) =>
        items.length === 0 ? { outcomes: [], undo: [] } : this.#run(items, record, signal),
    };
  }

  #fitting(wanted: number): number {
    let bytes = 0;
    for (let count = 0; count < Math.min(wanted, this.#waiting.length); count++) {
      const each = this.#waiting[count];
      bytes += each === undefined || 'decided' in each ? 0 : each.bytes;
      if (bytes > STEP_BYTES && count > 0) return count;
    }
    return wanted;
  }
}
