import { type Command, type Reply, SPLIT } from '../../../brokers/redis/port';
import { numberOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { type List, listsOf } from './queues';
import type { Reading } from './reading';

/** Queues whose priorities are asked for in one EXISTS; up to so many queues each list is counted by itself. */
const CHUNK = 50;

/** Lengths of the lists of queues: replies of LLEN, in the order of `lists`. */
export interface Lengths {
  /** Queue by queue, as they were asked for. */
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
  const turns = new Turns();
  const few = queues.length <= CHUNK;
  const lists: List[] = [];
  const chunks: Chunk[] = [];
  for (let from = 0; from < queues.length; from += CHUNK) {
    const chunk: Chunk = { queues: queues.slice(from, from + CHUNK), from: lists.length, to: 0 };
    for (const queue of chunk.queues) {
      for (const [i, list] of listsOf(reading, queue).entries())
        if (few || i === 0 || memory.priorities.has(list.name)) lists.push(list);
    }
    chunk.to = lists.length;
    chunks.push(chunk);
    await turns.next();
  }
  const asked = few ? [] : chunks.map(chunk => laterExist(reading, chunk));
  await turns.next();
  const counting = lists.map(({ key }): Command => ['LLEN', key]);
  const all = await readAll(reading, [...counting, ...asked, ...others], signal);
  await turns.next();
  const known: Lengths = {
    lists,
    replies: all.slice(0, lists.length),
    others: all.slice(lists.length + asked.length),
  };
  const missing = few ? [] : chunks.filter((chunk, i) => hasMore(chunk, known, all[lists.length + i]));
  const whole = missing.length === 0 ? known : await withMissing(reading, queues, missing, known, signal);
  const [first] = reading.steps;
  for (const [i, { name, step }] of whole.lists.entries()) {
    if (step === first) continue;
    if ((numberOf(whole.replies[i]) ?? 0) > 0) memory.priorities.add(name);
    else memory.priorities.delete(name);
  }
  memory.prioritiesKnown = true;
  return whole;
}

interface Chunk {
  readonly queues: readonly string[];
  /** Where its lists stand among those that are counted. */
  readonly from: number;
  to: number;
}

function laterExist(reading: Reading, { queues }: Chunk): Command {
  const keys = queues.flatMap(queue => {
    const [, ...later] = listsOf(reading, queue);
    return later.map(({ key }) => key);
  });
  return ['EXISTS', ...keys];
}

/** Whether more lists of later priorities are there than were counted. */
function hasMore({ from, to }: Chunk, { lists, replies }: Lengths, exist: Reply | undefined): boolean {
  let filled = 0;
  let queue = '';
  for (let i = from; i < to; i++) {
    const list = lists[i]!;
    // The first list of each queue stands in front of its others.
    if (list.queue === queue && (numberOf(replies[i]) ?? 0) > 0) filled++;
    queue = list.queue;
  }
  return (numberOf(exist) ?? 0) > filled;
}

/** With all lists of the queues of some chunks. */
async function withMissing(
  reading: Reading,
  queues: readonly string[],
  missing: readonly Chunk[],
  known: Lengths,
  signal: AbortSignal,
): Promise<Lengths> {
  const turns = new Turns();
  const lengths = new Map<string, Reply>();
  for (const [i, { name }] of known.lists.entries()) lengths.set(name, known.replies[i] ?? 0);
  await turns.next();
  const more = missing.flatMap(chunk => chunk.queues.flatMap(queue => listsOf(reading, queue).slice(1)));
  const counting = more.map(({ key }): Command => ['LLEN', key]);
  await turns.next();
  const counted = await readAll(reading, counting, signal);
  for (const [i, { name }] of more.entries()) lengths.set(name, counted[i] ?? 0);
  await turns.next();
  const lists: List[] = [];
  const replies: Reply[] = [];
  for (const [n, queue] of queues.entries()) {
    for (const list of listsOf(reading, queue)) {
      const length = lengths.get(list.name);
      if (length === undefined) continue;
      lists.push(list);
      replies.push(length);
    }
    if (n % 256 === 255) await turns.next();
  }
  return { lists, replies, others: known.others };
}

/** Lists that a page over queues may read from: all of them where they are few, else those that may hold something. */
export async function listsToRead(reading: Reading, queues: readonly string[], signal: AbortSignal): Promise<List[]> {
  const { memory } = reading;
  if (queues.length > CHUNK && !memory.prioritiesKnown) await readLengths(reading, queues, [], signal);
  return queues.flatMap(queue => {
    const lists = listsOf(reading, queue);
    return queues.length <= CHUNK ? lists : lists.filter((list, i) => i === 0 || memory.priorities.has(list.name));
  });
}

/** Arguments that go out in one write: those of so many short commands. */
const ARGUMENTS = 2 * SPLIT;

/** In parts, so that ten thousand queues do not become one write at once. */
export async function readAll(
  { broker }: Reading,
  commands: readonly Command[],
  signal: AbortSignal,
): Promise<readonly Reply[]> {
  if (commands.length === 0) return [];
  const size = commands.reduce((sum, { length }) => sum + length, 0);
  if (commands.length <= SPLIT && size <= ARGUMENTS) return broker.read(commands, signal);
  const replies: Reply[] = [];
  for await (const part of broker.readParts(partsOf(commands), signal)) for (const reply of part) replies.push(reply);
  return replies;
}

function* partsOf(commands: readonly Command[]): Generator<readonly Command[], void> {
  for (let from = 0; from < commands.length; ) {
    let to = from;
    for (let size = 0; to < commands.length && to - from < SPLIT && size < ARGUMENTS; to++)
      size += commands[to]!.length;
    yield commands.slice(from, to);
    from = to;
  }
}
