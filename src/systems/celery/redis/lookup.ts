import type { Command } from '../../../brokers/redis/port';
import { arrayOf, bufferOf, failureOf, numberOf } from '../../reading/replies';
import LOOKUP from './lookup.lua';
import type { List } from './queues';
import { bare, canScript, type Reading } from './reading';
import { type Element, wholeElement } from './rows';
import { hashOf } from './shown';

/** What is looked for: messages with one of these hashes, or that hold one of these texts. */
export type Wanted =
  | { readonly by: 'hash'; readonly values: readonly string[] }
  | { readonly by: 'text'; readonly values: readonly string[] };

/** One part of a list, looked through. */
export interface LookedThrough {
  readonly found: readonly Element[];
  /** Messages of the list looked at so far, and how many it has. */
  readonly looked: number;
  readonly length: number;
}

/** Messages and bytes of one call: the server works some milliseconds on it. */
const STEP = 4000;
const STEP_BYTES = 6 * 1024 * 1024;
/** The same where every message has to come to us. */
const READ_STEP = 500;

const SCRIPT = bare(LOOKUP);

/**
 * Looks through a list from the end at which workers take, part by part, each its round trip. Where the server runs our
 * scripts only what fits is sent; else everything is.
 * @param from place to begin at, counted from that end
 */
export async function* lookThrough(
  reading: Reading,
  list: List,
  wanted: Wanted,
  signal: AbortSignal,
  from = 0,
): AsyncGenerator<LookedThrough, void> {
  let at = from;
  for (;;) {
    signal.throwIfAborted();
    const part = canScript(reading)
      ? await byScript(reading, list, wanted, at, signal)
      : await byReading(reading, list, wanted, at, signal);
    at += part.looked;
    yield { ...part, looked: at };
    if (part.looked === 0 || at >= part.length) return;
  }
}

async function byScript(
  reading: Reading,
  list: List,
  { by, values }: Wanted,
  from: number,
  signal: AbortSignal,
): Promise<LookedThrough> {
  const command: Command = ['EVAL_RO', SCRIPT, 1, list.key, from, STEP, STEP_BYTES, by, ...values];
  const [reply] = await reading.broker.read([command], signal);
  if (failureOf(reply) !== null) {
    // A key of another type refuses the plain way too, and then holds nothing.
    reading.memory.scripts = failureOf(reply)?.includes('WRONGTYPE') === true;
    return byReading(reading, list, { by, values } as Wanted, from, signal);
  }
  const [looked, length, flat] = arrayOf(reply);
  const pairs = arrayOf(flat);
  const found: Element[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const bytes = bufferOf(pairs[i + 1]);
    if (bytes !== null) found.push(wholeElement(list, numberOf(pairs[i]) ?? 0, bytes));
  }
  return { found, looked: numberOf(looked) ?? 0, length: numberOf(length) ?? 0 };
}

async function byReading(
  reading: Reading,
  list: List,
  wanted: Wanted,
  from: number,
  signal: AbortSignal,
): Promise<LookedThrough> {
  const [length, range] = await reading.broker.read(
    [
      ['LLEN', list.key],
      ['LRANGE', list.key, -(from + READ_STEP), -(from + 1)],
    ],
    signal,
  );
  const all = arrayOf(range)
    .flatMap(reply => bufferOf(reply) ?? [])
    .reverse();
  const values = new Set(wanted.values);
  const fits = (bytes: Buffer) =>
    wanted.by === 'hash' ? values.has(hashOf(bytes)) : wanted.values.some(value => bytes.includes(value));
  const found = all.flatMap((bytes, n) => (fits(bytes) ? [wholeElement(list, from + n, bytes)] : []));
  return { found, looked: all.length, length: numberOf(length) ?? 0 };
}
