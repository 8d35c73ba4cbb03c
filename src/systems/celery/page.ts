import { type Count, exactly, type JobPage, type JobQuery, sumCounts, unknown } from '../../model';
import { noCursor } from '../reading/cursor';
import { RUNNING_NOT_RECORDED, TASKS } from './native';
import type { CeleryParts } from './parts';
import { rowOfHeld, withWorker } from './rows';
import { runningOf } from './running';
import type { HeldTask } from './types';

/** One page of tasks of a state: messages by the broker, what runs by the workers, everything that ended by results. */
export async function readPage(parts: CeleryParts, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  switch (query.state) {
    case 'waiting':
    case 'taken':
      return messages(parts, query, signal);
    case 'running':
      return running(parts, query, signal);
    case 'scheduled':
      return parts.redis === null ? scheduled(parts, query, signal) : results(parts, query, signal);
    case 'failed':
    case 'finished':
    case 'canceled':
      return results(parts, query, signal);
    default: {
      const why = `Celery has no state "${query.state}".`;
      return { items: [], next: null, total: unknown(why), order: why, moved: null, withheld: null };
    }
  }
}

async function messages(parts: CeleryParts, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const page = await parts.transport.page(query, signal);
  if (query.state !== 'taken') return page;
  if (parts.redis !== null) return { ...page, items: page.items.map(row => withWorker(parts, row)) };
  // RabbitMQ shows none of what it has delivered: workers told what they hold.
  const held = heldOf(parts, query.queue, ({ how }) => how !== 'active');
  if (parts.workers.fleet.askedAt === null || held.length === 0) return page;
  const slice = sliceOf(held, query);
  return {
    items: slice.items.map(task => rowOfHeld(parts.key, task)),
    next: slice.next,
    total: page.total,
    order: 'as workers told',
    moved: null,
    withheld: null,
  };
}

function heldOf(
  { workers: { fleet } }: CeleryParts,
  queue: string | null,
  wanted: (task: HeldTask) => boolean,
): readonly HeldTask[] {
  return [...fleet.held.values()]
    .filter(task => wanted(task) && (queue === null || task.queue === queue))
    .sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0) || (a.id < b.id ? -1 : 1));
}

const OFFSET = /^held:(\d{1,9})$/;

function sliceOf(held: readonly HeldTask[], { cursor, size }: JobQuery) {
  const match = cursor === null ? null : OFFSET.exec(cursor);
  if (cursor !== null && match === null) throw noCursor(cursor, TASKS);
  const from = match === null ? 0 : Number(match[1]);
  const items = held.slice(from, from + size);
  const end = from + items.length;
  return { items, end, next: end < held.length ? `held:${end}` : null };
}

/** What workers said runs, then what results say besides (STARTED, and states of the application's own). */
async function running(parts: CeleryParts, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const { fleet } = parts.workers;
  const active = heldOf(parts, query.queue, ({ how }) => how === 'active');
  await parts.results.locate(signal);
  const { store } = parts.results;
  const asked = fleet.askedAt !== null;
  const inHeld = query.cursor === null || OFFSET.test(query.cursor);
  const slice = inHeld ? sliceOf(active, query) : { items: [], end: active.length, next: null };
  const items = slice.items.map(task => rowOfHeld(parts.key, task));
  const order = asked ? 'running longest first, as workers told' : 'newest first';
  if (store === null || slice.next !== null || items.length >= query.size) {
    const next = slice.next ?? (store !== null && items.length > 0 ? `held:${slice.end}` : null);
    const ids = active.map(({ id }) => id);
    const total: Count = asked ? runningOf(ids, undefined, parts) : unknown(RUNNING_NOT_RECORDED);
    return { items, next, total, order, moved: null, withheld: null };
  }
  const size = query.size - items.length;
  const page = await store.page({ ...query, cursor: inHeld ? null : query.cursor, size }, signal);
  const shown = page.items.filter(row => row.id === null || fleet.held.get(row.id)?.how !== 'active');
  return {
    items: [...items, ...shown],
    next: page.next,
    total:
      query.queue === null && asked
        ? runningOf(
            active.map(({ id }) => id),
            page.total,
            parts,
          )
        : totalOf(active.length, page.total),
    order: active.length > 0 ? order : page.order,
    moved: page.moved,
    withheld: items.length > 0 ? null : page.withheld,
  };
}

function totalOf(active: number, stored: Count): Count {
  if (active === 0 || 'unknown' in stored) return active === 0 ? stored : exactly(active);
  return { atLeast: Math.max(active, 'exact' in stored ? stored.exact : stored.atLeast) };
}

/** Tasks that the broker itself delays (RabbitMQ), then those that are tried again. */
async function scheduled(parts: CeleryParts, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const stored = query.cursor?.startsWith('results:') === true;
  const delayed = stored ? null : await parts.transport.page(query, signal);
  const empty = delayed === null || ('exact' in delayed.total && delayed.total.exact === 0);
  if (
    delayed !== null &&
    !empty &&
    (delayed.withheld !== null || delayed.next !== null || delayed.items.length >= query.size)
  )
    return delayed.next === null && delayed.withheld === null ? { ...delayed, next: 'results:' } : delayed;
  const cursor = stored ? (query.cursor ?? '').slice('results:'.length) || null : null;
  const size = Math.max(1, query.size - (delayed?.items.length ?? 0));
  const page = await results(parts, { ...query, cursor, size }, signal);
  return {
    ...page,
    total: delayed === null ? page.total : sumCounts([delayed.total, page.total]),
    items: [...(delayed?.items ?? []), ...page.items],
    next: page.next === null ? null : `results:${page.next}`,
  };
}

async function results(parts: CeleryParts, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  await parts.results.locate(signal);
  const { store, companion } = parts.results;
  if (store !== null) return store.page(query, signal);
  if (query.cursor !== null) throw noCursor(query.cursor, TASKS);
  const why = companion.reason ?? 'Nobody has said where the results are.';
  return { items: [], next: null, total: unknown(why), order: why, moved: null, withheld: null };
}
