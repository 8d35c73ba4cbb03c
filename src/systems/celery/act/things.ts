import { InspectorError, type ItemOutcome, isState, parseRef, type Ref, type State, type Target } from '../../../model';
import { NO_LONGER_THERE, outcome } from '../../acting/work';
import { type CeleryContext, HELD_PLACE, RESULT_PLACE, type StoredElement } from '../parts';
import { RedisResultStore, resultRef } from '../results';
import type { HeldTask } from '../types';
import { readStored, type StoredResult } from './stored';

/** What stands behind a ref. */
export type Thing =
  | { readonly kind: 'element'; readonly ref: Ref; readonly id: string | null; readonly element: StoredElement }
  | { readonly kind: 'result'; readonly ref: Ref; readonly id: string; readonly result: StoredResult }
  /** Known by what its worker told alone. */
  | { readonly kind: 'held'; readonly ref: Ref; readonly id: string; readonly held: HeldTask };

/** A thing, or that it is gone. */
export type Found = Thing | { readonly kind: 'gone'; readonly ref: Ref; readonly id: string | null };

/** Things that an action is asked to act on: chosen ones, or whole states. */
export type Source =
  | { readonly refs: readonly Ref[] }
  | { readonly queue: string | null; readonly state: State; readonly refs?: undefined };

/** What the targets name, in the order in which they came; a search is run to its end. */
export async function sourcesOf(
  context: CeleryContext,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Source[]> {
  const sources: Source[] = [];
  for (const target of targets) {
    if (target.kind === 'jobs') sources.push({ refs: target.refs });
    else if (target.kind === 'selector' && target.search !== undefined && target.search !== '') {
      const { queue, state, search: text } = target;
      const refs: Ref[] = [];
      for await (const hit of context.search({ text, queue, state, limit: Number.MAX_SAFE_INTEGER }, signal))
        if ('found' in hit) refs.push(hit.found.ref);
      sources.push({ refs });
    } else if (target.kind === 'selector') sources.push({ queue: target.queue, state: target.state });
  }
  return sources;
}

/** The structure that a ref names: `waiting`, `unacked`, `result`, `held`, `ready` … */
export const placeOf = (ref: Ref): string => parseRef(ref).place.split(':', 1)[0] ?? '';

/** Parts in which things are read. */
const PART = 100;

/** All things of a source in steps; of whole states as they stand while it goes on. */
export async function* thingsOf(
  context: CeleryContext,
  source: Source,
  signal: AbortSignal,
): AsyncGenerator<readonly Found[], void> {
  if (source.refs !== undefined) {
    for (let at = 0; at < source.refs.length; at += PART)
      yield await resolve(context, source.refs.slice(at, at + PART), signal);
  } else if (isOfMessages(source.state)) {
    const { redis } = context;
    if (redis === null) throw notListed(source.state);
    const { queue, state } = source;
    for await (const elements of redis.walk({ queue, state, size: PART }, signal))
      yield elements.map(element => thingOf(element));
  } else {
    for await (const ids of idsOf(context, source, signal)) yield await resultsOf(context, ids, signal);
  }
}

const isOfMessages = (state: State): state is 'waiting' | 'taken' => state === 'waiting' || state === 'taken';

const thingOf = (element: StoredElement): Thing => ({
  kind: 'element',
  ref: element.ref,
  id: element.message.id,
  element,
});

/** Things by their refs, as they stand now. */
export async function resolve(
  context: CeleryContext,
  refs: readonly Ref[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const found = new Map<Ref, Found>();
  const results: { ref: Ref; id: string }[] = [];
  const elements: Ref[] = [];
  for (const ref of refs) {
    const { place, locator } = parseRef(ref);
    if (place === RESULT_PLACE) results.push({ ref, id: locator });
    else if (place.startsWith(`${HELD_PLACE}:`)) {
      const held = context.workers.fleet.held.get(locator);
      found.set(
        ref,
        held === undefined ? { kind: 'gone', ref, id: locator } : { kind: 'held', ref, id: locator, held },
      );
    } else elements.push(ref);
  }
  if (results.length > 0) {
    const read = await resultsOf(context, results, signal);
    for (const each of read) found.set(each.ref, each);
  }
  if (elements.length > 0) {
    const read = context.redis === null ? [] : await context.redis.elements(elements, signal);
    elements.forEach((ref, index) => {
      const element = read[index] ?? null;
      found.set(ref, element === null ? { kind: 'gone', ref, id: null } : { ...thingOf(element), ref });
    });
  }
  return refs.map(ref => found.get(ref) ?? { kind: 'gone', ref, id: null });
}

async function resultsOf(
  context: CeleryContext,
  wanted: readonly { readonly ref: Ref; readonly id: string }[],
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const store = await storeOf(context, signal);
  const read =
    store === null
      ? []
      : await readStored(
          store,
          wanted.map(({ id }) => id),
          signal,
        );
  return wanted.map(({ ref, id }, index): Found => {
    const result = read[index] ?? null;
    return result === null ? { kind: 'gone', ref, id } : { kind: 'result', ref, id, result };
  });
}

/** The result backend, where it is one that can be changed. */
export async function storeOf({ results }: CeleryContext, signal: AbortSignal): Promise<RedisResultStore | null> {
  await results.locate(signal);
  return results.store instanceof RedisResultStore ? results.store : null;
}

/** Ids of all results of a state, before the first of them is taken away. */
async function* idsOf(
  context: CeleryContext,
  { queue, state }: { readonly queue: string | null; readonly state: State },
  signal: AbortSignal,
): AsyncGenerator<readonly { readonly ref: Ref; readonly id: string }[]> {
  const store = await storeOf(context, signal);
  if (store === null) return;
  // Only an index that has seen all of them knows all of them.
  if (store.completedAt === null) for await (const _ of store.complete(signal)) signal.throwIfAborted();
  // The oldest first: they have waited longest.
  const ids = [...store.ids(state, queue)].reverse();
  for (let at = 0; at < ids.length; at += PART)
    yield ids.slice(at, at + PART).map(id => ({ ref: resultRef(context.key, id), id }));
}

export const goneOutcome = ({ ref, id }: { readonly ref: Ref; readonly id: string | null }): ItemOutcome =>
  outcome({ ref, id }, 'gone', NO_LONGER_THERE);

function notListed(state: State): InspectorError {
  return new InspectorError('bad-request', {
    message: isState(state) ? `Tasks that are ${state} cannot be listed here, so not all of them can be acted on.` : '',
    tried: 'finding the tasks to act on',
    answer: 'RabbitMQ shows the messages of a queue only when it is looked at',
    remedy: 'Look at the queue, and choose tasks.',
  });
}
