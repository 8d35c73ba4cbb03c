import { type Count, exactly, InspectorError, type JobPage, type JobQuery, unknown } from '../../../model';
import { noCursor } from '../../reading/cursor';
import { TASKS } from '../native';
import { LOOK_MOST, peek, permitOf } from './look';
import type { Look, LookedMessage } from './looks';
import { rowOf, storedOf } from './messages';
import { isDelayedQueue } from './names';
import { NOT_VISIBLE, recentOverview } from './overview';
import type { RabbitState } from './state';

/** Queues that a page looks at by itself where it was allowed to and no queue was named. */
const PEEKED_QUEUES = 20;

/**
 * A page of `waiting` (ready messages), `scheduled` (those in delay queues) or `taken`. Ready messages are those of the
 * last look; without one they are withheld, with the reason and the action that shows them.
 */
export async function readPage(state: RabbitState, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  readCursor(query.cursor, '');
  if (query.state === 'taken') return takenPage(state, query, signal);
  return query.queue === null ? pageOfAll(state, query, signal) : pageOfQueue(state, query, query.queue, signal);
}

/** Which messages are held, RabbitMQ does not tell; how many, its statistics do. */
async function takenPage(state: RabbitState, { queue }: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const { queues, taken } = await recentOverview(state, signal);
  const of = queue === null ? taken : queues.find(({ name }) => name === queue)?.counts.taken;
  return withheld(
    of ?? unknown(NOT_VISIBLE),
    'RabbitMQ counts the messages that consumers hold and shows none of them. The workers tell which tasks they hold.',
    'ask',
  );
}

async function pageOfQueue(state: RabbitState, query: JobQuery, queue: string, signal: AbortSignal): Promise<JobPage> {
  if (query.state === 'scheduled' && !isDelayedQueue(queue)) return delayedFor(state, query, queue, signal);
  if (query.state !== 'waiting' && query.state !== 'scheduled') return { ...EMPTY, total: exactly(0), order: ORDER };
  if (state.queues === null || !(state.queues.has(queue) || state.delayed.has(queue)))
    await recentOverview(state, signal);
  const [depth] = await state.broker.depths([queue], signal);
  if (depth == null) throw noSuchQueue(state, queue);
  const total = exactly(depth.ready);
  if (depth.ready === 0) return { ...EMPTY, total, order: ORDER };
  if (state.peek && query.cursor === null) await peek(state, queue, query.size, signal);
  const look = state.looks.of(queue);
  if (look === null) return withheld(total, permitOf(state, queue).withheld);
  if (look.failure !== null) return withheld(total, failureText(look.failure));
  return rows(state, [look], query, total, depth.ready);
}

/** Delayed tasks that were looked at and that go to a queue when they are due. */
async function delayedFor(state: RabbitState, query: JobQuery, queue: string, signal: AbortSignal): Promise<JobPage> {
  const all = await pageOfAll(state, { ...query, queue: null, size: LOOK_MOST }, signal);
  if (all.withheld !== null || ('exact' in all.total && all.total.exact === 0))
    return { ...all, total: DELAYED_TOTAL(all.total) };
  const items = all.items.filter(row => row.queue === queue).slice(0, query.size);
  return { ...all, items, next: null, total: DELAYED_TOTAL(all.total) };
}

const DELAYED_TOTAL = (all: Count): Count =>
  'exact' in all && all.exact === 0 ? all : unknown('delay queues count the tasks of all queues together');

