/** Everything a Redis holds, to compare before and after: "looking never changes anything". */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { clientOf, type TestRedis } from './redis';

/** One key: its type, its content, and when it expires. */
export interface DumpedKey {
  readonly type: string;
  /** Elements of a list or stream in order, of a set, hash or sorted set sorted; bytes as latin1 text. */
  readonly value: readonly string[];
  /** Absolute, in milliseconds since 1970, good to about a second; null without one. */
  readonly expires: number | null;
}

/** Keys sorted by name; names as latin1 text, so that no byte is lost. */
export type Dump = ReadonlyMap<string, DumpedKey>;

const EXPIRY_TOLERANCE_MS = 1000;

export interface DumpOptions {
  readonly database?: number;
  /** Leaves out keys that live workers keep changing: `key => key.startsWith('rq:worker')`. */
  readonly without?: (key: string) => boolean;
}

/** Reads all keys of one database. For tests: it uses KEYS. */
export async function dumpRedis(redis: TestRedis, options: DumpOptions = {}): Promise<Dump> {
  const client = clientOf(redis, options.database);
  try {
    const keys = (await client.keysBuffer('*')).sort(Buffer.compare);
    const dump = new Map<string, DumpedKey>();
    for (const key of keys) {
      const name = key.toString('latin1');
      if (options.without?.(name) !== true) dump.set(name, await dumpKey(client, key));
    }
    return dump;
  } finally {
    client.disconnect();
  }
}

/** A short fingerprint of a dump, for a message. */
export function fingerprint(dump: Dump): string {
  return createHash('sha256')
    .update(JSON.stringify([...dump].map(([key, { type, value }]) => [key, type, value])))
    .digest('hex')
    .slice(0, 16);
}

/** The keys that differ between two dumps, each with what changed; empty when nothing did. */
export function differences(before: Dump, after: Dump): string[] {
  const lines: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(key);
    const now = after.get(key);
    if (old === undefined) lines.push(`${key} is new: ${JSON.stringify(now)}`);
    else if (now === undefined) lines.push(`${key} is gone: ${JSON.stringify(old)}`);
    else if (!alike(old, now)) lines.push(`${key} was ${JSON.stringify(old)}, is ${JSON.stringify(now)}`);
  }
  return lines;
}

/** Equal in type and content; the same expiry, read at two moments, differs by the way the reading took. */
function alike(old: DumpedKey, now: DumpedKey): boolean {
  if (old.type !== now.type || JSON.stringify(old.value) !== JSON.stringify(now.value)) return false;
  if (old.expires === null || now.expires === null) return old.expires === now.expires;
  return Math.abs(old.expires - now.expires) <= EXPIRY_TOLERANCE_MS;
}

async function dumpKey(client: Redis, key: Buffer): Promise<DumpedKey> {
  const type = await client.type(key);
  const ttl = await client.pttl(key);
  const expires = ttl < 0 ? null : Date.now() + ttl;
  return { type, value: await content(client, key, type), expires };
}

async function content(client: Redis, key: Buffer, type: string): Promise<string[]> {
  switch (type) {
    case 'string':
      return text([await client.getBuffer(key)]);
    case 'list':
      return text(await client.lrangeBuffer(key, 0, -1));
    case 'set':
      return text(await client.smembersBuffer(key)).sort();
    case 'zset':
      return text((await client.callBuffer('ZRANGE', key, '0', '-1', 'WITHSCORES')) as Buffer[]);
    case 'hash':
      return pairs(text((await client.callBuffer('HGETALL', key)) as Buffer[])).sort();
    case 'stream':
      return [JSON.stringify(await client.xrange(key, '-', '+'))];
    default:
      return text([(await client.dumpBuffer(key)) ?? null]);
  }
}

function text(values: readonly (Buffer | null)[]): string[] {
  return values.map(value => value?.toString('latin1') ?? '');
}

function pairs(flat: readonly string[]): string[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [`${name}\0${flat[index + 1] ?? ''}`] : []));
}
