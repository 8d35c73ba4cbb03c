import { type Command, isFailure, type RedisBroker } from '../../../brokers/redis/port';
import { InspectorError, type State, type Target } from '../../../model';
import { FAILED_LIST, jobKey, QUEUE_PREFIX, QUEUES, type RqPlace, type Structure } from '../keys';
import { isList, type Located, locate, refOf, structureOf } from '../places';
import type { RqActContext } from './context';
import { list } from './generation';
import { latin1, readable, wire } from './undo';
import { keyOf, type Source } from './walk';
import type { Item } from './work';

/** Ids read in one reply. */
const PAGE = 1000;

/** Names of all queues RQ knows of, without the list of failed jobs of RQ ≤ 0.13. */
export async function queueNames(broker: RedisBroker, failedList: boolean, signal: AbortSignal): Promise<string[]> {
  const [keys] = await broker.read([['SMEMBERS', QUEUES]], signal);
  return list(keys)
    .map(key => readable(key.toString('latin1')))
    .filter(key => key.startsWith(QUEUE_PREFIX) && !(failedList && key === FAILED_LIST))
    .map(key => key.slice(QUEUE_PREFIX.length))
    .sort();
}

/** What the targets name, by structure, in the order in which they came. */
export async function sourcesOf(
  context: RqActContext,
  targets: readonly Target[],
  failedList: boolean,
  signal: AbortSignal,
): Promise<Source[]> {
  const sources: Source[] = [];
  for (const target of targets) {
    if (target.kind === 'jobs') {
      const located = target.refs.map(ref => ({ ...locate(ref), ref }));
      sources.push(...grouped(await placed(context.broker, located, failedList, signal)));
    } else if (target.kind === 'selector' && target.search !== undefined && target.search !== '') {
      sources.push(...grouped(await found(context, target, target.search, signal)));
    } else if (target.kind === 'selector') {
      for (const place of await placesOf(context.broker, target, failedList, signal))
        sources.push({ place, items: null });
      // Workers of both kinds may live here: their failed jobs stand in both.
      if (target.state === 'failed' && failedList)
        sources.push(...grouped(await failedOf(context.broker, target.queue, signal)));
    }
  }
  return sources;
}

/** Where a job of each status stands (rq/job.py, JobStatus). */
const HOMES: Readonly<Record<string, Structure>> = {
  queued: 'queue',
  started: 'wip',
  finished: 'finished',
  failed: 'failed',
  stopped: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
};

/**
 * Jobs known by their id alone (place `job`: a relation, a worker's current job) get the place where they stand. Those
 * that stand nowhere keep it: then only the hash is acted on.
 */
async function placed<T extends Located>(
  broker: RedisBroker,
  located: readonly T[],
  failedList: boolean,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const adrift = located.filter(({ place }) => place.structure === 'job');
  if (adrift.length === 0) return located;
  const hashes = await broker.read(
    adrift.map(({ id }) => ['HMGET', jobKey(id), 'status', 'origin'] as const),
    signal,
  );
  const probes = adrift.flatMap(({ id, place }, index) => {
    const [status, origin] = (list(hashes[index]) as readonly (Buffer | null)[]).map(each => each?.toString('latin1'));
    const structure = HOMES[status ?? ''] ?? 'job';
    const structures: Structure[] = failedList && structure === 'failed' ? ['failed', 'failed-list'] : [structure];
    return structures.map(each => {
      const home: RqPlace = origin === undefined ? place : { structure: each, queue: readable(origin) };
      return { index, home, command: standsIn(broker, home, id) };
    });
  });
  const replies = await broker.read(
    probes.map(({ command }) => command),
    signal,
  );
  const found = new Map<T, RqPlace | null>(adrift.map(job => [job, null]));
  probes.forEach(({ index, home }, i) => {
    const job = adrift[index];
    const reply = replies[i];
    if (job !== undefined && reply !== null && !isFailure(reply) && found.get(job) === null) found.set(job, home);
  });
  return located.map(job => {
    const home = found.get(job);
    return home === undefined || home === null ? job : { ...job, place: home };
  });
}

