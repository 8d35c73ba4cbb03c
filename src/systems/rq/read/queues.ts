import type { Command, Reply } from '../../../brokers/redis/port';
import type { State } from '../../../model';
import { arrayOf, nameOf, plainOf } from '../../reading/replies';
import { compareVersions } from '../../reading/versions';
import { COMPACT_PREFIX, FAILED_LIST, jobKey, QUEUE_PREFIX, QUEUES } from '../keys';
import type { Reading } from './reading';

/** Members of the failed list that are looked at to tell what it is and whose its jobs are. */
export const FAILED_LOOK = 500;

/** Names of queues from the set of their keys, sorted. RQ 0.13's failed list is no queue. */
export function queueNames(reply: Reply | undefined, legacyFailed: boolean): string[] {
  const names: string[] = [];
  for (const member of arrayOf(reply)) {
    const key = nameOf(member);
    if (key === null || !key.startsWith(QUEUE_PREFIX)) continue;
    const name = key.slice(QUEUE_PREFIX.length);
    if (name.startsWith(COMPACT_PREFIX) || (legacyFailed && key === FAILED_LIST)) continue;
    names.push(name);
  }
  return names.sort();
}

/**
 * Whether `rq:queue:failed` is the list of failed jobs that RQ had up to 0.13, and not a queue that somebody named
 * "failed". Its jobs tell: those of the old list have failed, those of a queue are queued. Where it is empty, workers
 * tell: from 1.2 on they write their version, and one that listens to "failed" makes it a queue.
 */
export function isLegacyFailedList(seen: {
  readonly registered: boolean;
  readonly statuses: readonly string[];
  readonly workers: readonly { readonly version: string | null; readonly queues: readonly string[] }[];
}): boolean {
  if (seen.statuses.includes('failed')) return true;
  if (seen.statuses.length > 0) return false;
  if (!seen.registered || seen.workers.some(worker => worker.queues.includes('failed'))) return false;
  return !seen.workers.some(worker => worker.version !== null && compareVersions(worker.version, '1.0') >= 0);
}

/** Names read longer ago than this are read again: who asks for pages alone would never see a new queue. */
const FRESH = 1000;

/** Asks for names and the kind of the failed list where no overview has told them lately: one or two round trips. */
export async function learnQueues(reading: Reading, signal: AbortSignal): Promise<readonly string[]> {
  const { broker, memory } = reading;
  const known = memory.failedListIsLegacy;
  if (memory.queues !== null && known !== null && performance.now() - memory.learnedAt < FRESH) return memory.queues;
  const [members, ids] = await broker.read(
    [
      ['SMEMBERS', QUEUES],
      ['LRANGE', FAILED_LIST, -5, -1],
    ],
    signal,
  );
  const commands = arrayOf(ids).map((id): Command => ['HGET', jobKey(nameOf(id) ?? ''), 'status']);
  const statuses = commands.length > 0 ? await broker.read(commands, signal) : [];
  const seen = {
    registered: arrayOf(members).some(member => plainOf(member) === FAILED_LIST),
    statuses: statuses.flatMap(status => plainOf(status) ?? []),
    workers: [],
  };
  // An overview knows the workers as well: what it told of an empty list still holds.
  const legacy = seen.statuses.length === 0 && known !== null ? known : isLegacyFailedList(seen);
  memory.failedListIsLegacy = legacy;
  const names = new Set([...queueNames(members, legacy), ...(memory.queues ?? [])]);
  if (legacy) names.delete('failed');
  memory.queues = [...names].sort();
  memory.learnedAt = performance.now();
  return memory.queues;
}

/**
 * The queues whose jobs of a state (null = all states) are asked for. A walk goes on with the names that it began with;
 * failed jobs may stand in the list of RQ 0.13, whatever their queue.
 */
export async function queuesOf(
  reading: Reading,
  {
    queue,
    state,
    cursor,
  }: { readonly queue: string | null; readonly state: State | null; readonly cursor: string | null },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = reading.memory.queues;
  if (queue !== null && ((state !== null && state !== 'failed') || (cursor !== null && known !== null))) return [queue];
  const names = cursor !== null && known !== null ? known : await learnQueues(reading, signal);
  return queue === null ? names : [queue];
}
