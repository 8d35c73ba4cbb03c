/** Milliseconds that a computation may hold the event loop in one go. */
const TURN = 8;

/** Counts how long a computation has held the event loop, so that it lets go in time, whatever its pieces cost. */
export class Turns {
  #since = performance.now();

  /** To be called after each piece of less than a millisecond. */
  async next(): Promise<void> {
    if (performance.now() - this.#since < TURN) return;
    await breathe();
    this.#since = performance.now();
  }

  /** Whether it is time, for loops that must not await at every step. */
  get over(): boolean {
    return performance.now() - this.#since >= TURN;
  }
}

/** Lets other work of the process run; called between pieces of long computations. */
export function breathe(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
