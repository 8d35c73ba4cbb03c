import { createHash } from 'node:crypto';
import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import type { RedisValue } from '../../../model';
import { base64, type Latin1, wire } from './undo';

/** A key as it stood: what undo needs to make it again, and what the script compares before it destroys. */
export interface SavedKey {
  readonly key: Latin1;
  /** null = there was no such key. */
  readonly value: RedisValue | null;
  /** Milliseconds since the epoch by the broker's clock; null without expiry. */
  readonly expireAt: number | null;
  /** As destroy.lua makes it. */
  readonly digest: string;
  /** Set where it is of a type that cannot be saved. */
  readonly problem: string | null;
}

export type KeyType = 'hash' | 'set' | 'zset' | 'stream' | 'string';

/** Reads keys whose types are known by their names; one round trip. */
export async function saveKeys(
  broker: RedisBroker,
  wanted: readonly (readonly [key: Latin1, type: KeyType])[],
  clockOffset: number,
  signal: AbortSignal,
): Promise<SavedKey[]> {
  if (wanted.length === 0) return [];
  const absolute = broker.server.atLeast('7.0');
  const expiry = absolute ? 'PEXPIRETIME' : 'PTTL';
  const commands = wanted.flatMap(([key, type]): Command[] => [COMMANDS[type](wire(key)), [expiry, wire(key)]]);
  const replies = await broker.read(commands, signal);
  const now = absolute ? 0 : Date.now() + clockOffset;
  return wanted.map(([key, type], index) => saved(key, type, replies[index * 2], replies[index * 2 + 1], now));
}

const COMMANDS: Readonly<Record<KeyType, (key: string | Uint8Array) => Command>> = {
  hash: key => ['HGETALL', key],
  set: key => ['SMEMBERS', key],
  zset: key => ['ZRANGE', key, 0, -1, 'WITHSCORES'],
  stream: key => ['XRANGE', key, '-', '+'],
  string: key => ['GET', key],
};

/** @param expiry milliseconds after `now`; -1 = none */
function saved(key: Latin1, type: KeyType, reply: Reply | undefined, expiry: Reply | undefined, now: number): SavedKey {
  if (isFailure(reply)) return { key, value: null, expireAt: null, digest: 'foreign', problem: reply.message };
  const expireAt = typeof expiry === 'number' && expiry > 0 ? Math.round(now + expiry) : null;
  const value = contentOf(type, reply);
  return { key, value: value.value, expireAt, digest: value.digest, problem: null };
}

function contentOf(type: KeyType, reply: Reply | undefined): { value: RedisValue | null; digest: string } {
  const absent = { value: null, digest: '' };
  if (type === 'string') {
    if (!Buffer.isBuffer(reply)) return absent;
    return { value: { type, value: reply.toString('base64') }, digest: `string:1:${sum([reply], false)}` };
  }
  if (!Array.isArray(reply) || reply.length === 0) return absent;
  if (type === 'stream') return stream(reply as readonly Reply[]);
  const flat = reply as readonly Buffer[];
  const encoded = flat.map(each => each.toString('base64'));
  switch (type) {
    case 'set':
      return { value: { type, members: encoded }, digest: `set:${flat.length}:${sum(flat, false)}` };
    case 'hash':
      return { value: { type, fields: pairs(encoded, encoded) }, digest: `hash:${flat.length / 2}:${sum(flat, true)}` };
    case 'zset':
      return {
        value: {
          type,
          members: pairs(
            encoded,
            flat.map(each => each.toString('latin1')),
          ),
        },
        digest: `zset:${flat.length / 2}:${sum(flat, true)}`,
      };
  }
}

function stream(reply: readonly Reply[]): { value: RedisValue; digest: string } {
  const entries = reply.map(entry => {
    const [id, fields] = entry as readonly [Buffer, readonly Buffer[]];
    return { id: id.toString('latin1'), fields: fields.map(each => each.toString('base64')) };
  });
  const last = Buffer.from(entries.at(-1)?.id ?? '');
  return { value: { type: 'stream', entries }, digest: `stream:${entries.length}:${sum([last], false)}` };
}

function pairs(names: readonly string[], values: readonly string[]): (readonly [string, string])[] {
  const result: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < names.length; at += 2) result.push([names[at] ?? '', values[at + 1] ?? '']);
  return result;
}

const MODULUS = 2 ** 48;
const NUL = Buffer.from([0]);

/** The sum that destroy.lua makes: independent of the order in which Redis answers. */
function sum(flat: readonly Buffer[], pairwise: boolean): string {
  let total = 0;
  for (let at = 0; at < flat.length; at += pairwise ? 2 : 1) {
    const hash = createHash('sha1').update(flat[at] ?? NUL);
    if (pairwise) hash.update(NUL).update(flat[at + 1] ?? NUL);
    total = (total + hash.digest().readUIntBE(0, 6)) % MODULUS;
  }
  return String(total);
}

/** The value of a field of a saved hash. */
export function savedField(hash: SavedKey | undefined, field: string): Buffer | null {
  if (hash?.value?.type !== 'hash') return null;
  const name = base64(field, true);
  const found = hash.value.fields.find(([each]) => each === name);
  return found === undefined ? null : Buffer.from(found[1], 'base64');
}

/** Bytes that the copies take. */
export function savedBytes(keys: readonly SavedKey[]): number {
  return keys.reduce((total, { key, value }) => total + key.length + (value === null ? 0 : lengthOf(value)), 0);
}

function lengthOf(value: RedisValue): number {
  switch (value.type) {
    case 'string':
      return bytes(value.value);
    case 'hash':
      return value.fields.reduce((total, [name, each]) => total + bytes(name) + bytes(each), 0);
    case 'set':
      return value.members.reduce((total, each) => total + bytes(each), 0);
    case 'list':
      return value.values.reduce((total, each) => total + bytes(each), 0);
    case 'zset':
      return value.members.reduce((total, [each]) => total + bytes(each) + 8, 0);
    case 'stream':
      return value.entries.reduce((total, { fields }) => fields.reduce((each, field) => each + bytes(field), total), 0);
  }
}

const bytes = (encoded: string): number => Math.floor((encoded.length * 3) / 4);
