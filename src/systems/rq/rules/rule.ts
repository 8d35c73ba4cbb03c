import type { Finding, Seen } from '../../../model';
import type { Reading } from '../read/reading';

export interface RuleContext {
  readonly reading: Reading;
  readonly seen: Seen;
  readonly signal: AbortSignal;
}

/** One thing that may be wrong, looked for by itself. It reads and changes nothing. */
export interface Rule {
  /** `rq.queue-without-worker`. */
  readonly id: string;
  check(context: RuleContext): Promise<readonly Finding[]> | readonly Finding[];
}

/** Where a finding is: `RQ on shop-local, queue default`. */
export const where = ({ seen }: RuleContext, queue?: string): string =>
  `RQ on ${seen.connection}${queue === undefined ? '' : `, queue ${queue}`}`;

/** `1 job`, `2 jobs`. */
export const jobs = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'job' : 'jobs'}`;
