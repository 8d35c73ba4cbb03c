import type { RedisBroker } from '../../../brokers/redis/port';
import { list } from './generation';
import { type Latin1, wire } from './undo';
import type { Item } from './work';

/** Elements read at once where the server cannot look for one (before 6.0.6). */
const PAGE = 5000;

/** Neighbours kept on each side of a job in a list. */
export const NEIGHBOURS = 5;

export interface Neighbours {
  /** Towards the head, nearest first. */
  readonly before: readonly Latin1[];
  /** Towards the tail, nearest first. */
  readonly after: readonly Latin1[];
  /** How often it stands there: an id that was enqueued again while it waits stands there several times. */
  readonly times: number;
}

/** What stands beside each item in a list: two round trips, or a walk where the server has no LPOS. */
export async function neighboursOf(
  broker: RedisBroker,
  key: Latin1,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<Neighbours[]> {
  const positions = await positionsOf(broker, key, items, signal);
  const windows = await broker.read(
    positions.map(({ at }) => ['LRANGE', wire(key), Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS] as const),
    signal,
  );
  return positions.map(({ at, times }, index) => {
    if (at < 0) return { before: [], after: [], times };
    const window = list(windows[index]).map(each => each.toString('latin1'));
    const own = Math.min(at, NEIGHBOURS);
    // Itself is no neighbour: it goes with all of its places.
    const after = window.slice(own + 1).filter(each => each !== items[index]?.member);
    return { before: window.slice(0, own).reverse(), after, times };
  });
}

/** Index of the first element equal to each (-1 where there is none), and how many are, as far as the server tells. */
async function positionsOf(
  broker: RedisBroker,
  key: Latin1,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<{ readonly at: number; readonly times: number }[]> {
  if (broker.server.atLeast('6.0.6')) {
    const replies = await broker.read(
      items.map(({ member }) => ['LPOS', wire(key), wire(member), 'COUNT', 0] as const),
      signal,
    );
    return replies.map(reply => {
      const [at] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
      return typeof at === 'number' ? { at, times: (reply as readonly unknown[]).length } : { at: -1, times: 1 };
    });
  }
  const found = new Map<Latin1, number>();
  const wanted = new Set(items.map(({ member }) => member));
  for (let from = 0; found.size < wanted.size; from += PAGE) {
    const [reply] = await broker.read([['LRANGE', wire(key), from, from + PAGE - 1]], signal);
    const page = list(reply).map(each => each.toString('latin1'));
    page.forEach((id, index) => {
      if (wanted.has(id) && !found.has(id)) found.set(id, from + index);
    });
    if (page.length < PAGE) break;
  }
  return items.map(({ member }) => ({ at: found.get(member) ?? -1, times: 1 }));
}
