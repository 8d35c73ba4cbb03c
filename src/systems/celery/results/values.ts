import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import VALUES from './values.lua';

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

/** Whether values can be cut on the server by one command: EVAL_RO (Redis 7.0); keys of a cluster share no slot. */
const canCut = (broker: RedisBroker): boolean =>
  broker.server.mode !== 'cluster' && broker.server.atLeast('7.0') && broker.may('EVAL_RO') === true;

/** The question for the beginnings of values, and how its answers are read. */
export interface Asking {
  readonly commands: readonly Command[];
  /** null where there is none, or it is no text. */
  read(replies: readonly Reply[]): readonly (Value | null)[];
}

/** Asks for values of at most `beginning` bytes; a longer one is told by having just as many. */
export function askValues(broker: RedisBroker, keys: readonly Buffer[], beginning: number, ttl: boolean): Asking {
  const count = keys.length;
  if (count === 0) return { commands: [], read: () => [] };
  if (canCut(broker))
    return {
      commands: [['EVAL_RO', VALUES, count, ...keys, beginning, ttl ? '1' : '0']],
      read: ([reply]) => {
        const answers = arrayOf(reply);
        return keys.map((_key, i) => valueFrom(answers[i], ttl ? answers[count + i] : undefined, beginning));
      },
    };
  return {
    commands: [
      ...keys.map((key): Command => ['GETRANGE', key, 0, beginning - 1]),
      ...(ttl ? keys.map((key): Command => ['PTTL', key]) : []),
    ],
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

/**
 * Values by their keys: those longer than `beginning` are read whole up to `whole` bytes each (1 MB), of longer ones the beginning and
 * the end. One round trip; two or more where there are long ones.
 * @throws InspectorError as `read` does
 */
export async function readValues(
  broker: RedisBroker,
  keys: readonly Buffer[],
  beginning: number,
  ttl: boolean,
  signal: AbortSignal,
  whole = WHOLE,
): Promise<(Value | null)[]> {
  const asking = askValues(broker, keys, beginning, ttl);
  return lengthen(broker, keys, asking.read(await broker.read(asking.commands, signal)), signal, whole);
}

/** Reads the rest of those that were cut. */
export async function lengthen(
  broker: RedisBroker,
  keys: readonly Buffer[],
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
