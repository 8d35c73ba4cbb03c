import type { InstallationView, LiveConnection } from '../../../inspector/api';
import type { JobPage, JobRow } from '../../../model';
import type { InstallationAddress } from './row';

/** What the rows are made from, beside what the inspector has read. */
export interface World {
  /** ms since the epoch. */
  readonly now: number;
  readonly locale: string;
  /** `absolute` = dates instead of `3 min ago`. */
  readonly times: 'relative' | 'absolute';
  /** Whether arguments appear as `•••`. */
  readonly masked: boolean;
  /** Text that queue names must contain; '' = all. */
  readonly filter: string;
  /** Failures of a queue that the person has not had in sight; null = of all its queues. */
  fresh(at: InstallationAddress, queue: string | null): number;
}

/** The view of an installation inside its connection. */
export function viewOf(live: LiveConnection, { system, key }: InstallationAddress): InstallationView | undefined {
  return live.installations.find(({ installation }) => installation.system.id === system && installation.key === key);
}

export const addressOfView = (live: LiveConnection, { installation }: InstallationView): InstallationAddress => ({
  connection: live.profile.id,
  system: installation.system.id,
  key: installation.key,
});

/** The jobs of a list as read so far. */
export interface JobList {
  readonly items: readonly JobRow[];
  readonly next: string | null;
  readonly total: number | null;
  readonly totalText: string;
  /** Why rows are held back, and the declared action that shows them. */
  readonly withheld: JobPage['withheld'];
  /** In which order the rows stand, and as of when where that matters. */
  readonly order: string | null;
  /** Why nobody knows how many there are. */
  readonly unknown: string | null;
  /** What went wrong when it was read last; the items of before stand. */
  readonly failure: { readonly message: string; readonly answer: string } | null;
}
