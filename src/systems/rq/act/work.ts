import type * as acting from '../../acting/work';
import type { Latin1 } from './undo';

/** A job on its way: its id and the ref that the answer names. */
export interface Item {
  readonly id: Latin1;
  /** As it stands in its structure: the id, behind it the execution in `wip` of RQ ≥ 2.0. */
  readonly member: Latin1;
  readonly ref: string;
  /** True when it is tried for the second time. */
  readonly second?: boolean;
}

export type Did = acting.Did<Item>;
export type Batch = acting.Batch<Item>;
export type Work = acting.Work<Item>;

export const ONLY_ITS_ID = 'the job has expired, only its id is left';
