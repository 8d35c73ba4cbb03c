import type { Command, Reply } from '../../../brokers/redis/port';
import { Turns } from '../../reading/turns';
import { bindingKey, type Key, listKey } from '../keys';
import { type Binding, Bindings, bindingsOf } from './bindings';
import { partsOfList } from './discovery';
import { readAll } from './lengths';
import type { Reading } from './reading';

/** One list of a queue: its messages of one priority. */
export interface List {
  readonly queue: string;
  readonly step: number;
  readonly key: Key;
  /** `step:queue` */
  readonly name: string;
}

export const listName = ({ step, queue }: Pick<List, 'step' | 'queue'>): string => `${step}:${queue}`;

/** Queues whose lists are remembered: those of a large installation are needed at every look. */
const REMEMBERED = 20_000;

/** Lists of a queue in the order in which they are served; the same objects at each call. */
export function listsOf({ prefix, steps, separator, memory }: Reading, queue: string): readonly List[] {
  const known = memory.lists;
  if (known.steps !== steps || known.separator !== separator || known.byQueue.size > REMEMBERED) {
    known.steps = steps;
    known.separator = separator;
    known.byQueue.clear();
  }
  let lists = known.byQueue.get(queue);
  if (lists === undefined) {
    lists = steps.map(step => ({
      queue,
      step,
      key: listKey(prefix, queue, step, separator),
      name: listName({ queue, step }),
    }));
    known.byQueue.set(queue, lists);
  }
  return lists;
}

/** Exchanges that are read anew at each look where there are more. */
const ANEW = 500;

/** Exchanges whose bindings are read now: all of them, or of thousands those not known yet and some of the others. */
export function bindingCommands(reading: Reading): {
  readonly exchanges: readonly string[];
  readonly commands: Command[];
} {
  const { discovery, prefix, memory } = reading;
  const told = discovery.prefixes().get(prefix)?.exchanges ?? new Set<string>();
  // Where SCAN is refused, the exchange of default settings is all that is known beforehand.
  const found = discovery.refusal === null ? told : new Set([...told, 'celery', ...reading.place.options.queues]);
  for (const exchange of memory.exchanges.keys()) if (!found.has(exchange)) memory.exchanges.delete(exchange);
  let exchanges = [...found];
  if (exchanges.length > 2 * ANEW) {
    const from = memory.nextExchange % exchanges.length;
    const beyond = from + ANEW - exchanges.length;
    memory.nextExchange = from + ANEW;
    exchanges = exchanges.filter(
      (exchange, i) => (i >= from && i < from + ANEW) || i < beyond || !memory.exchanges.has(exchange),
    );
  }
  return { exchanges, commands: bindingsAsked(prefix, exchanges) };
}

const bindingsAsked = (prefix: string, exchanges: readonly string[]): Command[] =>
  exchanges.map(exchange => ['SMEMBERS', bindingKey(prefix, exchange)]);

/** Remembers the bindings just read, and the names of the queues: bound, found as lists, or named by a person. */
export async function learn(
  reading: Reading,
  exchanges: readonly string[],
  replies: readonly Reply[],
): Promise<readonly string[]> {
  const { memory, place, discovery, prefix, separator } = reading;
  const turns = new Turns();
  let changed = false;
  for (const [i, exchange] of exchanges.entries()) {
    const bindings = bindingsOf(exchange, replies[i], separator);
    if (!areSame(memory.exchanges.get(exchange), bindings)) {
      memory.exchanges.set(exchange, bindings);
      changed = true;
    }
    if (turns.over) await turns.next();
  }
  const [prefixes, lists] = [discovery.prefixes(), discovery.lists()];
  const { from } = memory;
  // What has been learned of thousands stays as it is while nothing has changed.
  if (!changed && memory.queues !== null && from?.prefixes === prefixes && from.lists === lists) return memory.queues;
  memory.bindings = new Bindings([...memory.exchanges.values()].flat());
  await turns.next();
  const names = memory.bindings.queues();
  for (const queue of place.options.queues) names.add(queue);
  const others = [...prefixes.keys()].filter(other => other.length > prefix.length);
  for (const key of lists) {
    // A list of an installation with a longer prefix is not ours.
    if (!key.startsWith(prefix) || others.some(other => key.startsWith(other))) continue;
    const name = key.slice(prefix.length);
    // A separator of the application's own may stand in names of lists that nobody bound.
    const [base, step] = partsOfList(name, separator);
    names.add(step !== null && names.has(base) ? base : name);
  }
  await turns.next();
  memory.queues = [...names].filter(name => name !== '').sort();
  memory.from = { prefixes, lists };
  return memory.queues;
}

function areSame(before: readonly Binding[] | undefined, now: readonly Binding[]): boolean {
  return (
    before !== undefined &&
    before.length === now.length &&
    before.every(({ routingKey, pattern, queue }, i) => {
      const other = now[i]!;
      return routingKey === other.routingKey && pattern === other.pattern && queue === other.queue;
    })
  );
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
  const names = await learn(reading, exchanges, replies);
  const { memory, discovery, prefix } = reading;
  const found = discovery.prefixes().get(prefix)?.exchanges ?? new Set<string>();
  const more = [...found].filter(exchange => !memory.exchanges.has(exchange));
  if (more.length === 0) return names;
  return learn(reading, more, await readAll(reading, bindingsAsked(prefix, more), signal));
}
