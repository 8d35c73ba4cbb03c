import { randomUUID } from 'node:crypto';
import { asInspectorError, type ErrorCode, type ItemOutcome, type Outcome, type Report, type Step } from '../../model';
import { Pace } from './pace';
import type { Batch, Did, Work } from './work';

/** After these no further step can go better: what is left is not tried. */
const FATAL: readonly ErrorCode[] = [
  'connection-lost',
  'unreachable',
  'unauthorized',
  'forbidden',
  'read-only',
  'replica',
  'out-of-memory',
  'unsupported',
  'loading',
];
const KEPT_DONE = 1000;

export interface RunOptions {
  /** Milliseconds of a round trip that does nothing: not the broker's time. */
  readonly roundTrip: number;
  /** What a step is remembered by (on Redis a key). */
  readonly recordOf: (stepId: string) => string;
}

/**
 * Runs work in steps until it ends, is stopped, or cannot go on; always ends in a report. A step that has begun ends
 * even when it is stopped meanwhile.
 */
export async function* runWork<I>(
  work: Work<I>,
  { roundTrip, recordOf }: RunOptions,
  signal: AbortSignal,
): AsyncGenerator<Step, Report, void> {
  const pace = new Pace(roundTrip);
  const tally = new Tally();
  const unstoppable = new AbortController().signal;
  let stopped = false;
  while (!stopped) {
    if (signal.aborted) {
      stopped = true;
      break;
    }
    let batch: Batch<I> | null;
    try {
      batch = await work.next(Math.max(1, pace.size), signal);
    } catch (error) {
      if (!signal.aborted) tally.add([failure(error, 'reading what comes next')]);
      stopped = true;
      break;
    }
    if (batch === null) break;
    const stepId = randomUUID();
    yield { phase: 'about', stepId, subjects: batch.subjects, undo: batch.undo };
    const began = performance.now();
    let did: Did<I>;
    try {
      did = await batch.run(recordOf(stepId), unstoppable);
      pace.took(batch.weight, performance.now() - began);
    } catch (thrown) {
      const error = asInspectorError(thrown, 'changing jobs');
      stopped = FATAL.includes(error.code);
      did = {
        outcomes: unfinished(batch, error.code === 'connection-lost' ? 'unknown' : 'failed', error.message),
        undo: [],
      };
    }
    work.settle?.(did);
    const outcomes = batch.outcomes.length === 0 ? did.outcomes : [...batch.outcomes, ...did.outcomes];
    tally.add(outcomes);
    yield {
      phase: 'did',
      stepId,
      outcomes,
      undo: did.undo,
      progress: { done: tally.seen, total: Math.max(work.total, tally.seen) },
    };
  }
  return tally.report(stopped);
}

function unfinished(batch: Batch<unknown>, what: Outcome, reason: string): ItemOutcome[] {
  const refs = batch.refs;
  return batch.subjects.map((id, index) => ({ ref: refs?.[index] ?? null, id, outcome: what, reason }));
}

function failure(thrown: unknown, tried: string): ItemOutcome {
  return { ref: null, id: null, outcome: 'failed', reason: asInspectorError(thrown, tried).message };
}

class Tally {
  readonly #counts: Record<Outcome, number> = { done: 0, gone: 0, refused: 0, failed: 0, unknown: 0 };
  readonly #items: ItemOutcome[] = [];
  seen = 0;

  add(outcomes: readonly ItemOutcome[]): void {
    for (const each of outcomes) {
      this.seen++;
      if (each.outcome !== 'done' || this.#counts.done < KEPT_DONE) this.#items.push(each);
      this.#counts[each.outcome]++;
    }
  }

  report(stopped: boolean): Report {
    return { counts: this.#counts, items: this.#items, stopped };
  }
}
