import type { Command, Reply } from '../../../brokers/redis/port';
import { bindingKey, type Key, listKey } from '../keys';
import { Bindings, bindingsOf } from './bindings';
import { readAll } from './lengths';
import type { Reading } from './reading';

/** One list of a queue: its messages of one priority. */
export interface List {
  readonly queue: string;
  readonly step: number;
  readonly key: Key;
}

export const listName = ({ step, queue }: Pick<List, 'step' | 'queue'>): string => `${step}:${queue}`;

/** Lists of a queue in the order in which they are served. */
export function listsOf({ prefix, steps }: Reading, queue: string): List[] {
  return steps.map(step => ({ queue, step, key: listKey(prefix, queue, step) }));
}

/** Exchanges that are read anew at each look where there are more. */
const ANEW = 500;

/** Exchanges whose bindings are read now: all of them, or of thousands those not known yet and some of the others. */
export function bindingCommands(reading: Reading): {
  readonly exchanges: readonly string[];
  readonly commands: Command[];
} {
  const { discovery, prefix, memory } = reading;
  const found = discovery.prefixes().get(prefix)?.exchanges ?? new Set<string>();
  const all = [...found];
  for (const exchange of memory.exchanges.keys()) if (!found.has(exchange)) memory.exchanges.delete(exchange);
  let exchanges = all;
  if (all.length > 2 * ANEW) {
    const from = memory.nextExchange % all.length;
    const some = new Set([...all, ...all].slice(from, from + ANEW));
    memory.nextExchange = from + ANEW;
    exchanges = all.filter(exchange => some.has(exchange) || !memory.exchanges.has(exchange));
  }
  return { exchanges, commands: exchanges.map(exchange => ['SMEMBERS', bindingKey(prefix, exchange)]) };
}

/** Remembers the bindings just read, and the names of the queues: bound, found as lists, or named by a person. */
export function learn(reading: Reading, exchanges: readonly string[], replies: readonly Reply[]): readonly string[] {
  const { memory, place, discovery, prefix } = reading;
  for (const [i, exchange] of exchanges.entries()) memory.exchanges.set(exchange, bindingsOf(exchange, replies[i]));
  memory.bindings = new Bindings([...memory.exchanges.values()].flat());
  const names = memory.bindings.queues();
  for (const queue of place.options.queues) names.add(queue);
  const others = [...discovery.prefixes().keys()].filter(other => other.length > prefix.length);
  for (const key of discovery.lists()) {
    // A list of an installation with a longer prefix is not ours.
    if (key.startsWith(prefix) && !others.some(other => key.startsWith(other))) names.add(key.slice(prefix.length));
  }
  memory.queues = [...names].filter(name => name !== '').sort();
  return memory.queues;
}

/** Names as of the last look; one round trip where there was none. */
export async function queueNames(reading: Reading, signal: AbortSignal): Promise<readonly string[]> {
  return reading.memory.queues ?? (await queueNamesNow(reading, signal));
}

/**
 * Names as they are now, with one step of the discovery: one round trip, two where an exchange came up that was not known.
 * For whoever looks through everything: what was sent to a new queue a moment ago is found there.
 */
export async function queueNamesNow(reading: Reading, signal: AbortSignal): Promise<readonly string[]> {
  const { discovery } = reading;
  const { exchanges, commands } = bindingCommands(reading);
  const replies = await readAll(reading, [...commands, ...discovery.commands()], signal);
  discovery.take(replies.slice(commands.length));
  return learnAll(reading, exchanges, replies, signal);
}

/** `learn`, and the bindings of exchanges that the discovery came upon meanwhile: another round trip where there are some. */
export async function learnAll(
  reading: Reading,
  exchanges: readonly string[],
  replies: readonly Reply[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names = learn(reading, exchanges, replies);
  const { memory } = reading;
  const more = bindingCommands(reading).exchanges.filter(exchange => !memory.exchanges.has(exchange));
  if (more.length === 0) return names;
  const keys = more.map((exchange): Command => ['SMEMBERS', bindingKey(reading.prefix, exchange)]);
  return learn(reading, more, await readAll(reading, keys, signal));
}
