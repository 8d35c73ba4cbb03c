/** The results of one state, newest first: sorted runs that are merged when they have about the same length. */
import type { Slot, Table } from './table';

export class Order {
  readonly #table: Table;
  /** Longest first; each sorted. */
  readonly #runs: Uint32Array[] = [];

  constructor(table: Table) {
    this.#table = table;
  }

  /** Adds slots, in any order. At most some thousands at a time: they are sorted in one go. */
  add(slots: readonly Slot[]): void {
    if (slots.length === 0) return;
    let run = Uint32Array.from([...slots].sort((a, b) => this.compare(a, b)));
    for (;;) {
      const last = this.#runs.at(-1);
      if (last === undefined || last.length > run.length * 2) break;
      this.#runs.pop();
      run = this.#merged(last, run);
    }
    this.#runs.push(run);
  }

  /**
   * Slots behind a place (null = from the beginning), newest first, which `wanted` takes. Time: what is skipped, and the
   * logarithm of all.
   */
  *after(date: number | null, id: string, wanted: (slot: Slot) => boolean): Generator<Slot, void> {
    const heads = this.#runs.map(run => (date === null ? 0 : this.#search(run, date, id)));
    for (;;) {
      let best = -1;
      let first = 0;
      for (let i = 0; i < heads.length; i++) {
        const run = this.#runs[i]!;
        if (heads[i]! >= run.length) continue;
        const slot = run[heads[i]!]!;
        if (best < 0 || this.compare(slot, first) < 0) {
          best = i;
          first = slot;
        }
      }
      if (best < 0) return;
      heads[best]!++;
      if (this.#table.isAlive(first) && wanted(first)) yield first;
    }
  }

  /** Drops what is dead; all of it in one run afterwards. @returns slots that nothing here names any more */
  settle(): Slot[] {
    const dropped: Slot[] = [];
    let all = this.#runs.splice(0).reduce((merged, run) => this.#merged(merged, run), new Uint32Array());
    const { isAlive } = this.#table;
    const alive = all.filter(slot => isAlive(slot) || void dropped.push(slot));
    all = alive.length === all.length ? all : alive;
    if (all.length > 0) this.#runs.push(all);
    return dropped;
  }

  /** Undated ones first (they have not ended), then the latest; of the same time by id. */
  compare(a: Slot, b: Slot): number {
    const table = this.#table;
    return compareDates(table.dateOf(a), table.dateOf(b)) || table.compareIds(a, b);
  }

  /** Position of the first that comes behind a place. */
  #search(run: Uint32Array, date: number, id: string): number {
    const table = this.#table;
    const bytes = table.orderBytes(id);
    let [low, high] = [0, run.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const slot = run[middle]!;
      const order = compareDates(table.dateOf(slot), date) || table.compareTo(slot, bytes);
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #merged(a: Uint32Array, b: Uint32Array): Uint32Array<ArrayBuffer> {
    const merged = new Uint32Array(a.length + b.length);
    let [i, j] = [0, 0];
    for (let at = 0; at < merged.length; at++) {
      const fromA = j >= b.length || (i < a.length && this.compare(a[i]!, b[j]!) <= 0);
      merged[at] = fromA ? a[i++]! : b[j++]!;
    }
    return merged;
  }
}

function compareDates(a: number, b: number): number {
  if (a === b) return 0;
  const [noA, noB] = [Number.isNaN(a), Number.isNaN(b)];
  if (noA || noB) return noA && noB ? 0 : noA ? -1 : 1;
  return b - a;
}
