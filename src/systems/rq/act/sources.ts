import { isFailure, type RedisBroker } from '../../../brokers/redis/port';
import { InspectorError, type State, type Target } from '../../../model';
import { FAILED_LIST, placeKey, QUEUE_PREFIX, QUEUES, type RqPlace } from '../keys';
import { isList, type Located, locate, refOf, structureOf } from '../places';
import type { RqActContext } from './context';
import { list } from './generation';
import { NEIGHBOURS, type Neighbours } from './neighbours';
import { type Latin1, latin1, ofKey, readable, wire } from './undo';
import type { Item } from './work';

/** Ids read ahead of the steps in one reply. */
const PAGE = 1000;

/** Jobs that stand in one structure: chosen ones, or all that stood there when it began. */
export interface Source {
  readonly place: RqPlace;
  /** null = all. */
  readonly items: readonly Item[] | null;
}

/** The structure's key; `''` where there is none (place `job`). */
export const keyOf = (place: RqPlace): Latin1 => ofKey(placeKey(place) ?? '');

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
    if (target.kind === 'jobs') sources.push(...grouped(target.refs.map(ref => ({ ...locate(ref), ref }))));
    else if (target.kind === 'selector' && target.search !== undefined && target.search !== '') {
      sources.push(...grouped(await found(context, target, target.search, signal)));
    } else if (target.kind === 'selector') {
      for (const place of await placesOf(context.broker, target, failedList, signal))
        sources.push({ place, items: null });
    }
  }
  return sources;
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
  if (structure === 'failed' && failedList) return [{ structure: 'failed-list', queue: queue ?? '' }];
  return queues.map(name => ({ structure, queue: name }));
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

/**
 * Walks through a structure that changes under the walk: by itself (the steps take away what it hands out) and by
 * others. Hands out each id once, and no more than stood there in the beginning.
 */
export class Walk {
  readonly place: RqPlace;
  readonly #broker: RedisBroker;
  readonly key: Latin1;
  readonly #backwards: boolean;
  readonly #seen = new Set<Latin1>();
  #ready: Item[] = [];
  #left: number;
  #offset = 0;
  #ended = false;
  #trail: Latin1[] = [];
  readonly #chosen: boolean;

  /** @param backwards from the last of a sorted set to the first */
  constructor(broker: RedisBroker, source: Source, size: number, backwards = false) {
    this.#broker = broker;
    this.place = source.place;
    this.key = keyOf(source.place);
    this.#backwards = backwards;
    this.#left = size;
    this.#chosen = source.items !== null;
    if (source.items !== null) {
      this.#ready = backwards ? [...source.items].reverse() : [...source.items];
      this.#ended = true;
    }
  }

  /** The next ids, at most `count`; none at the end. */
  async next(count: number, signal: AbortSignal): Promise<Item[]> {
    while (this.#ready.length === 0 && !this.#ended) await this.#read(signal);
    return this.#ready.splice(0, count);
  }

  /**
   * Of a whole list: what stood beside the items just handed out when nothing had been taken away yet, so that a list
   * that is emptied in many steps can be put together again; undefined for chosen items.
   */
  beside(items: readonly Item[]): readonly Neighbours[] | undefined {
    if (this.#chosen) return undefined;
    const row = [...this.#trail, ...items.map(({ id }) => id), ...this.#ready.slice(0, NEIGHBOURS).map(({ id }) => id)];
    const start = this.#trail.length;
    this.#trail = row.slice(0, start + items.length).slice(-NEIGHBOURS);
    return items.map((_, index) => ({
      before: row.slice(Math.max(0, start + index - NEIGHBOURS), start + index).reverse(),
      after: row.slice(start + index + 1, start + index + 1 + NEIGHBOURS),
    }));
  }

  /** Hands them out again, first. */
  putBack(items: readonly Item[]): void {
    this.#ready.unshift(...items);
  }

  async #read(signal: AbortSignal): Promise<void> {
    const from = this.#offset;
    const command = isList(this.place.structure) ? 'LRANGE' : this.#backwards ? 'ZREVRANGE' : 'ZRANGE';
    const [reply] = await this.#broker.read([[command, wire(this.key), from, from + PAGE - 1]], signal);
    if (isFailure(reply)) {
      throw new InspectorError('broker-error', {
        message: `${readable(this.key)} could not be read: ${reply.message}`,
        tried: `${command} ${readable(this.key)}`,
        answer: reply.message,
        remedy: 'Look at the key with redis-cli; something else than RQ has written it.',
      });
    }
    const ids = list(reply).map(id => id.toString('latin1'));
    const fresh = ids.filter(id => !this.#seen.has(id)).slice(0, this.#left);
    for (const id of fresh) {
      this.#seen.add(id);
      this.#ready.push(itemOf(this.place, id));
    }
    this.#left -= fresh.length;
    this.#ended = ids.length === 0 || this.#left <= 0;
    // What was handed out and stayed (expired, refused) stands before the rest: behind it the walk goes on.
    this.#offset = fresh.length === 0 ? from + PAGE : 0;
  }
}

export function itemOf(place: RqPlace, id: Latin1): Item {
  return { id, member: id, ref: refOf(place, readable(id)) };
}
