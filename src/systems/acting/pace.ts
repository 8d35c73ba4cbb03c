/** Redis time that a step should take, in milliseconds: long enough to be worth a round trip, short for the others. */
const TARGET_MS = 2;
const LEAST = 5;
const MOST = 100;

/** Adapts the size of steps to the time of the last ones, so that Redis never stalls. */
export class Pace {
  /** Jobs of the next step. */
  size = 50;
  #roundTrip: number;

  /** @param roundTrip milliseconds of a round trip that does nothing: not Redis's time */
  constructor(roundTrip: number) {
    this.#roundTrip = roundTrip;
  }

  /** A step of that many jobs took so long, the round trip included. */
  took(jobs: number, milliseconds: number): void {
    if (jobs === 0) return;
    if (milliseconds < this.#roundTrip) this.#roundTrip = milliseconds;
    const spent = Math.max(0.02, milliseconds - this.#roundTrip);
    const fitting = (jobs * TARGET_MS) / spent;
    // One slow step halves at most: it may have waited behind somebody else's command.
    const next = Math.min(Math.max(fitting, this.size / 2), this.size * 1.5);
    this.size = Math.round(Math.min(MOST, Math.max(LEAST, next)));
  }
}
