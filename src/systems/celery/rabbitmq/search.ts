import type { Found, Looked, SearchQuery } from '../../../model';
import { Turns } from '../../reading/turns';
import type { StoredMessage } from '../types';
import { readDelivery, rowOf, storedOf } from './messages';
import { isDelayedQueue } from './names';
import { lookedMessages } from './page';
import type { RabbitState } from './state';

/** Characters of a body that are looked through. */
const SEARCHED = 64 * 1024;

/**
 * Looked messages whose id, task, arguments or body hold a text, whatever its case. RabbitMQ cannot be searched without
 * getting every message, so this looks through what was looked at, and says how many there are in all.
 */
export async function* searchLooked(
  state: RabbitState,
  query: SearchQuery,
  signal: AbortSignal,
): AsyncGenerator<Found | Looked, void> {
  const needle = query.text.toLowerCase();
  const all = lookedMessages(state, query.queue).filter(({ look }) => {
    const at = isDelayedQueue(look.queue) ? 'scheduled' : 'waiting';
    return query.state === null || query.state === at;
  });
  const turns = new Turns();
  let hits = 0;
  for (const { look, message } of all) {
    if (turns.over) {
      await turns.next();
      signal.throwIfAborted();
    }
    const task = readDelivery(message.message);
    const body = Buffer.from(message.message.body.subarray(0, SEARCHED)).toString('utf8');
    const text = [task.id, task.task, task.callText, body].join('\n').toLowerCase();
    if (!text.includes(needle)) continue;
    yield { found: rowOf(storedOf(state, message, look, task)) };
    if (++hits >= query.limit) return;
  }
  yield { looked: all.length, of: Math.max(all.length, readyOf(state, query)) };
}

/** Looked messages with this task id. */
export function findLooked(state: RabbitState, id: string, queue: string | null): readonly StoredMessage[] {
  return lookedMessages(state, queue).flatMap(({ look, message }) => {
    const { headers, correlationId } = message.message.properties;
    const told = typeof headers?.['id'] === 'string' ? headers['id'] : correlationId;
    // Protocol 1 has its id in the body, and says it as the correlation id too unless somebody else published it.
    if (told !== undefined && told !== id) return [];
    const stored = storedOf(state, message, look);
    return stored.message.id === id ? [stored] : [];
  });
}

function readyOf(state: RabbitState, { queue, state: of }: SearchQuery): number {
  const facts = [
    ...(of === 'scheduled' ? [] : (state.queues?.values() ?? [])),
    ...(of === 'waiting' ? [] : state.delayed.values()),
  ];
  return facts.reduce((sum, fact) => sum + (queue === null || fact.name === queue ? (fact.ready ?? 0) : 0), 0);
}
