/** When to look again: one refresh at a time, the next begins after the last has ended, none while nothing is in sight. */

const SHORTEST = 2_000;
const LONGEST = 60_000;
/** Reading takes at most a twentieth of the time. */
const SHARE = 20;

/** Milliseconds to wait after a refresh that took `cost` milliseconds; null = not by itself. */
export function waitAfter(cost: number, interval: number | 'auto'): number | null {
  if (interval === 0) return null;
  const shortest = interval === 'auto' ? SHORTEST : interval * 1000;
  return Math.max(shortest, Math.min(LONGEST, cost * SHARE));
}

export interface RefresherOptions {
  /** Reads everything once; never rejects. */
  readonly run: (reason: 'interval' | 'shown') => Promise<void>;
  readonly interval: () => number | 'auto';
  readonly now: () => number;
}

/** Calls `run` again and again while it is on and in sight. */
export class Refresher {
  readonly #options: RefresherOptions;
  #timer: NodeJS.Timeout | undefined;
  #on = false;
  #visible = false;
  #busy = false;
  #endedAt: number | null = null;
  #cost = 0;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  setOn(on: boolean): void {
    this.#on = on;
    this.#schedule();
  }

  setVisible(visible: boolean): void {
    const shown = visible && !this.#visible;
    this.#visible = visible;
    if (shown && this.#on && !this.#busy && this.#isDue()) void this.#run('shown');
    else this.#schedule();
  }

  /** A refresh, whoever started it, has ended after `cost` milliseconds. */
  ended(cost: number): void {
    this.#cost = cost;
    this.#endedAt = this.#options.now();
    this.#schedule();
  }

  dispose(): void {
    this.#on = false;
    clearTimeout(this.#timer);
  }

  #isDue(): boolean {
    const wait = waitAfter(this.#cost, this.#options.interval());
    if (this.#endedAt === null) return true;
    return wait !== null && this.#options.now() - this.#endedAt >= wait;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#on || !this.#visible || this.#busy) return;
    const wait = waitAfter(this.#cost, this.#options.interval());
    if (wait === null) return;
    const since = this.#endedAt === null ? wait : this.#options.now() - this.#endedAt;
    this.#timer = setTimeout(() => void this.#run('interval'), Math.max(0, wait - since));
    this.#timer.unref();
  }

  async #run(reason: 'interval' | 'shown'): Promise<void> {
    clearTimeout(this.#timer);
    this.#busy = true;
    try {
      await this.#options.run(reason);
    } finally {
      this.#busy = false;
      this.#schedule();
    }
  }
}
