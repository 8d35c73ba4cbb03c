import type { Diagnosis, Seen } from '../../../model';
import { runRules } from '../../acting/rules';
import type { Reading } from '../read/reading';
import { legacyFailedList, mixedPythons, mixedVersions } from './generations';
import { importFailures } from './imports';
import { deferredForEver, goneHashes, jsonAmongPickles } from './members';
import type { Rule } from './rule';
import { compactLeft, lostJobs, stuckIntermediate } from './running';
import { Samples } from './samples';
import { scheduledWithoutScheduler, schedulerPackage, staleCron } from './scheduling';
import { noWorker, queueWithoutWorker, staleWorker, suspended } from './serving';

/** Every rule of RQ, in the order in which their findings come. */
export const RULES: readonly Rule[] = [
  noWorker,
  queueWithoutWorker,
  suspended,
  staleWorker,
  lostJobs,
  stuckIntermediate,
  scheduledWithoutScheduler,
  schedulerPackage,
  staleCron,
  importFailures,
  jsonAmongPickles,
  deferredForEver,
  mixedVersions,
  mixedPythons,
  legacyFailedList,
  goneHashes,
  compactLeft,
];

/** Findings of every rule; a rule that cannot run says why, and the others stand. */
export function diagnose(reading: Reading, seen: Seen, signal: AbortSignal): AsyncGenerator<Diagnosis, void> {
  const samples = new Samples(reading, signal);
  return runRules(RULES, { reading, seen, signal, samples, now: Date.parse(seen.overview.readAt) });
}