/** All that was looked at, queue by queue. */
async function pageOfAll(state: RabbitState, query: JobQuery, signal: AbortSignal): Promise<JobPage> {
  const overview = await recentOverview(state, signal);
  const delayed = query.state === 'scheduled';
  const facts = [...(delayed ? state.delayed : (state.queues ?? new Map())).values()];
  const ready = facts.reduce((sum, fact) => sum + (fact.ready ?? 0), 0);
  const total: Count = delayed
    ? (overview.scheduled ?? exactly(0))
    : facts.some(fact => fact.ready === null)
      ? { atLeast: ready }
      : exactly(ready);
  const filled = facts.filter(fact => fact.ready !== 0).map(fact => fact.name as string);
  if (filled.length === 0) return { ...EMPTY, total, order: ORDER };
  if (state.peek && query.cursor === null) {
    for (const queue of filled.slice(0, PEEKED_QUEUES)) await peek(state, queue, query.size, signal);
  }
  const looks = filled.flatMap(queue => state.looks.of(queue) ?? []).filter(look => look.failure === null);
  if (looks.length > 0) return rows(state, looks, query, total, ready);
  const failure = filled.map(queue => state.looks.of(queue)?.failure ?? null).find(each => each !== null);
  if (failure != null) return withheld(total, failureText(failure));
  const words = delayed
    ? 'Delayed tasks stand in queues of RabbitMQ until they are due'
    : 'Messages are looked at queue by queue';
  return withheld(total, `${words}. ${permitOf(state, filled[0]!).withheld}`);
}

const ORDER = 'first to be delivered first';
const EMPTY = { items: [], next: null, moved: null, withheld: null } as const;

function withheld(total: Count, reason: string, action = 'look'): JobPage {
  return { ...EMPTY, total, order: ORDER, withheld: { reason, action } };
}

const failureText = (failure: InspectorError): string => `${failure.message} ${failure.remedy}`;

/** Rows of looks; a cursor counts them from the first on, and is good as long as there is no newer look. */
function rows(
  state: RabbitState,
  looks: readonly Look[],
  { cursor, size }: JobQuery,
  total: Count,
  ready: number,
): JobPage {
  const all = looks.flatMap(look => look.messages.map(message => ({ look, message })));
  const mark = looks.map(({ number }) => number).join('-');
  const [from, same] = readCursor(cursor, mark);
  const shown = all.slice(from, from + size);
  const next = from + size < all.length ? `${mark}.${from + size}` : null;
  return {
    items: shown.map(({ look, message }) => rowOf(storedOf(state, message, look))),
    next,
    total,
    order: orderText(looks, all.length, ready),
    // After another look its rows stand where they stand now: how far the queue has moved meanwhile cannot be told.
    moved: cursor !== null && same ? 0 : null,
    withheld: null,
  };
}

function readCursor(cursor: string | null, mark: string): [from: number, same: boolean] {
  if (cursor === null) return [0, true];
  const parts = /^([\d-]+)\.(\d+)$/.exec(cursor);
  if (parts !== null) return [Number(parts[2]), parts[1] === mark];
  throw noCursor(cursor, TASKS);
}

function orderText(looks: readonly Look[], looked: number, ready: number): string {
  const part = looked < ready ? `; ${looked} of ${ready} were looked at` : '';
  const [only] = looks;
  if (looks.length === 1 && only !== undefined)
    return `as seen at ${clock(only.at)}, first to be delivered first${part}`;
  return `queue by queue, as seen at the last look at each, first to be delivered first${part}`;
}

/** Time of day here, as people say it. */
const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

function noSuchQueue({ broker }: RabbitState, queue: string): InspectorError {
  return new InspectorError('gone', {
    message: `There is no queue ${queue} on the virtual host ${broker.vhost}.`,
    tried: `queue.declare ${queue} (passive)`,
    answer: 'not found',
    remedy: 'Refresh the list of queues: it was deleted, or its name is written differently.',
  });
}

/** All looked messages of a queue or of every queue, in the order of the looks. */
export function lookedMessages(
  state: RabbitState,
  queue: string | null,
): readonly { readonly look: Look; readonly message: LookedMessage }[] {
  const looks = queue === null ? state.looks.all() : [state.looks.of(queue)].flatMap(look => look ?? []);
  return looks.flatMap(look => look.messages.map(message => ({ look, message })));
}
