import type { Instant, JobError } from '../../../../model';
import { jobErrorOf } from '../../../reading/errors';
import { resultTracebackText, tracebackText, typeOfSentence } from '../../errors';
import { instantOfSeconds, millisecondsOf } from '../../times';
import { numberIn, type ResultEntry, textIn, type Whole } from './whole';

/** One entry of the stream `rq:results:<id>` (rq/results.py, 1.12 to 2.12). */
export interface Attempt {
  readonly kind: 'finished' | 'failed' | 'stopped' | 'retried';
  /** Type 5: the function asked for a retry once too often. */
  readonly exhausted: boolean;
  readonly endedAt: Instant;
  readonly startedAt: Instant;
  readonly worker: string | null;
  readonly error: JobError | null;
  readonly entry: ResultEntry;
}

const KINDS = { '1': 'finished', '2': 'failed', '3': 'stopped', '4': 'retried', '5': 'failed' } as const;

/** RQ writes no text for a job that failed since its function returned `Retry` too often (≥ 2.1). */
const EXHAUSTED: JobError = {
  ...jobErrorOf('It asked for a retry more often than allowed.', 'MaxRetriesExceeded'),
  traceback: '',
};

/** Attempts, oldest first. */
export function attemptsOf(whole: Whole): Attempt[] {
  const attempts = whole.results.flatMap((entry): Attempt[] => {
    const type = textIn(entry.fields, 'type') ?? '';
    if (!Object.hasOwn(KINDS, type)) return [];
    const kind = KINDS[type as keyof typeof KINDS];
    const text = resultTracebackText(entry.fields.get('exc_string')?.bytes ?? null);
    const ended = instantOfSeconds(numberIn(entry.fields, 'execution_ended_at'));
    return [
      {
        // The stop path of every RQ so far writes type 2 with this sentence.
        kind: kind === 'failed' && text?.startsWith('Job stopped by user') === true ? 'stopped' : kind,
        exhausted: type === '5',
        endedAt: ended ?? instantOfSeconds(Number(entry.id.split('-')[0]) / 1000),
        startedAt: instantOfSeconds(numberIn(entry.fields, 'execution_started_at')),
        worker: textIn(entry.fields, 'worker_name'),
        error: text !== null ? errorOf(text) : type === '5' ? EXHAUSTED : null,
        entry,
      },
    ];
  });
  return attempts.reverse();
}

/** The failure that the hash itself holds (RQ up to 1.11, and later ones on Redis before 5.0). */
export function errorOfHash(whole: Whole): JobError | null {
  const field = whole.fields.get('exc_info');
  const text = tracebackText(field?.bytes ?? null);
  return text === null ? null : errorOf(text);
}

/** A traceback as people read it. */
const errorOf = (text: string): JobError => jobErrorOf(text, typeOfSentence(text));

/** Seconds between two instants; null where one is missing. */
export function secondsBetween(from: Instant, to: Instant): number | null {
  const start = millisecondsOf(from);
  const end = millisecondsOf(to);
  return start === null || end === null ? null : (end - start) / 1000;
}
