import type { Base64, RedisGuard, RedisOperation, RedisUndoUnit } from '../../../model';
import type { Key } from '../keys';
import type { StoredElement } from '../parts';

export const TAKEN = 'already taken by a worker';
export const IN_USE = 'a new outcome has taken its place';
export const EXPIRED = 'it would have expired meanwhile';

/** Bytes, or a key, for journals. */
export const base64 = (bytes: Key | Uint8Array): Base64 =>
  typeof bytes === 'string'
    ? Buffer.from(bytes).toString('base64')
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');

/** @param on role of the companion on which it is undone; null = the broker of the messages */
export function unit(
  subject: string,
  guards: readonly RedisGuard[],
  operations: readonly RedisOperation[],
  on: string | null = null,
): RedisUndoUnit {
  return { broker: 'redis', ...(on === null ? {} : { on }), subject, guards, operations };
}

/** Takes a message back while it waits where we put it, then does the rest. */
export function takingBack(
  subject: string,
  key: Key,
  value: Buffer | string,
  more: { readonly guards?: readonly RedisGuard[]; readonly operations?: readonly RedisOperation[] } = {},
): RedisUndoUnit {
  const list = base64(key);
  const encoded = base64(value);
  return unit(
    subject,
    [{ kind: 'in-list', key: list, value: encoded, refusal: TAKEN }, ...(more.guards ?? [])],
    [{ kind: 'lrem', key: list, value: encoded }, ...(more.operations ?? [])],
  );
}

/** Neighbours longer than this are not kept: they would make the copies many times as large as what they are copies of. */
const LONGEST_NEIGHBOUR = 4096;

/**
 * Puts an element of a list back beside those that stood beside it.
 * @param whole the list is taken away from its serving end on: undone in the opposite order, each goes to that end
 */
export function backInPlace(
  { key, bytes, before, after }: Pick<StoredElement, 'key' | 'bytes' | 'before' | 'after'>,
  whole: boolean,
): RedisOperation {
  if (whole) return { kind: 'push', key: base64(key), value: base64(bytes), end: 'tail' };
  const short = (all: readonly Buffer[]) => all.filter(each => each.length <= LONGEST_NEIGHBOUR).map(base64);
  return {
    kind: 'insert',
    key: base64(key),
    value: base64(bytes),
    before: short(before),
    after: short(after),
    otherwise: 'tail',
  };
}
