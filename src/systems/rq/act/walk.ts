import { isFailure, type RedisBroker } from '../../../brokers/redis/port';
import { InspectorError } from '../../../model';
import { placeKey, type RqPlace } from '../keys';
import { isList, refOf } from '../places';
import { list } from './generation';
import { NEIGHBOURS, type Neighbours } from './neighbours';
import { type Latin1, ofKey, readable, wire } from './undo';
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
  /** Of ids that stood more than once in what was read at once: how often. */
  readonly #times = new Map<Latin1, number>();
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
    return items.map(({ id }, index) => ({
      times: this.#times.get(id) ?? 1,
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
    const fresh = [...new Set(ids)].filter(id => !this.#seen.has(id)).slice(0, this.#left);
    if (fresh.length < ids.length) this.#count(ids);
    for (const id of fresh) this.#seen.add(id);
    this.#ready.push(...itemsOf(this.place, fresh));
    this.#left -= fresh.length;
    this.#ended = ids.length === 0 || this.#left <= 0;
    // What was handed out and stayed (expired, refused) stands before the rest: behind it the walk goes on.
    this.#offset = fresh.length === 0 ? from + PAGE : 0;
  }

  #count(ids: readonly Latin1[]): void {
    const times = new Map<Latin1, number>();
    for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
    for (const [id, count] of times) if (count > 1 && !this.#seen.has(id)) this.#times.set(id, count);
  }
}

/** Items of one place; most of a ref is the place, which is written once. */
function itemsOf(place: RqPlace, ids: readonly Latin1[]): Item[] {
  const ref = refOf(place, '');
  return ids.map(id => ({ id, member: id, ref: ref + encodeURIComponent(readable(id).toWellFormed()) }));
}
