/**
 * Every key and channel name of RQ, and of what stands beside it, in one place (RQ 0.12 to 2.12, rq-scheduler).
 * Queue names and job ids may hold any character, so a key is never split on `:`.
 */
import { randomUUID } from 'node:crypto';
import { bytesOf } from '../reading/ids';

/** Text where a name is plain, bytes where it is no UTF-8 (names are texts made by `textOf` of ids.ts). */
export type Key = string | Buffer;

function keyed(prefix: string, name: string, suffix = ''): Key {
  const bytes = bytesOf(name);
  return typeof bytes === 'string'
    ? `${prefix}${bytes}${suffix}`
    : Buffer.concat([Buffer.from(prefix), bytes, Buffer.from(suffix)]);
}

/** Set of full keys of queues. */
export const QUEUES = 'rq:queues';
/** Set of full keys of workers. */
export const WORKERS = 'rq:workers';
/** String, present while all queues are paused (RQ ≥ 0.5). */
export const SUSPENDED = 'rq:suspended';
/** List of failed job ids of all queues, RQ ≤ 0.13 only; later an ordinary queue named "failed". */
export const FAILED_LIST = 'rq:queue:failed';
/** Sorted set of the ids that the package rq-scheduler will enqueue, by unix seconds. */
export const SCHEDULED_JOBS = 'rq:scheduler:scheduled_jobs';

export const QUEUE_PREFIX = 'rq:queue:';
export const WORKER_PREFIX = 'rq:worker:';
export const JOB_PREFIX = 'rq:job:';
export const RESULTS_PREFIX = 'rq:results:';

/** List of waiting ids; index 0 is next. */
export const queueKey = (queue: string): Key => keyed(QUEUE_PREFIX, queue);
/** List of ids popped and not yet started (RQ ≥ 1.15, worker with one queue). */
export const intermediateKey = (queue: string): Key => keyed(QUEUE_PREFIX, queue, ':intermediate');
/** Hash of a job. */
export const jobKey = (id: string): Key => keyed(JOB_PREFIX, id);
/** Set of ids that wait for this job. */
export const dependentsKey = (id: string): Key => keyed(JOB_PREFIX, id, ':dependents');
/** Set of ids that this job waits for; the double colon is RQ's own (≥ 1.2). */
export const dependenciesKey = (id: string): Key => keyed('rq:job::', id, ':dependencies');
/** Stream of results (RQ ≥ 1.12). */
export const resultsKey = (id: string): Key => keyed(RESULTS_PREFIX, id);
/** Sorted set of execution ids (RQ ≥ 2.0). */
export const executionsKey = (id: string): Key => keyed('rq:executions:', id);
export const workerKey = (name: string): Key => keyed(WORKER_PREFIX, name);
/** Set of full worker keys that serve a queue (RQ ≥ 0.10). */
export const queueWorkersKey = (queue: string): Key => keyed('rq:workers:', queue);
/** Channel of commands to a worker (RQ ≥ 1.6). */
export const commandChannel = (worker: string): string => `rq:pubsub:${worker}`;
/** Set of job ids of a group (RQ ≥ 2.0). */
export const groupKey = (group: string): Key => keyed('rq:group:', group);
/** Lock of the built-in scheduler that serves a queue (RQ ≥ 1.2). */
export const schedulerLockKey = (queue: string): Key => keyed('rq:scheduler-lock:', queue);

/** String: when the cleaner first saw an id in the intermediate list (RQ ≥ 1.16.2). */
export const firstSeenKey = (queue: string, id: string): Key =>
  keyed(QUEUE_PREFIX, `${queue}:intermediate:first_seen:${id}`);
/** Hash of a `rq cron` scheduler (RQ ≥ 2.6). */
export const cronSchedulerKey = (name: string): Key => keyed('rq:cron_scheduler:', name);
/** Sorted set of `rq cron` schedulers by last heartbeat, unix seconds (RQ ≥ 2.6). */
export const CRON_SCHEDULERS = 'rq:cron_schedulers';
/** String that expires: held by the rq-scheduler that is active. */
export const SCHEDULER_LOCK = 'rq:scheduler_lock';
/** Hash of rq-scheduler ≤ 0.9 while it runs. */
export const SCHEDULER_OLD = 'rq:scheduler';
/** Set of names of groups (RQ ≥ 2.0). */
export const GROUPS = 'rq:groups';
/** What the lists that an interrupted `Queue.compact()` leaves behind are called after `rq:queue:`. */
export const COMPACT_PREFIX = '_compact:';

/** Registries of a queue: sorted sets. `wip` holds running jobs: `<id>`, and `<id>:<execution id>` from RQ 2.0 on. */
export const REGISTRIES = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'] as const;
export type Registry = (typeof REGISTRIES)[number];
export const registryKey = (registry: Registry, queue: string): Key => keyed(`rq:${registry}:`, queue);

/**
 * The structure a job stands in, as it is written in refs: `failed:default`. `queue` is the list of waiting jobs,
 * `failed-list` the one of RQ ≤ 0.13 (its queue is the job's origin), `scheduler` the sorted set of rq-scheduler,
 * `job` no structure at all: only the hash is there.
 */
export type Structure = 'queue' | 'intermediate' | 'failed-list' | 'scheduler' | 'job' | Registry;
const STRUCTURES: readonly string[] = ['queue', 'intermediate', 'failed-list', 'scheduler', 'job', ...REGISTRIES];

export interface RqPlace {
  readonly structure: Structure;
  readonly queue: string;
}

export const placeText = (place: RqPlace): string => `${place.structure}:${place.queue}`;

/** The place a ref names; null where it is none of ours. */
export function parsePlace(text: string): RqPlace | null {
  const colon = text.indexOf(':');
  const structure = text.slice(0, colon);
  if (colon < 0 || !STRUCTURES.includes(structure)) return null;
  return { structure: structure as Structure, queue: text.slice(colon + 1) };
}

/** The key of the structure; null for `job`. */
export function placeKey({ structure, queue }: RqPlace): Key | null {
  switch (structure) {
    case 'queue':
      return queueKey(queue);
    case 'intermediate':
      return intermediateKey(queue);
    case 'failed-list':
      return FAILED_LIST;
    case 'scheduler':
      return SCHEDULED_JOBS;
    case 'job':
      return null;
    default:
      return registryKey(structure, queue);
  }
}

/** Where the answer of one of our changing steps is remembered for a while; made beforehand, never used twice. */
export const stepRecordKey = (stepId: string = randomUUID()): string => `rq:inspector:step:${stepId}`;
