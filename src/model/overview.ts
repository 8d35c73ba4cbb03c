import type { Fact, Instant, Problem } from './job';
import type { Ref } from './ref';
import type { State, StateCounts } from './state';

/** What gave an installation away, e.g. key `rq:queues`, `set with 4 members`. */
export interface Evidence {
  readonly what: string;
  readonly value: string;
  readonly source: string;
}

export interface QueueSummary {
  readonly name: string;
  readonly counts: StateCounts;
  /** null = the system has no such notion. */
  readonly paused: boolean | null;
  /** When the job that waits longest was enqueued; null where none waits or it is not recorded. */
  readonly oldestWaitingAt: Instant;
  /** Names of live workers that listen; null = not recorded. */
  readonly workers: readonly string[] | null;
  /** Key or queue names on the broker, for tooltips and copying. */
  readonly keys: readonly string[];
  /** What else the broker tells of it (type, policies, priorities, where dead letters go …), for tooltips. */
  readonly details?: readonly Fact[];
}

export interface WorkerSummary {
  readonly name: string;
  /** The system's own word. */
  readonly state: string;
  readonly queues: readonly string[];
  readonly pid: number | null;
  readonly host: string | null;
  readonly version: string | null;
  /** e.g. `Python 3.11.7`. */
  readonly runtime: string | null;
  readonly startedAt: Instant;
  readonly lastHeartbeat: Instant;
  readonly currentJob: string | null;
  readonly currentJobRef: Ref | null;
  readonly currentTask: string | null;
  /** null = cannot be told. */
  readonly alive: boolean | null;
  /** Why it is judged so: `no heartbeat for 12 min`. */
  readonly aliveReason: string | null;
  readonly succeeded: number | null;
  readonly failed: number | null;
  readonly workingSeconds: number | null;
  /** What else the system tells of it (concurrency, prefetch, pool …), for tooltips. */
  readonly details?: readonly Fact[];
}

export interface ScheduleSummary {
  readonly id: string;
  readonly task: string | null;
  /** In words: `every 5 min`, `cron 0 2 * * *`. */
  readonly trigger: string;
  readonly nextRun: Instant;
  readonly paused: boolean | null;
  readonly queue: string | null;
  /** Which scheduler owns it: `rq-scheduler`, `rq cron`. */
  readonly owner: string;
  readonly args: { readonly text: string } | null;
  readonly jobRef: Ref | null;
  /** What else is recorded of it (name, last run, time zone …), for tooltips. */
  readonly details?: readonly Fact[];
}

/** How the last question to the workers went. */
export interface AskedSummary {
  readonly at: string;
  readonly answers: number;
  /** null = how many there are is not known. */
  readonly of: number | null;
  /** True until all have answered or the time is over. */
  readonly running: boolean;
}

/** A state of the whole installation that people must see at once: `suspended`. */
export interface Notice {
  readonly code: string;
  readonly text: string;
}

export interface Overview {
  readonly system: string;
  /** Namespace, prefix or app name; the system's title for the only one. */
  readonly name: string;
  readonly version: string | null;
  /** Every version seen, where workers differ. */
  readonly versions: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly counts: StateCounts;
  /** The system's own word of each state. */
  readonly nativeStates: Readonly<Partial<Record<State, string>>>;
  readonly queues: readonly QueueSummary[];
  readonly workers: readonly WorkerSummary[];
  /** Absent where workers need not be asked, or never were. */
  readonly asked?: AskedSummary;
  readonly schedules: readonly ScheduleSummary[];
  /** Sections that the system does not write down, with the reason; an absent key means that it does. */
  readonly notRecorded: Readonly<Partial<Record<'workers' | 'schedules', string>>>;
  /** Sections the system has no notion of: they are left out of the tree. */
  readonly absent: readonly ('workers' | 'schedules')[];
  readonly notices: readonly Notice[];
  /** Parts that could not be read; the rest stands. */
  readonly problems: readonly Problem[];
  readonly readAt: string;
  readonly cost: ReadCost;
}

export interface ReadCost {
  readonly roundTrips: number;
  readonly milliseconds: number;
}
