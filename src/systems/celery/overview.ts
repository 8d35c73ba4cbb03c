import { isRabbit } from '../../brokers/rabbitmq/port';
import { isRedis } from '../../brokers/redis/port';
import {
  asInspectorError,
  atLeast,
  type Broker,
  type Count,
  type Evidence,
  exactly,
  isAbort,
  knownAmount,
  type Overview,
  type Problem,
  type QueueSummary,
  type State,
  type StateCounts,
  sumCounts,
  unknown,
} from '../../model';
import { compareVersions } from '../reading/versions';
import { facts, RUNNING_NOT_RECORDED, SCHEDULES_NOT_RECORDED, WORKERS_NOT_RECORDED } from './native';
import type { CeleryParts } from './parts';
import { runningOf } from './running';
import type { Fleet, TransportOverview } from './types';

/** As long as RabbitMQ's statistics may lag, five seconds unless configured, an answer of workers is newer. */
const STATISTICS_LAG_MS = 6000;

/** States that only results tell of. */
const RESULT_STATES = ['scheduled', 'running', 'failed', 'finished', 'canceled'] as const;

/** Everything the tree shows. Messages, results and schedules are read side by side. */
export async function readOverview(
  parts: CeleryParts,
  name: string,
  evidence: readonly Evidence[],
  signal: AbortSignal,
): Promise<Overview> {
  const { transport, workers, schedules } = parts;
  const began = performance.now();
  const meter = meterOf(parts.broker);
  const trips = meter.roundTrips;
  const problems: Problem[] = [];
  const [counted, , listed] = await Promise.all([
    transport.overview(signal),
    lookAtResults(parts, problems, signal),
    readSchedules(parts, problems, signal),
  ]);
  if (counted.workers !== undefined) workers.learn?.(counted.workers);
  const { fleet } = workers;
  const messages = isRabbit(parts.broker) ? withHeld(counted, fleet) : counted;
  const now = Date.now();
  const people = workers.summaries(now);
  const versions = [...new Set(people.flatMap(worker => worker.version ?? []))].sort(compareVersions);
  const counts = countsOf(parts, messages);
  return {
    system: 'celery',
    name,
    version: versions.at(-1) ?? null,
    versions,
    evidence,
    counts,
    nativeStates: facts.nativeStates,
    queues: messages.queues.map(queue => served(queue, parts)),
    workers: people,
    ...(workers.asked === null ? {} : { asked: workers.asked }),
    schedules: listed,
    notRecorded: {
      ...(people.length > 0 || fleet.askedAt !== null ? {} : { workers: WORKERS_NOT_RECORDED }),
      ...(listed.length > 0 || (schedules.found ?? 0) > 0 ? {} : { schedules: SCHEDULES_NOT_RECORDED }),
    },
    absent: [],
    notices: [],
    problems: [...messages.problems, ...problems, ...(schedules.problems ?? []), ...parts.problems],
    readAt: new Date(now).toISOString(),
    cost: { roundTrips: meter.roundTrips - trips, milliseconds: Math.round(performance.now() - began) },
  };
}

/** Both kinds of broker that Celery is read on count their round trips. */
function meterOf(broker: Broker): { readonly roundTrips: number } {
  return isRabbit(broker) || isRedis(broker) ? broker.meter : { roundTrips: 0 };
}

async function lookAtResults({ results }: CeleryParts, into: Problem[], signal: AbortSignal): Promise<void> {
  try {
    await results.locate(signal);
    await results.store?.refresh(signal);
  } catch (thrown) {
    if (isAbort(thrown) || signal.aborted) throw thrown;
    const { message } = asInspectorError(thrown, 'reading the results');
    into.push({ part: 'results', reason: message, offset: null });
  }
}

/**
 * RabbitMQ's count of unacknowledged messages lags by seconds; what workers have just said that they hold does not. The
 * larger one is nearer to the truth, and then a lower bound: a task that a rate limit holds back is in no answer.
 */
function withHeld(counted: TransportOverview, fleet: Fleet): TransportOverview {
  if (fleet.askedAt === null || Date.now() - fleet.askedAt > STATISTICS_LAG_MS) return counted;
  const held = new Map<string, number>();
  for (const { how, queue } of fleet.held.values()) {
    // What runs has been acknowledged, unless acks_late is set.
    if (how !== 'active' && queue !== null) held.set(queue, (held.get(queue) ?? 0) + 1);
  }
  if (held.size === 0) return counted;
  const queues = counted.queues.map((queue): QueueSummary => {
    const said = held.get(queue.name) ?? 0;
    if (said <= knownAmount(queue.counts.taken)) return queue;
    return { ...queue, counts: { ...queue.counts, taken: atLeast(said) } };
  });
  return { ...counted, queues, taken: sumCounts(queues.map(({ counts }) => counts.taken ?? exactly(0))) };
}

async function readSchedules({ schedules }: CeleryParts, into: Problem[], signal: AbortSignal) {
  try {
    return await schedules.schedules(signal);
  } catch (thrown) {
    const error = asInspectorError(thrown, 'reading the schedules');
    if (error.code === 'aborted' || error.code === 'connection-lost') throw error;
    into.push({ part: 'schedules', reason: error.message, offset: null });
    return [];
  }
}

/** Which workers serve a queue, as far as they told. */
function served(queue: QueueSummary, { workers: { fleet } }: CeleryParts): QueueSummary {
  if (fleet.askedAt === null || queue.workers !== null) return queue;
  const serving = [...fleet.queues].flatMap(([worker, queues]) => (queues.includes(queue.name) ? [worker] : []));
  // A worker that is silent may serve it.
  return serving.length === 0 && fleet.silent.length > 0 ? queue : { ...queue, workers: serving };
}

function countsOf(parts: CeleryParts, messages: TransportOverview): StateCounts {
  const { fleet } = parts.workers;
  const { store, companion } = parts.results;
  const stored = store?.counts() ?? {};
  const why = companion.reason ?? 'Nobody has said where the results are.';
  const of = (state: State): Count => (store === null ? unknown(why) : (stored[state] ?? exactly(0)));
  const counts: Partial<Record<State, Count>> = {
    waiting: sumCounts(messages.queues.map(queue => queue.counts.waiting ?? exactly(0))),
    taken: messages.taken,
  };
  for (const state of RESULT_STATES) counts[state] = of(state);
  if (messages.scheduled !== undefined) counts.scheduled = sumCounts([messages.scheduled, of('scheduled')]);
  const active = [...fleet.held.values()].flatMap(({ id, how }) => (how === 'active' ? [id] : []));
  if (fleet.askedAt !== null) counts.running = runningOf(active, counts.running, parts);
  else if (store === null) counts.running = unknown(RUNNING_NOT_RECORDED);
  return counts;
}
