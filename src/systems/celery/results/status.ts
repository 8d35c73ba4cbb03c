import type { State } from '../../../model';

/** Stands for a status where the value could not be read: nothing says what became of the task. */
export const UNREADABLE = 'UNREADABLE';

/**
 * Celery's words for what became of a task (celery/states.py, 4.4 to 5.7), and what they are here. PENDING means that
 * nothing is stored; whatever is not listed is a word of the application (`PROGRESS`): it says so while it runs.
 */
const STATES: Readonly<Record<string, State>> = {
  RECEIVED: 'taken',
  STARTED: 'running',
  RETRY: 'scheduled',
  SUCCESS: 'finished',
  IGNORED: 'finished',
  FAILURE: 'failed',
  REJECTED: 'failed',
  REVOKED: 'canceled',
  // It stands where somebody will look for what went wrong.
  [UNREADABLE]: 'failed',
};

/** States that a result store tells of, in the order in which people read them. */
export const RESULT_STATES = ['scheduled', 'running', 'taken', 'failed', 'finished', 'canceled'] as const;

/** A custom state of an application is one of a task that runs. */
export function stateOfStatus(status: string): State {
  return Object.hasOwn(STATES, status) ? (STATES[status] ?? 'running') : 'running';
}

/** Celery (4.4.3 and later) never writes over a result that says SUCCESS (backends/base.py, _store_result). */
export const isFinal = (status: string): boolean => status === 'SUCCESS';
