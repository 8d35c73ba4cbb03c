/** Completes in the background what overviews only begin (`Installation.complete`), while it is in sight. */
import { asInspectorError, type Installation, isAbort } from '../model';

/** Between two looks that show how far it is: at least this, and five times what the last one took. Milliseconds. */
const SHOW_EVERY = 500;
const SHOW_SHARE = 5;
/** Between two runs: at least this, and twenty times what the last one took. Milliseconds. */
const RUN_EVERY = 5_000;
const RUN_SHARE = 20;

export interface CompleterOptions {
  readonly installations: () => readonly Installation[];
  /** Reads overviews again and tells everybody; never rejects. */
  readonly show: () => Promise<void>;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export class Completer {
  readonly #options: CompleterOptions;
  #on = false;
  #running: AbortController | null = null;
  /** Not before. */
  #nextAt = 0;

  constructor(options: CompleterOptions) {
    this.#options = options;
  }

  /**
   * On while the broker answers and something is in sight; called again after every refresh, so that a run begins where
   * one is due. What is under way when it goes off is stopped, and goes on later where it was left.
   */
  setOn(on: boolean): void {
    this.#on = on;
    this.#decide();
  }

  #decide(): void {
    if (!this.#on) {
      this.#running?.abort();
      return;
    }
    if (this.#running !== null || this.#options.now() < this.#nextAt) return;
    const wanted = this.#options.installations().filter(({ complete }) => complete !== undefined);
    if (wanted.length > 0) void this.#run(wanted);
  }

  async #run(installations: readonly Installation[]): Promise<void> {
    const { now, show } = this.#options;
    const stop = new AbortController();
    this.#running = stop;
    const began = now();
    let showing: Promise<void> | null = null;
    let showAt = began;
    const step = () => {
      if (showing !== null || stop.signal.aborted || now() < showAt) return;
      const since = now();
      showing = show().finally(() => {
        showing = null;
        showAt = now() + Math.max(SHOW_EVERY, SHOW_SHARE * (now() - since));
      });
    };
    await Promise.all(installations.map(installation => this.#complete(installation, step, stop.signal)));
    this.#running = null;
    // One that was stopped goes on where it was left as soon as it is in sight again.
    this.#nextAt = stop.signal.aborted ? 0 : now() + Math.max(RUN_EVERY, RUN_SHARE * (now() - began));
    await (showing as Promise<void> | null);
    if (!stop.signal.aborted) await show();
    else this.#decide();
  }

  async #complete(installation: Installation, step: () => void, signal: AbortSignal): Promise<void> {
    try {
      for await (const _looked of installation.complete?.(signal) ?? []) step();
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) return;
      this.#options.log(`${installation.name}: ${asInspectorError(thrown, 'looking through everything').message}`);
    }
  }
}
