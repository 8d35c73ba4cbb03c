import type { RedisBroker } from '../../../brokers/redis/port';
import type { JobRow, Ref, SearchQuery } from '../../../model';
import type { Found, Looked } from '../../../model/system';
import type { Generation } from './generation';

/** What acting on RQ needs of the installation it acts on: the broker, what is known of it, and its reading functions. */
export interface RqActContext {
  readonly broker: RedisBroker;
  /** What the last look told of workers and layout, for offers (no round trip); null before the first. */
  known(): Generation | null;
  /** Rows of jobs by their refs, for the sample of a plan; those that are gone are left out. */
  rows(refs: readonly Ref[], signal: AbortSignal): Promise<readonly JobRow[]>;
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked>;
}
