/** Laps one after the other, for as many as want to see one; the last one to leave stops it, and the next takes it up. */
import type { Looked } from '../../../model';
import { Lap, type LapParts } from './lap';

/** A lap that was left is taken up again within this time; later, too much of it is old. Milliseconds. */
const KEPT = 60_000;

interface Run {
  readonly stop: AbortController;
  looked: Looked;
  watchers: number;
  ended: boolean;
  error: unknown;
  /** Wakes whoever waits for the next step. */
  tell: () => void;
  step: Promise<void>;
  /** When nothing of it runs any more. */
  over: Promise<void>;
}

export class Indexing {
  readonly #parts: LapParts;
  #run: Run | null = null;
  #left: { readonly lap: Lap; readonly at: number } | null = null;
  #laps = 0;
  /** When the last whole lap ended, in milliseconds since the epoch; null before the first. */
  completedAt: number | null = null;
  looked: Looked = { looked: 0, of: 0 };

  constructor(parts: LapParts) {
    this.#parts = parts;
  }

  /** Number of the lap that is under way, or was last. */
  get lap(): number {
    return ((this.#laps - 1) % 255) + 1;
  }

  /** A lap from its beginning to its end; whoever comes while one runs sees the rest of that. */
  async *complete(signal: AbortSignal): AsyncGenerator<Looked, void> {
    signal.throwIfAborted();
    // One that was left is still ending; the next takes its lap up.
    while (this.#run?.stop.signal.aborted === true) await this.#run.over;
    signal.throwIfAborted();
    this.#run ??= this.#start();
    const run = this.#run;
    run.watchers++;
    let abort: () => void = () => undefined;
    const aborted = new Promise<void>(resolve => {
      abort = resolve;
    });
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (!run.ended) {
        const { step } = run;
        await Promise.race([step, aborted]);
        signal.throwIfAborted();
        yield run.looked;
      }
      if (run.error !== undefined) throw run.error;
    } finally {
      signal.removeEventListener('abort', abort);
      if (--run.watchers === 0 && !run.ended) run.stop.abort();
    }
  }

  #start(): Run {
    const left = this.#left !== null && Date.now() - this.#left.at < KEPT ? this.#left.lap : null;
    const lap = left ?? new Lap(this.#parts, (this.#laps++ % 255) + 1);
    this.#left = null;
    const run: Run = {
      stop: new AbortController(),
      looked: this.looked,
      watchers: 0,
      ended: false,
      error: undefined,
      tell: () => undefined,
      step: Promise.resolve(),
      over: Promise.resolve(),
    };
    const next = () => {
      run.step = new Promise(resolve => {
        run.tell = resolve;
      });
    };
    next();
    run.over = this.#go(lap, run, next);
    return run;
  }

  async #go(lap: Lap, run: Run, next: () => void): Promise<void> {
    try {
      for await (const looked of lap.run(run.stop.signal)) {
        run.looked = looked;
        this.looked = looked;
        const { tell } = run;
        next();
        tell();
      }
      this.completedAt = Date.now();
    } catch (thrown) {
      this.#left = { lap, at: Date.now() };
      run.error = thrown;
    } finally {
      run.ended = true;
      this.#run = null;
      run.tell();
    }
  }
}
