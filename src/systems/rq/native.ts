import type { Problem, State, SystemFacts } from '../../model';
import type { Structure } from './keys';

/** What RQ calls a job. */
export const NOUN = { one: 'job', other: 'jobs' } as const;

/** RQ's own word for a job by where it stands (rq/job.py, JobStatus; `popped` is how its cleaner calls the moment). */
export const NATIVE_WORD: Readonly<Record<Structure, string>> = {
  queue: 'queued',
  intermediate: 'popped',
  wip: 'started',
  finished: 'finished',
  failed: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
  'failed-list': 'failed',
  scheduler: 'scheduled',
  job: 'created',
};

/** What the field `status` may say of a job that stands in a structure; structures that are not here allow any. */
const EXPECTED: Readonly<Partial<Record<Structure, readonly string[]>>> = {
  queue: ['queued'],
  wip: ['started', 'queued'],
  finished: ['finished'],
  failed: ['failed', 'stopped'],
  deferred: ['deferred', 'created'],
  scheduled: ['scheduled'],
  canceled: ['canceled'],
  intermediate: ['queued'],
};

/**
 * What a job may do again while it still stands among the finished ones of its last run: one with `repeat` (RQ ≥ 2.2),
 * and one that rq-scheduler enqueues under the same id each time.
 */
const GOES_ON: readonly string[] = ['scheduled', 'queued', 'started'];

/** Statuses of a job that ended and was enqueued again under its id: its hash is that of the new run. */
const REUSED: readonly string[] = [...GOES_ON, 'deferred'];

/** True of places of jobs that have ended. */
export const isEnded = (structure: Structure): boolean =>
  structure === 'finished' || structure === 'failed' || structure === 'failed-list' || structure === 'canceled';

/**
 * Statuses in which a job is not deleted from a place, since the hash that would go is needed where it stands besides.
 * One in no structure whose worker died keeps the status "started" for ever.
 */
export function neededElsewhere(structure: Structure): readonly string[] {
  if (structure === 'job') return [];
  return isEnded(structure) ? REUSED : ['started'];
}

/** True of places in which a job may stand besides the one that its status names. */
export const isUsualBeside = (structure: Structure): boolean => structure === 'finished' || structure === 'scheduler';

/** True where jobs of this status stand. */
export const isStructureOf = (structure: Structure, status: string | null): boolean =>
  status !== null && EXPECTED[structure]?.includes(status) === true;

/** A hash that says something else than the place it stands in: a change of several steps was interrupted. */
export function statusProblem(structure: Structure, status: string | null): Problem | null {
  const expected = EXPECTED[structure];
  if (expected === undefined || status === null || status === '' || expected.includes(status)) return null;
  if (structure === 'finished' && GOES_ON.includes(status)) return null;
  return {
    part: 'status',
    reason: `Its hash says "${status.slice(0, 40)}", yet its id stands among the ${NATIVE_WORD[structure]} jobs.`,
    offset: null,
  };
}

export const NOT_TAKEN =
  'RQ writes down a job between pop and start only from 1.15 on, and only for workers that serve a single queue.';

export const facts: SystemFacts = {
  noun: NOUN,
  nativeStates: {
    waiting: 'queued',
    scheduled: 'scheduled',
    deferred: 'deferred',
    running: 'started',
    taken: 'popped',
    failed: 'failed',
    finished: 'finished',
    canceled: 'canceled',
  },
  troubleState: 'failed',
  sources: {
    waiting: 'LLEN rq:queue:{queue}',
    scheduled: 'ZCARD rq:scheduled:{queue}',
    deferred: 'ZCARD rq:deferred:{queue}',
    running: 'ZCARD rq:wip:{queue}',
    taken: 'LLEN rq:queue:{queue}:intermediate',
    failed: 'ZCARD rq:failed:{queue}',
    finished: 'ZCARD rq:finished:{queue}',
    canceled: 'ZCARD rq:canceled:{queue}',
  },
};

/** The state a job has by its field `status` alone: what is known where it stands in no list or registry. */
export function placeOfStatus(status: string | null): { readonly state: State; readonly word: string } {
  switch (status) {
    case 'queued':
      return { state: 'waiting', word: status };
    case 'started':
      return { state: 'running', word: status };
    case 'stopped':
      return { state: 'failed', word: status };
    case 'failed':
    case 'finished':
    case 'deferred':
    case 'scheduled':
    case 'canceled':
      return { state: status, word: status };
    default:
      // Saved, never enqueued: 'created' since 2.4.1, no status before.
      return { state: 'waiting', word: status || 'created' };
  }
}
