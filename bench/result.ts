/** One measured figure. Ratios, not times: they hold on other machines, since both sides ran in the same minute. */
export interface BenchResult {
  readonly name: string;
  /** The measured side divided by the side it is compared with; or a plain number where `detail` says the unit. */
  readonly ratio: number;
  /** What the ratio must keep to. */
  readonly bound: number;
  /** Which side of the bound is good. */
  readonly better: 'higher' | 'lower';
  /** The times or sizes behind the ratio, for a reader. */
  readonly detail: string;
}

/** What each `bench/*.bench.ts` exports as `run`. */
export type Bench = () => Promise<BenchResult[]>;
