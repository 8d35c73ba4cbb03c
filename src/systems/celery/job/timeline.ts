import type { TimelineEvent } from '../../../model';
import { SENT_NOT_RECORDED } from '../native';
import { jobErrorOf } from '../results/errors';
import type { TaskResult } from '../types';
import type { Known } from './index';

/** What happened to a task, in the order in which it did; what nobody writes down is said in the notes. */
export function timelineOf(known: Known): {
  readonly events: readonly TimelineEvent[];
  readonly notes: readonly string[];
} {
  const { row, stored, message, result, held } = known;
  const events: TimelineEvent[] = [];
  const notes: string[] = [];
  const add = (event: Partial<TimelineEvent> & Pick<TimelineEvent, 'at' | 'kind' | 'title'>) => {
    events.push({ endAt: null, detail: null, error: null, worker: null, recorded: true, ...event });
  };
  if (row.enqueuedAt !== null) add({ at: row.enqueuedAt, kind: 'enqueued', title: 'Sent' });
  else if (message !== null) notes.push(SENT_NOT_RECORDED);
  const retries = message?.retries ?? result?.retries ?? 0;
  if (retries > 0) {
    notes.push(
      `${retries} ${retries === 1 ? 'attempt' : 'attempts'} before this one: Celery keeps only the last result.`,
    );
  }
  if (stored?.state === 'taken' && stored.heldSince !== null) {
    const at = new Date(stored.heldSince).toISOString();
    add({ at, kind: 'scheduled', title: 'Taken by a worker', worker: held?.worker ?? null });
  }
  if (held?.how === 'active' && held.startedAt !== null) {
    const at = new Date(held.startedAt).toISOString();
    add({ at, kind: 'run', title: 'Running, as its worker told', worker: held.worker });
  }
  if (result !== null) addResult(add, result, row.worker);
  const eta = message?.eta ?? null;
  if (eta !== null) add({ at: eta, kind: 'due', title: 'Due' });
  events.sort((a, b) => Date.parse(a.at ?? a.endAt ?? '') - Date.parse(b.at ?? b.endAt ?? '') || 0);
  return { events, notes };
}

type Add = (event: Partial<TimelineEvent> & Pick<TimelineEvent, 'at' | 'kind' | 'title'>) => void;

function addResult(add: Add, result: TaskResult, worker: string | null): void {
  const error = jobErrorOf(result.error, result.traceback);
  const who = result.worker ?? worker;
  const base = { at: result.dateDone, worker: who };
  switch (result.state) {
    case 'failed':
      add({ ...base, kind: 'failed', title: result.status === 'FAILURE' ? 'Failed' : result.status, error });
      return;
    case 'finished':
      add({ ...base, kind: 'finished', title: result.status === 'SUCCESS' ? 'Finished' : result.status });
      return;
    case 'canceled':
      add({
        ...base,
        kind: 'canceled',
        title: 'Revoked',
        detail: result.error?.message === 'revoked' ? null : (result.error?.message ?? null),
      });
      return;
    case 'scheduled':
      add({ ...base, kind: 'retried', title: `Attempt ${(result.retries ?? 0) + 1} asked for a retry`, error });
      return;
    default:
      add({ ...base, kind: 'run', title: result.status === 'STARTED' ? 'Started' : result.status });
  }
}
