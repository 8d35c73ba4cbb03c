/** What a tool would write that acts on Celery's tasks on Redis and does nothing else: no undo, no report. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { messageOf, resultKeyOf } from './celery-data';

/** The same guarantee and nothing else: a result goes only if it is what was read, and its task is published with that. */
const BARE = `
redis.call('SELECT', 1)
local there = {}
for i = 2, #KEYS do
  if redis.sha1hex(redis.call('GET', KEYS[i])) == ARGV[2 * i - 3] then
    redis.call('DEL', KEYS[i])
    there[#there + 1] = i
  end
end
redis.call('SELECT', 0)
for _, i in ipairs(there) do redis.call('LPUSH', KEYS[1], ARGV[2 * i - 2]) end
return #there`;

/** Retries failed tasks, so many a step. */
export async function bareRetry(
  client: Redis,
  store: Redis,
  queue: string,
  tasks: number,
  size: number,
): Promise<number> {
  const sha = (await client.script('LOAD', BARE)) as string;
  const began = performance.now();
  for (let from = 0; from < tasks; from += size) {
    const numbers = Array.from({ length: Math.min(size, tasks - from) }, (_value, n) => from + n);
    const keys = numbers.map(resultKeyOf);
    const read = await store.mgetBuffer(keys);
    const args = read.flatMap((value, n) => [sha1(value), messageOf(from + n, queue)]);
    const done = await client.evalsha(sha, keys.length + 1, queue, ...keys, ...args);
    if (done !== keys.length) throw new Error(`Only ${String(done)} of ${keys.length} were retried.`);
  }
  return performance.now() - began;
}

const sha1 = (value: Buffer | null): string =>
  createHash('sha1')
    .update(value ?? '')
    .digest('hex');

const REMOVE = `
local removed = 0
for i = 1, #ARGV do removed = removed + redis.call('LREM', KEYS[1], -1, ARGV[i]) end
return removed`;

/** What a tool would write that keeps copies, and takes away only what it has a copy of. */
export async function bareEmptying(client: Redis, queue: string, waiting: number, size: number): Promise<number> {
  const sha = (await client.script('LOAD', REMOVE)) as string;
  const began = performance.now();
  let left = waiting;
  while (left > 0) {
    const copies = (await client.lrangeBuffer(queue, -size, -1)).reverse();
    const removed = Number(await client.evalsha(sha, 1, queue, ...copies));
    if (removed !== copies.length) throw new Error(`Only ${removed} of ${copies.length} were removed.`);
    left -= removed;
  }
  return performance.now() - began;
}

/** How long each script held Redis, by its own slow log, which is made to keep everything. */
export async function holdsOf(client: Redis): Promise<number[]> {
  const log = (await client.call('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][];
  return log
    .filter(([, , , args]) => args[0]?.toLowerCase() === 'evalsha')
    .map(([, , micros]) => micros / 1000)
    .sort((a, b) => a - b);
}
