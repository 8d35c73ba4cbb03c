import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';

/** Bytes of a value that one look asks for: nearly every result is shorter. */
export const BEGINNING = 4096;
/** The same for a page, whose rows need more of it. */
export const PAGE_BEGINNING = 16 * 1024;
/** A longer value than this is never read whole for a list. */
const WHOLE = 1024 * 1024;
/** Bytes of whole values in one go. */
const AT_ONCE = 8 * 1024 * 1024;
/** Bytes of the end that are read of those that are too long. */
const ENDING = 4096;

/** A value as far as it was read. */
export interface Value {
  /** All of it, or its beginning. */
  readonly bytes: Buffer;
  /** Its last bytes and its length where `bytes` is only its beginning; null where it is all. */
  readonly cut: { readonly ending: Buffer; readonly length: number } | null;
  /** Milliseconds that it has left; null = for ever, or not asked. */
  readonly leftMs: number | null;
}

/** The question for the beginnings of values, and how its answers are read. */
export interface Asking {
  readonly commands: readonly Command[];
  /** null where there is none, or it is no text. */
  read(replies: readonly Reply[]): readonly (Value | null)[];
}

/**
 * Asks for values of at most `beginning` bytes; a longer one is told by having just as many. GETRANGE of each costs the
 * server little more than one MGET of all, a script of the same four times as much (7.0).
 */
export function askValues(keys: readonly (string | Buffer)[], beginning: number, ttl: boolean): Asking {
  const count = keys.length;
  const last = beginning - 1;
  const values = keys.map((key): Command => ['GETRANGE', key, 0, last]);
  const expiries = ttl ? keys.map((key): Command => ['PTTL', key]) : [];
  return {
    commands: [...values, ...expiries],
    read: replies => keys.map((_key, i) => valueFrom(replies[i], ttl ? replies[count + i] : undefined, beginning)),
  };
}

const NOTHING = Buffer.alloc(0);

function valueFrom(reply: Reply | undefined, left: Reply | undefined, beginning: number): Value | null {
  const bytes = bufferOf(reply);
  if (bytes === null || bytes.length === 0) return null;
  const ms = numberOf(left);
  return {
    bytes,
    cut: bytes.length < beginning ? null : { ending: NOTHING, length: 0 },
    leftMs: ms === null || ms < 0 ? null : ms,
  };
}

export interface HowMuch {
  /** Bytes of each that are read at first. */
  readonly beginning: number;
  /** Longer ones than that are read whole up to so many bytes; 1 MB unless told. */
  readonly whole?: number;
  /** Whether to ask when they expire. */
  readonly ttl?: boolean;
  /** They are known to be short, so that one command asks for all. */
  readonly short?: boolean;
}

/**
 * Values by their keys: long ones whole where they are not too long, of those the beginning and the end. One round trip;
 * two or more where there are long ones.
 * @throws InspectorError as `read` does
 */
export async function readValues(
  broker: RedisBroker,
  keys: readonly (string | Buffer)[],
  how: HowMuch,
  signal: AbortSignal,
): Promise<(Value | null)[]> {
  if (keys.length === 0) return [];
  if (how.short === true && how.ttl !== true && broker.server.mode !== 'cluster') {
    const [reply] = await broker.read([['MGET', ...keys]], signal);
    if (!isFailure(reply)) return arrayOf(reply).map(each => valueFrom(each, undefined, Number.POSITIVE_INFINITY));
  }
  const asking = askValues(keys, how.beginning, how.ttl === true);
  const values = asking.read(await broker.read(asking.commands, signal));
  return lengthen(broker, keys, values, signal, how.whole);
}

/** Reads the rest of those that were cut. */
export async function lengthen(
  broker: RedisBroker,
  keys: readonly (string | Buffer)[],
  values: readonly (Value | null)[],
  signal: AbortSignal,
  whole = WHOLE,
): Promise<(Value | null)[]> {
  const isShort = (length: Reply | undefined): boolean => (numberOf(length) ?? 0) <= whole;
  const known = [...values];
  const long = known.flatMap((value, i) => (value?.cut == null ? [] : [i]));
  if (long.length === 0) return known;
  const lengths = await broker.read(
    long.map(i => ['STRLEN', keys[i]!]),
    signal,
  );
  for (let from = 0; from < long.length; ) {
    const part: number[] = [];
    let room = AT_ONCE;
    for (let at = from; at < long.length; at++) {
      const cost = Math.min(numberOf(lengths[at]) ?? 0, whole);
      if (part.length > 0 && cost > room) break;
      room -= cost;
      part.push(at);
    }
    from += part.length;
    const replies = await broker.read(
      part.map((at): Command => {
        const key = keys[long[at]!]!;
        return isShort(lengths[at]) ? ['GETRANGE', key, 0, whole - 1] : ['GETRANGE', key, -ENDING, -1];
      }),
      signal,
    );
    part.forEach((at, n) => {
      const i = long[at]!;
      const value = known[i]!;
      const reply = replies[n];
      const bytes = isFailure(reply) ? null : bufferOf(reply);
      if (bytes === null || bytes.length === 0) known[i] = null;
      else if (isShort(lengths[at])) known[i] = { ...value, bytes, cut: null };
      else known[i] = { ...value, cut: { ending: bytes, length: numberOf(lengths[at]) ?? value.bytes.length } };
    });
  }
  return known;
}
