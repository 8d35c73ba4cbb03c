import { type Command, type Reply, SPLIT, splits } from '../../../brokers/redis/port';
import { atLeast, type Count, exactly, type StateCounts, unknown } from '../../../model';
import { failureOf } from '../../reading/replies';
import { intermediateKey, queueKey, REGISTRIES, registryKey, type Structure } from '../keys';
import { NOT_TAKEN } from '../native';
import type { Lengths, Reading } from './reading';

/** Counts of one queue: the list, six registries, the intermediate list. */
export const WIDTH = 8;

/** RQ 0.13's list of failed jobs: its length, and the queues of those that were looked at. */
export interface FailedList {
  readonly length: number;
  readonly origins: readonly string[];
}

/** The commands that count queues, in parts that are made one by one: of 10,000 queues there are 80,000. */
export function* countParts(queues: readonly string[]): Generator<readonly Command[]> {
  const each = Math.floor(SPLIT / WIDTH);
  for (let from = 0; from < queues.length; from += each) {
    const commands: Command[] = [];
    for (const queue of queues.slice(from, from + each)) {
      commands.push(['LLEN', queueKey(queue)]);
      for (const registry of REGISTRIES) commands.push(['ZCARD', registryKey(registry, queue)]);
      commands.push(['LLEN', intermediateKey(queue)]);
    }
    yield commands;
  }
}

/**
 * Counts queues and reads what else is wanted, in one go.
 * @returns WIDTH replies for each queue, and the others
 */
export async function readCounts(
  { broker }: Reading,
  queues: readonly string[],
  others: readonly Command[],
  signal: AbortSignal,
): Promise<{ readonly counts: readonly Reply[]; readonly others: readonly Reply[] }> {
  function* parts() {
    yield* countParts(queues);
    yield* splits(others);
  }
  const counts: Reply[] = [];
  const rest: Reply[] = [];
  for await (const replies of broker.readParts(parts(), signal)) {
    const into = counts.length < queues.length * WIDTH ? counts : rest;
    for (const reply of replies) into.push(reply);
  }
  return { counts, others: rest };
}

/** Most counts of many queues are this one. */
const NONE = Object.freeze(exactly(0));

/** A key of a foreign type is a count that could not be taken, with the server's words. */
function countOf(reply: Reply | undefined): Count {
  return reply === 0
    ? NONE
    : typeof reply === 'number'
      ? exactly(reply)
      : unknown(failureOf(reply) ?? 'the server gave no number');
}

export function countsOf(
  queue: string,
  replies: readonly Reply[],
  at: number,
  failedList: FailedList | null,
): StateCounts {
  const taken = replies[at + 7];
  return {
    waiting: countOf(replies[at]),
    scheduled: countOf(replies[at + 5]),
    deferred: countOf(replies[at + 4]),
    running: countOf(replies[at + 1]),
    taken: typeof taken === 'number' && taken > 0 ? exactly(taken) : TAKEN_UNKNOWN,
    failed: failedList === null ? countOf(replies[at + 3]) : failedOf(queue, countOf(replies[at + 3]), failedList),
    finished: countOf(replies[at + 2]),
    canceled: countOf(replies[at + 6]),
  };
}

const TAKEN_UNKNOWN = unknown(NOT_TAKEN);

function failedOf(queue: string, own: Count, list: FailedList): Count {
  if (!('exact' in own)) return own;
  const here = list.origins.reduce((count, origin) => count + (origin === queue ? 1 : 0), own.exact);
  return list.origins.length < list.length ? atLeast(here) : exactly(here);
}

/** Order of the counts: the list, then the registries as in REGISTRIES, then the intermediate list. */
const COUNTED: readonly Structure[] = ['queue', ...REGISTRIES, 'intermediate'];

export function rememberLengths(lengths: Lengths, queue: string, replies: readonly Reply[], at: number): void {
  for (let i = 0; i < WIDTH; i++) {
    const reply = replies[at + i];
    if (typeof reply === 'number') lengths.of(COUNTED[i]!).set(queue, reply);
  }
}

/** What a queue's keys are called, for tooltips and for copying. */
export function queueKeysOf(queue: string): string[] {
  return [`rq:queue:${queue}`, ...REGISTRIES.map(registry => `rq:${registry}:${queue}`)];
}
