import type { JobError, JobTimes, State, TimelineEvent } from '../../../../model';
import type { Attempt } from './attempts';
import { secondsBetween } from './attempts';

export interface Told {
  readonly times: JobTimes;
  readonly state: State;
  readonly nativeState: string;
  readonly attempts: readonly Attempt[];
  readonly error: JobError | null;
  readonly worker: string | null;
  readonly retriesLeft: number | null;
}

const TITLES = {
  finished: 'finished',
  failed: 'failed',
  stopped: 'was stopped',
  retried: 'asked for a retry',
} as const;

/** What happened to a job, in the order in which it did; what is not written down is said in the notes. */
export function timelineOf(told: Told): {
  readonly events: readonly TimelineEvent[];
  readonly notes: readonly string[];
} {
  const { times, attempts, state } = told;
  const events: TimelineEvent[] = [];
  const notes: string[] = [];
  const add = (event: Partial<TimelineEvent> & Pick<TimelineEvent, 'at' | 'kind' | 'title'>) => {
    events.push({ endAt: null, detail: null, error: null, worker: null, recorded: true, ...event });
  };
  if (times.createdAt !== null) add({ at: times.createdAt, kind: 'created', title: 'Created' });
  if (times.enqueuedAt !== null) {
    const before = attempts.length > 0 && (secondsBetween(attempts[0]!.endedAt, times.enqueuedAt) ?? -1) > 0;
    add({ at: times.enqueuedAt, kind: 'enqueued', title: before ? 'Enqueued again' : 'Enqueued' });
    if (before) notes.push('When it was enqueued before its first attempt is overwritten by each retry.');
  }
  for (const [index, attempt] of attempts.entries()) addAttempt(add, told, attempt, index);
  const last = attempts.at(-1);
  const recorded = last !== undefined && (secondsBetween(times.startedAt, last.endedAt) ?? -1) >= 0;
  if (!recorded && times.startedAt !== null) addHashRun(add, told);
  if (state === 'scheduled' && times.dueAt !== null) add({ at: times.dueAt, kind: 'due', title: 'Due' });
  if (state === 'canceled') add({ at: times.endedAt, kind: 'canceled', title: 'Canceled' });
  if (attempts.some(attempt => attempt.startedAt === null)) {
    notes.push(
      'RQ writes down when an attempt began only from 2.8 on; of older attempts only the last start is known.',
    );
  }
  events.sort((a, b) => Date.parse(a.at ?? a.endAt ?? '') - Date.parse(b.at ?? b.endAt ?? '') || 0);
  if (told.retriesLeft !== null) notes.push('RQ records no result of an attempt that it repeats by itself.');
  return { events, notes };
}

type Add = (event: Partial<TimelineEvent> & Pick<TimelineEvent, 'at' | 'kind' | 'title'>) => void;

function addAttempt(add: Add, told: Told, attempt: Attempt, index: number): void {
  const last = index === told.attempts.length - 1;
  const fits = last && (secondsBetween(told.times.startedAt, attempt.endedAt) ?? -1) >= 0;
  const startedAt = attempt.startedAt ?? (fits ? told.times.startedAt : null);
  add({
    at: startedAt ?? attempt.endedAt,
    endAt: attempt.endedAt,
    kind: startedAt !== null ? 'run' : attempt.kind === 'retried' ? 'retried' : attempt.kind,
    title: `Attempt ${index + 1} ${TITLES[attempt.kind]}`,
    detail: attempt.exhausted ? 'It asked for a retry more often than allowed.' : null,
    error: attempt.error,
    worker: attempt.worker ?? (fits ? told.worker : null),
    recorded: true,
  });
}

/** The one run that the hash tells of, where no result does: it goes on, or RQ is older than 1.12. */
function addHashRun(add: Add, told: Told): void {
  const { times, state, nativeState, error, worker } = told;
  const ended = (secondsBetween(times.startedAt, times.endedAt) ?? -1) >= 0 ? times.endedAt : null;
  const words =
    state === 'failed'
      ? nativeState === 'stopped'
        ? 'was stopped'
        : 'failed'
      : state === 'finished'
        ? 'finished'
        : 'ran';
  add({
    at: times.startedAt,
    endAt: ended,
    kind: 'run',
    title: state === 'running' ? 'Running' : `Attempt ${words}`,
    error: state === 'failed' ? error : null,
    worker,
  });
}
