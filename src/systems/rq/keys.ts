import { bytesOf } from './ids';

/**
 * Every key of RQ, rq-scheduler and `rq cron`, in one place. Names are as in rq 0.12 to 2.12 (rq/queue.py, job.py,
 * registry.py, worker.py, scheduler.py, cron.py) and rq-scheduler 0.9 to 0.14 (rq_scheduler/scheduler.py). Queue names
 * and ids are texts made by `textOf`; a key that is no UTF-8 comes as bytes.
 */
export type Key = string | Buffer;

function keyed(prefix: string, name: string, suffix = ''): Key {
  const bytes = bytesOf(name);
  return typeof bytes === 'string'
    ? `${prefix}${bytes}${suffix}`
    : Buffer.concat([Buffer.from(prefix), bytes, Buffer.from(suffix)]);
}

const QUEUE_PREFIX = 'rq:queue:';
const WORKER_PREFIX = 'rq:worker:';

/** Sorted sets of job ids that every queue has, by the prefix of their key. */
export type Registry = 'wip' | 'finished' | 'failed' | 'deferred' | 'scheduled' | 'canceled';

export const REGISTRIES = ['wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled'] as const;

export const keys = {
  /** Set of full queue keys. */
  queues: 'rq:queues',
  /** Set of full worker keys. */
  workers: 'rq:workers',
  /** String; while it exists, workers take no new jobs. */
  suspended: 'rq:suspended',
  /** List of the failed jobs of all queues; RQ up to 0.13 only. */
  legacyFailed: 'rq:queue:failed',
  /** Sorted set of job ids by next run; package rq-scheduler. */
  schedulerJobs: 'rq:scheduler:scheduled_jobs',
  /** String, expires; held by the rq-scheduler that is active. */
  schedulerLock: 'rq:scheduler_lock',
  /** Hash of rq-scheduler up to 0.9. */
  schedulerOld: 'rq:scheduler',
  /** Sorted set of `rq cron` schedulers by last heartbeat; RQ 2.6 and later. */
  cronSchedulers: 'rq:cron_schedulers',
  groups: 'rq:groups',

  queue: (queue: string): Key => keyed(QUEUE_PREFIX, queue),
  intermediate: (queue: string): Key => keyed(QUEUE_PREFIX, queue, ':intermediate'),
  firstSeen: (queue: string, id: string): Key => {
    const head = keyed(QUEUE_PREFIX, queue, ':intermediate:first_seen:');
    const tail = bytesOf(id);
    return typeof head === 'string' && typeof tail === 'string'
      ? head + tail
      : Buffer.concat([Buffer.from(head as string), Buffer.from(tail as string)]);
  },
  registry: (registry: Registry, queue: string): Key => keyed(`rq:${registry}:`, queue),
  job: (id: string): Key => keyed('rq:job:', id),
  /** Set of ids that wait for this job. */
  dependents: (id: string): Key => keyed('rq:job:', id, ':dependents'),
  /** Set of ids this job waits for. The double colon is RQ's. */
  dependencies: (id: string): Key => keyed('rq:job::', id, ':dependencies'),
  results: (id: string): Key => keyed('rq:results:', id),
  executions: (id: string): Key => keyed('rq:executions:', id),
  execution: (id: string, execution: string): Key => keyed('rq:execution:', `${id}:${execution}`),
  worker: (name: string): Key => keyed(WORKER_PREFIX, name),
  workersOf: (queue: string): Key => keyed('rq:workers:', queue),
  cleanLock: (queue: string): Key => keyed('rq:clean_registries:', queue),
  schedulerLockOf: (queue: string): Key => keyed('rq:scheduler-lock:', queue),
  cronScheduler: (name: string): Key => keyed('rq:cron_scheduler:', name),
  group: (name: string): Key => keyed('rq:group:', name),
  /** Channel of a worker's commands. */
  commands: (worker: string): Key => keyed('rq:pubsub:', worker),

  /** Name of a queue from its full key, or null where the key is none. */
  queueOf: (key: string): string | null => (key.startsWith(QUEUE_PREFIX) ? key.slice(QUEUE_PREFIX.length) : null),
  workerOf: (key: string): string | null => (key.startsWith(WORKER_PREFIX) ? key.slice(WORKER_PREFIX.length) : null),
} as const;

/** Prefix of the lists that `Queue.compact()` leaves behind when it is interrupted. */
export const COMPACT_PREFIX = '_compact:';
