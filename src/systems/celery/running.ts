import { atLeast, type Count, exactly } from '../../model';
import type { CeleryParts } from './parts';

/** Results of running tasks that are compared with what workers say. */
const COMPARED = 1000;

/** What workers said runs, and what results say besides, each task once as far as can be told. */
export function runningOf(
  active: readonly string[],
  recorded: Count | undefined,
  store: CeleryParts['results']['store'],
): Count {
  if (recorded === undefined || 'unknown' in recorded || store === null) return exactly(active.length);
  const stored = 'exact' in recorded ? recorded.exact : recorded.atLeast;
  if (stored > COMPARED) return atLeast(Math.max(active.length, stored));
  const all = new Set([...active, ...store.ids('running', null, COMPARED)]);
  return 'exact' in recorded ? exactly(all.size) : atLeast(all.size);
}
