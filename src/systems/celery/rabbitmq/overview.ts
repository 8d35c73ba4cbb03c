import type { ManagedQueue, QueueDepth } from '../../../brokers/rabbitmq/port';
import { type Count, exactly, isAbort, type Problem, type QueueSummary, sumCounts, unknown } from '../../../model';
import { Turns } from '../../reading/turns';
import type { TransportOverview } from '../types';
import type { Layout } from './classify';
import { DEFAULT_QUEUE } from './names';
import { detailsOf, factOf, factWithoutManagement, type QueueFact } from './queue-facts';
import type { RabbitState } from './state';
import { problemOf, readVhost, type Vhost } from './vhost';
import { workersOf } from './workers';

export const NOT_VISIBLE = 'not visible without the management plug-in';
const NOT_COUNTED = 'RabbitMQ has not counted it yet: its statistics lag by some seconds';
/**
 * Queues whose ready messages are asked for one by one: then the count is the queue's own and does not lag. Of more
 * queues than that, only those of which the statistics do not tell yet.
 */
const ASKED_ONE_BY_ONE = 200;
/** Milliseconds between two statistics of a node (`collect_statistics_interval`, default). */
const STATISTICS_MS = 5000;

/**
 * The app's queues with what waits and what is held. From the management API where it answers, else the queues that are
 * known by name, counted over AMQP.
 * @throws InspectorError where neither answers
 */
