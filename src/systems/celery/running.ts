import { atLeast, type Count, exactly, unknown } from '../../model';
import type { CeleryParts } from './parts';

/** Results of running tasks that are compared with what workers say. */
const COMPARED = 1000;

/**
 * What workers said runs, and what results say besides, each task once as far as can be told. A worker that heard the
 * question and is silent may run more: one of the pool solo answers when its task has ended.
 */
export function runningOf(
  active: readonly string[],
  recorded: Count | undefined,
  { results: { store }, workers }: Pick<CeleryParts, 'results' | 'workers'>,
): Count {
  const count = countOf(active, recorded, store);
  const silent = workers.fleet.listeningSilently ?? 0;
  if (silent === 0 || !('exact' in count)) return count;
  const who =
    silent === 1 ? 'A worker that listens has not answered' : `${silent} workers that listen have not answered`;
  return count.exact > 0 ? atLeast(count.exact) : unknown(`${who}, and may be busy with a task.`);
}

function countOf(
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
