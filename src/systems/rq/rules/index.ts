import type { Diagnosis, Seen } from '../../../model';
import type { Reading } from '../read/reading';
import type { Rule } from './rule';

/** Every rule of RQ, in the order in which their findings are listed. */
const RULES: readonly Rule[] = [];

/** Findings of every rule; a rule that cannot run says why, and the others stand. */
export async function* diagnose(reading: Reading, seen: Seen, signal: AbortSignal): AsyncGenerator<Diagnosis, void> {
  for (const rule of RULES) {
    signal.throwIfAborted();
    try {
      yield* await rule.check({ reading, seen, signal });
      yield { rule: rule.id, checked: true };
    } catch (error) {
      if (signal.aborted) throw error;
      yield { rule: rule.id, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}
