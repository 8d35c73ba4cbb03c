/** Two sides measured in turn, so that what else the machine does falls on both. */
import { openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

export interface Side {
  /** Milliseconds of each run, in the order of the rounds. */
  readonly times: readonly number[];
  readonly median: number;
  /**
   * Longest time in milliseconds in which the event loop did not turn, over all runs; less what of it the process waited
   * for a CPU that others had, where the system tells (Linux).
   */
  readonly loop: number;
  /** The same for each run, the median of them: what the code does, without what the machine did meanwhile. */
  readonly usualLoop: number;
  /** Longest pause for garbage collection in these runs, in milliseconds; part of `loop`. */
  readonly gc: number;
}

export interface Comparison {
  readonly ours: Side;
  readonly bare: Side;
  /** Median of ours divided by the median of the bare side. */
  readonly ratio: number;
}

type Action = () => Promise<unknown>;

/** Runs A B, B A, A B … after a warm-up of both. */
export async function compare(ours: Action, bare: Action, rounds: number, warmUp = 3): Promise<Comparison> {
  for (let i = 0; i < warmUp; i++) {
    await ours();
    await bare();
  }
  const watches = { ours: new Watch(), bare: new Watch() };
  globalThis.gc?.();
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const);
    for (const side of order) await watches[side].time(side === 'ours' ? ours : bare);
  }
  const [a, b] = [await watches.ours.end(), await watches.bare.end()];
  return { ours: a, bare: b, ratio: a.median / b.median };
}

/** Times one action again and again; for sides that cannot take turns. */
export async function repeat(action: Action, rounds: number): Promise<Side> {
  const watch = new Watch();
  for (let round = 0; round < rounds; round++) await watch.time(action);
  return watch.end();
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Milliseconds that the main thread has been ready to run and had no CPU, since it began; 0 where nobody tells. */
const waitedForCpu: () => number = (() => {
  let file: number;
  try {
    // Time on a CPU, time waiting for one (both in ns), slices: Documentation/scheduler/sched-stats.rst of Linux.
    file = openSync('/proc/self/schedstat', 'r');
  } catch {
    return () => 0;
  }
  const bytes = Buffer.alloc(80);
  return () => {
    const read = readSync(file, bytes, 0, bytes.length, 0);
    return Number(bytes.toString('latin1', 0, read).split(' ')[1]) / 1e6;
  };
})();

/** Watches the event loop from now on. @returns to be called in the end: see `Side.loop` */
export function watchLoop(): () => number {
  let last = performance.now();
  let waited = waitedForCpu();
  let longest = 0;
  const turn = () => {
    const [now, waitedNow] = [performance.now(), waitedForCpu()];
    longest = Math.max(longest, now - last - (waitedNow - waited));
    [last, waited] = [now, waitedNow];
  };
  const ticker = setInterval(turn, 1);
  return () => {
    // What ran since the last tick counts too: the ticker could not turn before it ended.
    turn();
    clearInterval(ticker);
    return longest;
  };
}

/** Times runs of one side, and in them the gaps between turns of the event loop. */
class Watch {
  readonly #times: number[] = [];
  readonly #spans: (readonly [from: number, to: number])[] = [];
  readonly #pauses: { readonly at: number; readonly duration: number }[] = [];
  readonly #observer: PerformanceObserver;
  readonly #loops: number[] = [];

  constructor() {
    this.#observer = new PerformanceObserver(list => {
      for (const { startTime, duration } of list.getEntries()) this.#pauses.push({ at: startTime, duration });
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  async time(action: Action): Promise<void> {
    const began = performance.now();
    const longest = watchLoop();
    await action();
    const ended = performance.now();
    this.#loops.push(longest());
    this.#times.push(ended - began);
    this.#spans.push([began, ended]);
  }

  async end(): Promise<Side> {
    // The observer is told of collections in a later turn.
    await new Promise(resolve => setTimeout(resolve, 20));
    this.#observer.disconnect();
    const own = this.#pauses.filter(({ at }) => this.#spans.some(([from, to]) => at >= from && at <= to));
    return {
      times: this.#times,
      median: median(this.#times),
      loop: Math.max(...this.#loops),
      usualLoop: median(this.#loops),
      gc: own.reduce((longest, { duration }) => Math.max(longest, duration), 0),
    };
  }
}
