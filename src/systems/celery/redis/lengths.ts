import { type Command, type Reply, SPLIT } from '../../../brokers/redis/port';
import { numberOf } from '../../reading/replies';
import { type List, listName, listsOf } from './queues';
import type { Reading } from './reading';

/** Queues whose priorities are asked for in one EXISTS; up to so many queues each list is counted by itself. */
const CHUNK = 50;

/** Lengths of the lists of queues: replies of LLEN, in the order of `lists`. */
export interface Lengths {
  readonly lists: readonly List[];
  readonly replies: readonly Reply[];
  /** What else was asked along with them. */
  readonly others: readonly Reply[];
}

/**
 * Counts the lists of queues. Few use priorities: of many queues the first list alone is counted, the others only where
 * EXISTS says that there are some. One round trip, two where priorities came up that were not known.
 */
export async function readLengths(
  reading: Reading,
  queues: readonly string[],
  others: readonly Command[],
  signal: AbortSignal,
): Promise<Lengths> {
  const { memory } = reading;
  const firsts: List[] = [];
  const later: List[][] = [];
  for (let from = 0; from < queues.length; from += CHUNK) {
    const lists = queues.slice(from, from + CHUNK).flatMap(queue => listsOf(reading, queue));
    firsts.push(...lists.filter(({ step }) => step === reading.steps[0]));
    later.push(lists.filter(({ step }) => step !== reading.steps[0]));
  }
  const few = queues.length <= CHUNK;
  const known = later.map(lists => (few ? lists : lists.filter(list => memory.priorities.has(listName(list)))));
  const counted = [...firsts, ...known.flat()];
  const asked: Command[] = few ? [] : later.map(lists => ['EXISTS', ...lists.map(({ key }) => key)]);
  const replies = await readAll(
    reading,
    [...counted.map(({ key }): Command => ['LLEN', key]), ...asked, ...others],
    signal,
  );
  const lengths = new Map(counted.map((list, i) => [listName(list), replies[i] ?? 0] as const));
  const missing = few
    ? []
    : later.filter((_lists, i) => {
        const there = numberOf(replies[counted.length + i]) ?? 0;
        return there > known[i]!.filter(list => (numberOf(lengths.get(listName(list))) ?? 0) > 0).length;
      });
  if (missing.length > 0) {
    const lists = missing.flat();
    const more = await readAll(
      reading,
      lists.map(({ key }): Command => ['LLEN', key]),
      signal,
    );
    for (const [i, list] of lists.entries()) lengths.set(listName(list), more[i] ?? 0);
  }
  const ordered = queues.flatMap(queue => listsOf(reading, queue)).filter(list => few || lengths.has(listName(list)));
  for (const list of ordered) {
    const length = numberOf(lengths.get(listName(list))) ?? 0;
    if (list.step !== reading.steps[0]) {
      if (length > 0) memory.priorities.add(listName(list));
      else memory.priorities.delete(listName(list));
    }
  }
  memory.prioritiesKnown = true;
  return {
    lists: ordered,
    replies: ordered.map(list => lengths.get(listName(list)) ?? 0),
    others: replies.slice(counted.length + asked.length),
  };
}

/** Lists that a page over queues may read from: all of them where they are few, else those that may hold something. */
export async function listsToRead(reading: Reading, queues: readonly string[], signal: AbortSignal): Promise<List[]> {
  const { memory, steps } = reading;
  if (queues.length > CHUNK && !memory.prioritiesKnown) await readLengths(reading, queues, [], signal);
  const lists = queues.flatMap(queue => listsOf(reading, queue));
  if (queues.length <= CHUNK) return lists;
  return lists.filter(list => list.step === steps[0] || memory.priorities.has(listName(list)));
}

/** In parts, so that ten thousand queues do not become one write at once. */
export async function readAll(
  { broker }: Reading,
  commands: readonly Command[],
  signal: AbortSignal,
): Promise<Reply[]> {
  if (commands.length <= SPLIT) return commands.length === 0 ? [] : [...(await broker.read(commands, signal))];
  function* parts() {
    for (let from = 0; from < commands.length; from += SPLIT) yield commands.slice(from, from + SPLIT);
  }
  const replies: Reply[] = [];
  for await (const part of broker.readParts(parts(), signal)) for (const reply of part) replies.push(reply);
  return replies;
}
