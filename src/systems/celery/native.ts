import type { SystemFacts } from '../../model';

/** What Celery calls a job. */
export const NOUN = { one: 'task', other: 'tasks' } as const;

/** Where a cursor is none of a page of them. */
export const TASKS = { pageOf: 'Celery tasks', next: 'tasks' } as const;

/** Why Celery's broker has no list of workers. */
export const WORKERS_NOT_RECORDED = 'Celery writes no list of workers to the broker: they have to be asked.';
/** Why no schedule is listed where neither RedBeat nor a file of beat was found. */
export const SCHEDULES_NOT_RECORDED =
  'celery beat keeps its schedule in a file of its own, unless RedBeat keeps it in Redis; neither was found here.';
/** Why nobody can tell since when a task waits. */
export const SENT_NOT_RECORDED = 'A Celery message carries no time at which it was sent.';
/** What runs is told by workers alone, and by results only with `task_track_started`. */
export const RUNNING_NOT_RECORDED =
  'The broker does not record which tasks run: ask the workers, or set task_track_started.';

/**
 * The words of Celery's events (celery/events) for lists; each job carries its own state as celery/states.py spells it.
 * Not `PENDING`: that is also what Celery answers for a task that it has never heard of. `unacked` is kombu's.
 */
export const facts: SystemFacts = {
  noun: NOUN,
  nativeStates: {
    waiting: 'waiting',
    scheduled: 'retry',
    running: 'started',
    taken: 'unacked',
    failed: 'failed',
    finished: 'succeeded',
    canceled: 'revoked',
  },
  troubleState: 'failed',
  sources: {
    waiting: 'LLEN {queue} and its priorities',
    scheduled: 'celery-task-meta-*: status RETRY',
    running: 'inspect active; celery-task-meta-*: status STARTED',
    taken: 'HLEN unacked',
    failed: 'celery-task-meta-*: status FAILURE',
    finished: 'celery-task-meta-*: status SUCCESS',
    canceled: 'celery-task-meta-*: status REVOKED',
  },
};

/** Where the same is read when the messages are on RabbitMQ. Where results are is in the facts above. */
export const RABBIT_SOURCES: SystemFacts['sources'] = {
  waiting: 'messages_ready of queue {queue}',
  scheduled: 'messages_ready of the queues celery_delayed_*; celery-task-meta-*: status RETRY',
  taken: 'messages_unacknowledged of queue {queue}',
};