/** Asks whether a job stands in a place: null where it does not. */
function standsIn(broker: RedisBroker, home: RqPlace, job: string): Command {
  const id = wire(latin1(job));
  if (home.structure === 'job' || home.structure === 'wip') return ['EXISTS', jobKey(job)];
  const key = wire(keyOf(home));
  if (!isList(home.structure)) return ['ZSCORE', key, id];
  return broker.server.atLeast('6.0.6') ? ['LPOS', key, id] : ['EXISTS', key];
}

async function placesOf(
  broker: RedisBroker,
  { queue, state }: { readonly queue: string | null; readonly state: State },
  failedList: boolean,
  signal: AbortSignal,
): Promise<RqPlace[]> {
  const structure = structureOf(state);
  if (structure === undefined) {
    throw new InspectorError('bad-request', {
      message: `RQ has no jobs that are ${state}.`,
      tried: 'finding the jobs to act on',
      answer: `"${state}" is no state of RQ`,
      remedy: 'Choose one of the states that the queue shows.',
    });
  }
  const queues = queue === null ? await queueNames(broker, failedList, signal) : [queue];
  return queues.map(name => ({ structure, queue: name }));
}

/** RQ ≤ 0.13 keeps the failed jobs of all queues in one list: each one's queue stands in its hash. */
async function failedOf(
  broker: RedisBroker,
  queue: string | null,
  signal: AbortSignal,
): Promise<(Located & { ref: string })[]> {
  const jobs: (Located & { ref: string })[] = [];
  for (let from = 0; ; from += PAGE) {
    const [reply] = await broker.read([['LRANGE', FAILED_LIST, from, from + PAGE - 1]], signal);
    const ids = list(reply).map(id => readable(id.toString('latin1')));
    const origins = await broker.read(
      ids.map(id => ['HGET', jobKey(id), 'origin'] as const),
      signal,
    );
    ids.forEach((id, index) => {
      const origin = origins[index];
      const place = {
        structure: 'failed-list',
        queue: Buffer.isBuffer(origin) ? readable(origin.toString('latin1')) : (queue ?? ''),
      } as const;
      if (queue === null || place.queue === queue) jobs.push({ place, member: id, id, ref: refOf(place, id) });
    });
    if (ids.length < PAGE) return jobs;
  }
}

async function found(
  context: RqActContext,
  target: { readonly queue: string | null; readonly state: State },
  text: string,
  signal: AbortSignal,
): Promise<(Located & { ref: string })[]> {
  const hits: (Located & { ref: string })[] = [];
  const query = { text, queue: target.queue, state: target.state, limit: Number.MAX_SAFE_INTEGER };
  for await (const hit of context.search(query, signal)) {
    if ('found' in hit) hits.push({ ...locate(hit.found.ref), ref: hit.found.ref });
  }
  return hits;
}

function grouped(located: readonly (Located & { readonly ref: string })[]): Source[] {
  const groups = new Map<string, { place: RqPlace; items: Map<string, Item> }>();
  for (const { place, id, member, ref } of located) {
    const key = `${place.structure}:${place.queue}`;
    const group = groups.get(key) ?? { place, items: new Map<string, Item>() };
    groups.set(key, group);
    group.items.set(id, { id: latin1(id), member: latin1(member), ref });
  }
  return [...groups.values()].map(({ place, items }) => ({ place, items: [...items.values()] }));
}

/** How many stand there now; exact for chosen ones. */
export async function sizesOf(
  broker: RedisBroker,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<readonly number[]> {
  const whole = sources.filter(({ items }) => items === null);
  const replies = await broker.read(
    whole.map(({ place }) => [isList(place.structure) ? 'LLEN' : 'ZCARD', wire(keyOf(place))] as const),
    signal,
  );
  return sources.map(source => {
    const reply = source.items === null ? replies[whole.indexOf(source)] : source.items.length;
    return typeof reply === 'number' ? reply : 0;
  });
}
