import type { Command, Reply } from '../../../brokers/redis/port';
import { type Count, exactly, type Problem, type QueueSummary, sumCounts, unknown } from '../../../model';
import { arrayOf, failureOf, numberOf, plainOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { escaped, unackedKey } from '../keys';
import type { TransportOverview } from '../types';
import { type Lengths, readAll, readLengths } from './lengths';
import { bindingCommands, learnAll } from './queues';
import { bare, canScript, type Reading } from './reading';
import TALLY from './tally.lua';

/** Held messages that are told apart by queue, and bytes of them that are looked at for it. */
const TALLIED = 2000;
const TALLIED_BYTES = 8 * 1024 * 1024;
const SCRIPT = bare(TALLY);

const NOT_APART = `"unacked" holds the messages of all queues; more than ${TALLIED.toLocaleString('en-US')} of them are not told apart by queue.`;
const NO_SCRIPT =
  '"unacked" holds the messages of all queues, and this server lets us not count them by queue (EVAL_RO, Redis 7.0).';

/**
 * Queues with what waits and what workers hold, in two round trips: names and totals, then lengths; three where an
 * exchange has come up. With the first goes one step of the discovery.
 */
export async function readOverview(reading: Reading, signal: AbortSignal): Promise<TransportOverview> {
  const { broker, discovery, prefix } = reading;
  const trips = broker.meter.roundTrips;
  const { exchanges, commands: bindings } = bindingCommands(reading);
  const looking = discovery.commands();
  const first = await readAll(reading, [...bindings, ['HLEN', unackedKey(prefix)], ...looking], signal);
  discovery.take(first.slice(bindings.length + 1));
  const queues = await learnAll(reading, exchanges, first, signal);
  const held = first[bindings.length];
  const holds = (numberOf(held) ?? 0) > 0;

  const tally: Command[] =
    holds && canScript(reading) ? [['EVAL_RO', SCRIPT, 1, unackedKey(prefix), TALLIED, TALLIED_BYTES]] : [];
  const { lists, replies, others } = await readLengths(reading, queues, tally, signal);
  const refused = failureOf(held);
  const none = refused ?? new Map<string, number>();
  const byQueue = holds ? (tally.length > 0 ? tallyOf(reading, others[0]) : NO_SCRIPT) : none;
  const summaries = await summariesOf(reading, queues, { lists, replies }, byQueue);
  return {
    queues: summaries,
    taken: countOf(held),
    problems: problemsOf(reading, exchanges, first, held),
    roundTrips: broker.meter.roundTrips - trips,
  };
}

/** Rows of the queues, which stand in the order of their lists. Remembers which lists hold something. */
async function summariesOf(
  { memory, prefix, steps, separator }: Reading,
  queues: readonly string[],
  { lists, replies }: Pick<Lengths, 'lists' | 'replies'>,
  byQueue: ReadonlyMap<string, number> | string,
): Promise<QueueSummary[]> {
  const turns = new Turns();
  const summaries: QueueSummary[] = [];
  const others = steps.slice(1);
  memory.lengths.clear();
  let at = 0;
  for (const name of queues) {
    const waiting: Count[] = [];
    for (; lists[at]?.queue === name; at++) {
      const reply = replies[at];
      if (typeof reply === 'number' && reply > 0) memory.lengths.set(lists[at]!.name, reply);
      waiting.push(countOf(reply));
    }
    summaries.push({
      name,
      counts: {
        waiting: sumCounts(waiting),
        taken: typeof byQueue === 'string' ? unknown(byQueue) : exactly(byQueue.get(name) ?? 0),
      },
      paused: null,
      oldestWaitingAt: null,
      workers: null,
      keys: [`${prefix}${name}`, ...others.map(step => `${prefix}${name}${escaped(separator)}${step}`)],
    });
    if (summaries.length % 128 === 0) await turns.next();
  }
  return summaries;
}

/** A key of a foreign type is a count that could not be taken, with the server's words. */
export function countOf(reply: Reply | undefined): Count {
  return typeof reply === 'number' ? exactly(reply) : unknown(failureOf(reply) ?? 'The server gave no number.');
}

function tallyOf(reading: Reading, reply: Reply | undefined): Map<string, number> | string {
  const failure = failureOf(reply);
  if (failure !== null) {
    if (!failure.includes('WRONGTYPE')) reading.memory.scripts = false;
    return NO_SCRIPT;
  }
  if (!Array.isArray(reply)) return NOT_APART;
  const flat = arrayOf(reply);
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const queue = queueOfTail(reading, plainOf(flat[i]) ?? '');
    if (queue !== null) counts.set(queue, (counts.get(queue) ?? 0) + (numberOf(flat[i + 1]) ?? 0));
  }
  return counts;
}

/** The queue of `"exchange", "routing key"` as it stands at the end of a held message. */
function queueOfTail({ memory }: Reading, tail: string): string | null {
  try {
    const [exchange, routingKey]: unknown[] = JSON.parse(`[${tail}]`);
    return typeof routingKey === 'string'
      ? memory.bindings.queueOf(typeof exchange === 'string' ? exchange : null, routingKey)
      : null;
  } catch {
    return null;
  }
}

function problemsOf(
  reading: Reading,
  exchanges: readonly string[],
  first: readonly Reply[],
  held: Reply | undefined,
): Problem[] {
  const { discovery, prefix } = reading;
  const problems = exchanges.flatMap((exchange, i): Problem[] => {
    const failure = failureOf(first[i]);
    const key = `${prefix}_kombu.binding.${exchange}`;
    return failure === null ? [] : [{ part: key, reason: `SMEMBERS ${key}: ${failure}`, offset: null }];
  });
  const failure = failureOf(held);
  if (failure !== null) problems.push({ part: 'unacked', reason: `HLEN ${prefix}unacked: ${failure}`, offset: null });
  if (discovery.refusal !== null) {
    const reason = `Queues cannot be discovered, since SCAN is refused (${discovery.refusal}). Name them in the option "queues".`;
    problems.push({ part: 'queues', reason, offset: null });
  } else if (!discovery.complete) {
    const { looked, of } = discovery.looked;
    const percent = of === 0 ? 0 : Math.floor((100 * looked) / of);
    problems.push({
      part: 'queues',
      reason: `Still looking for queues: ${percent} % of ${of.toLocaleString('en-US')} keys.`,
      offset: null,
    });
  }
  return problems;
}