export async function readOverview(state: RabbitState, signal: AbortSignal): Promise<TransportOverview> {
  const { broker } = state;
  const before = broker.meter.roundTrips + broker.meter.requests;
  const overview = await (async () => {
    if (broker.management === null) {
      const reason = `${broker.managementProblem ?? 'The management API does not answer.'} ${ONLY_NAMED}`;
      return byName(state, [{ part: 'management', reason, offset: null }], signal);
    }
    let vhost: Vhost;
    try {
      vhost = await readVhost(broker, broker.management, state.named, signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      const { part, reason } = problemOf('management', error);
      return byName(state, [{ part, reason: `${reason} ${ONLY_NAMED}`, offset: null }], signal);
    }
    return fromStatistics(state, vhost, signal);
  })();
  const read = { ...overview, roundTrips: broker.meter.roundTrips + broker.meter.requests - before };
  state.last = { at: Date.now(), overview: read };
  return read;
}

/** The last overview while the statistics behind it can hardly have changed, else a new one. */
export async function recentOverview(state: RabbitState, signal: AbortSignal): Promise<TransportOverview> {
  const { last } = state;
  return last !== null && Date.now() - last.at < STATISTICS_MS ? last.overview : readOverview(state, signal);
}

const ONLY_NAMED =
  'Until it answers, only queues that are known by name are shown: those of the option "queues", celery, and those seen before.';

type Overview = Omit<TransportOverview, 'roundTrips'>;

async function fromStatistics(state: RabbitState, vhost: Vhost, signal: AbortSignal): Promise<Overview> {
  const { queues, layout } = vhost;
  const own = queues.filter(({ name }) => layout.roles.get(name)?.kind === 'app');
  const delayed = queues.filter(({ name }) => layout.roles.get(name)?.kind === 'delayed');
  const problems = [...vhost.problems, ...missing(state, queues)];
  const depths = await currentDepths(state, [...own, ...delayed], problems, signal);
  state.queues = new Map(own.map(queue => [queue.name, factOf(queue, state.broker)]));
  state.delayed = new Map(delayed.map(queue => [queue.name, factOf(queue, state.broker)]));
  state.targets = layout.targets;
  for (const { name, ready, unacked } of queues)
    if ((depths.get(name)?.ready ?? ready) === 0 && unacked === 0) state.looks.emptied(name);
  const { workers, serving } = workersOf(queues, vhost.structure, layout);
  const summaries: QueueSummary[] = [];
  const turns = new Turns();
  for (const queue of own) {
    summaries.push(summaryOf(state, queue, layout, depths.get(queue.name) ?? null, serving.get(queue.name)));
    if (turns.over) await turns.next();
  }
  return {
    queues: summaries,
    workers,
    taken: sumCounts(summaries.map(({ counts }) => counts.taken ?? exactly(0))),
    ...(delayed.length === 0
      ? {}
      : { scheduled: sumCounts(delayed.map(queue => delayedCount(queue, depths.get(queue.name)))) }),
    problems,
  };
}

function summaryOf(
  state: RabbitState,
  queue: ManagedQueue,
  layout: Layout,
  depth: QueueDepth | null,
  serving: readonly string[] | undefined,
): QueueSummary {
  const { name, ready, unacked, consumers, headTimestamp } = queue;
  const role = layout.roles.get(name);
  const why = role?.kind === 'app' ? role.why : '';
  const waiting = depth?.ready ?? ready;
  const listeners = depth?.consumers ?? consumers;
  return {
    name,
    counts: {
      waiting: waiting === null ? unknown(NOT_COUNTED) : exactly(waiting),
      taken: unacked === null ? unknown(NOT_COUNTED) : exactly(unacked),
    },
    paused: null,
    oldestWaitingAt: waiting !== 0 && headTimestamp !== null ? new Date(headTimestamp * 1000).toISOString() : null,
    // That there is no consumer is told by the broker; who they are, only where a worker's connections are one.
    workers: listeners === 0 ? [] : (serving ?? null),
    keys: [name],
    details: detailsOf(
      queue,
      state.queues?.get(name) ?? factOf(queue, state.broker),
      why,
      layout.deadLettersOf.get(name),
    ),
  };
}

function delayedCount({ ready: counted, unacked }: ManagedQueue, depth: QueueDepth | undefined): Count {
  const ready = depth?.ready ?? counted;
  return ready === null ? unknown(NOT_COUNTED) : exactly(ready + (unacked ?? 0));
}

/** What the queues themselves say, as far as they are asked; see ASKED_ONE_BY_ONE. */
async function currentDepths(
  state: RabbitState,
  queues: readonly ManagedQueue[],
  problems: Problem[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, QueueDepth>> {
  const few = queues.length <= ASKED_ONE_BY_ONE;
  const names = queues
    .filter(({ ready, state: now }) => (few || ready === null) && now !== 'down')
    .map(({ name }) => name);
  const depths = new Map<string, QueueDepth>();
  if (names.length === 0) return depths;
  try {
    const asked = names.slice(0, ASKED_ONE_BY_ONE);
    const answers = await state.broker.depths(asked, signal);
    asked.forEach((name, index) => {
      const depth = answers[index];
      if (depth != null) depths.set(name, depth);
    });
  } catch (error) {
    if (isAbort(error)) throw error;
    problems.push(problemOf('counts', error));
  }
  return depths;
}

/** Queues that a person named and that are not there. */
function missing({ named, broker }: RabbitState, queues: readonly { readonly name: string }[]): Problem[] {
  const there = new Set(queues.map(({ name }) => name));
  return named.queues
    .filter(name => !there.has(name))
    .map(name => ({
      part: `queue ${name}`,
      reason: `The virtual host ${broker.vhost} has no queue ${name}. Correct the option "queues", or start a worker that declares it.`,
      offset: null,
    }));
}

/** The honest smaller view: ready messages and consumers of the queues whose names are known. */
async function byName(state: RabbitState, problems: readonly Problem[], signal: AbortSignal): Promise<Overview> {
  const { broker, named } = state;
  const names = [...new Set([...named.queues, DEFAULT_QUEUE, ...(state.queues?.keys() ?? [])])].sort();
  const depths = await broker.depths(names, signal);
  const facts = new Map<string, QueueFact>();
  const queues: QueueSummary[] = [];
  names.forEach((name, index) => {
    const depth = depths[index] ?? null;
    if (depth === null) return;
    const known = state.queues?.get(name);
    facts.set(
      name,
      known === undefined ? factWithoutManagement(name, broker, depth.ready) : { ...known, ready: depth.ready },
    );
    queues.push({
      name,
      counts: { waiting: exactly(depth.ready), taken: unknown(NOT_VISIBLE) },
      paused: null,
      oldestWaitingAt: null,
      workers: depth.consumers === 0 ? [] : null,
      keys: [name],
      details: [{ name: 'Consumers', value: String(depth.consumers), format: 'text' }],
    });
  });
  state.queues = facts;
  return { queues, taken: unknown(NOT_VISIBLE), problems: [...problems, ...missing(state, queues)] };
}
