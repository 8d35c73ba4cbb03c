import { replyError } from '../../brokers/redis/failures';
import type { RedisBroker } from '../../brokers/redis/port';
import type { Evidence } from '../../model';
import { failureOf, numberOf, plainOf } from '../reading/replies';
import { CRON_SCHEDULERS, FAILED_LIST, QUEUES, SCHEDULED_JOBS, WORKERS } from './keys';
import { learnQueues } from './read/queues';
import type { Reading } from './read/reading';

/** Fixed names that only RQ and what stands beside it write, the type each must have, and how its size is read. */
const SIGNS = [
  [QUEUES, 'set', 'SCARD'],
  [WORKERS, 'set', 'SCARD'],
  [SCHEDULED_JOBS, 'zset', 'ZCARD'],
  [CRON_SCHEDULERS, 'zset', 'ZCARD'],
  [FAILED_LIST, 'list', 'LLEN'],
] as const;

const WORDS: Readonly<Record<string, string>> = { set: 'set', zset: 'sorted set', list: 'list' };

/**
 * What shows that RQ keeps jobs here: one round trip over fixed names; empty where nothing does. Where there is
 * something, the names of the queues are learned too, so that a first page need not ask for them.
 * @throws InspectorError, e.g. `forbidden`, where the server refuses to tell of any of them
 */
export async function readEvidence(reading: Reading, signal: AbortSignal): Promise<readonly Evidence[]> {
  const broker: RedisBroker = reading.broker;
  const replies = await broker.read(
    SIGNS.flatMap(([key, , size]) => [['TYPE', key] as const, [size, key] as const]),
    signal,
  );
  const evidence: Evidence[] = [];
  SIGNS.forEach(([key, type, size], index) => {
    const found = plainOf(replies[index * 2]) ?? '';
    const members = numberOf(replies[index * 2 + 1]);
    if (found !== type || members === null) return;
    evidence.push({
      what: `key ${key}`,
      value: `${WORDS[type]} with ${members} ${members === 1 ? 'member' : 'members'}`,
      source: `${size} ${key}`,
    });
  });
  // Where nothing may be looked at, finding nothing tells nothing.
  const refusals = replies.map(failureOf);
  const [refusal] = refusals;
  if (refusals.every(each => each !== null) && refusal != null) throw replyError(refusal, `looking for RQ's keys`);
  if (evidence.length > 0) await learnQueues(reading, signal);
  return evidence;
}
