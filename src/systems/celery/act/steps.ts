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
  readonly #size: number | null;
  readonly #end: () => void;
  #waiting: Prepared<C>[] = [];
  #coming: Promise<IteratorResult<readonly Prepared<C>[]>> | null = null;
  #ended = false;

  constructor(
    total: number,
    source: AsyncIterable<readonly Prepared<C>[]>,
    run: (items: readonly Ready<C>[], record: string, signal: AbortSignal) => Promise<Did<never>>,
    /** Things of a step; null = as many as the broker's pace allows. */
    size: number | null = null,
    /** When nothing is left. */
    end: () => void = () => undefined,
  ) {
    this.total = total;
    this.#source = source[Symbol.asyncIterator]();
    this.#run = run;
    this.#size = size;
    this.#end = end;
  }

  async next(size: number): Promise<Batch<never> | null> {
    const wanted = this.#size ?? size;
    while (this.#waiting.length < wanted && !this.#ended) {
      const next = await (this.#coming ?? this.#source.next());
      this.#coming = null;
      if (next.done === true) this.#ended = true;
      else this.#waiting.push(...next.value);
    }
    if (!this.#ended && this.#coming === null && this.#waiting.length < 2 * wanted) this.#readAhead();
    if (this.#waiting.length === 0) {
      this.#end();
      return null;
    }
    const part = this.#waiting.splice(0, this.#fitting(wanted));
    const items = part.filter((each): each is Ready<C> => !('decided' in each));
    return {
      subjects: items.map(({ subject }) => subject),
      ...(items.every(({ ref }) => ref !== null) ? { refs: items.map(({ ref }) => ref ?? '') } : {}),
      undo: items.flatMap(({ undo }) => undo),
      outcomes: part.flatMap(each => ('decided' in each ? [each.decided] : [])),
      weight: this.#size === null ? items.length : 0,
      run: async (record, signal) =>
        items.length === 0 ? { outcomes: [], undo: [] } : this.#run(items, record, signal),
    };
  }

  /** What the step after this one needs is read while this one runs. */
  #readAhead(): void {
    this.#coming = this.#source.next();
    // Whoever takes it meets the failure.
    this.#coming.catch(() => undefined);
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
