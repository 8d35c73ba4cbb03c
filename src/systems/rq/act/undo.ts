import type { Base64, RedisGuard, RedisOperation, UndoUnit } from '../../../model';
import { bytesOf, textOf } from '../../reading/ids';
import type { Key } from '../keys';

/**
 * Bytes as text with one character a byte. Ids and keys that a script answers as JSON stay exact in it, and compare
 * and concatenate fast.
 */
export type Latin1 = string;

/** From a key of keys.ts. */
export const ofKey = (key: Key): Latin1 =>
  typeof key === 'string' && isAscii(key) ? key : Buffer.from(key).toString('latin1');

/** From the text that refs and people have (see ids.ts). */
export const latin1 = (text: string): Latin1 => ofKey(bytesOf(text));

/** To the text that refs and people have. */
export const readable = (bytes: Latin1): string =>
  isAscii(bytes) && !bytes.includes('\\x') ? bytes : textOf(Buffer.from(bytes, 'latin1'));

/** As a driver's argument: text where it is ASCII (the usual case, and cheap), else the bytes. */
export const wire = (bytes: Latin1): string | Buffer => (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1'));

/** The same for many, which are usually all ASCII: one look at all of them. */
export function wireAll(many: readonly Latin1[]): readonly (string | Buffer)[] {
  return isAscii(many.join('')) ? many : many.map(wire);
}

const isAscii = (value: string): boolean => !NOT_ASCII.test(value);
const NOT_ASCII = /[^\0-\x7f]/;

const known = new Map<Latin1, Base64>();

/** For journals. Names that come again and again (queues, fields) are remembered. */
export function base64(bytes: Latin1, often = false): Base64 {
  if (!often) return btoa(bytes);
  let encoded = known.get(bytes);
  if (encoded === undefined) {
    encoded = btoa(bytes);
    if (known.size > 1000) known.clear();
    known.set(bytes, encoded);
  }
  return encoded;
}

export function unit(subject: string, guards: readonly RedisGuard[], operations: readonly RedisOperation[]): UndoUnit {
  return { broker: 'redis', subject, guards, operations };
}

export const TAKEN = 'already taken by a worker';
export const IN_USE = 'its id is in use again';
export const EXPIRED = 'it would have expired meanwhile';
