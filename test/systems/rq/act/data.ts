/** Jobs written by hand, for tests that need no worker. */
import type { Redis } from 'ioredis';
import { type Registry, registryKey } from '../../../../src/systems/rq/keys';

export const AT = '2026-11-20T21:39:01.982219Z';

/** Pickle protocol 2 of `('shop.mail.send', None, (), {})`, not compressed: RQ takes both. */
const CALL = Buffer.from('\x80\x02(X\x0e\x00\x00\x00shop.mail.sendN)}t.', 'latin1');

export async function writeJob(client: Redis, id: string, fields: Record<string, string | Buffer> = {}): Promise<void> {
  await client.hset(`rq:job:${id}`, { data: CALL, created_at: AT, origin: 'default', timeout: '180', ...fields });
}

/** Jobs in a registry, with the expiry that RQ gives them there. */
export async function writeRegistered(client: Redis, registry: Registry, ids: readonly string[], queue = 'default') {
  await client.sadd('rq:queues', `rq:queue:${queue}`);
  const status = registry === 'wip' ? 'started' : registry;
  const expires = Math.floor(Date.now() / 1000) + 31_536_000;
  const pipeline = client.pipeline();
  for (const [index, id] of ids.entries()) {
    pipeline.hset(`rq:job:${id}`, {
      data: CALL,
      created_at: AT,
      enqueued_at: AT,
      started_at: AT,
      ended_at: AT,
      status,
      origin: queue,
      timeout: '180',
    });
    if (registry === 'failed' || registry === 'finished') pipeline.expireat(`rq:job:${id}`, expires + index);
    pipeline.zadd(registryKey(registry, queue), `${expires + index}`, id);
  }
  await pipeline.exec();
}

/** Waiting jobs, in this order. */
export async function writeWaiting(client: Redis, ids: readonly string[], queue = 'default'): Promise<void> {
  await client.sadd('rq:queues', `rq:queue:${queue}`);
  const pipeline = client.pipeline();
  for (const id of ids) {
    pipeline.hset(`rq:job:${id}`, {
      data: CALL,
      created_at: AT,
      enqueued_at: AT,
      status: 'queued',
      origin: queue,
      timeout: '180',
    });
    pipeline.rpush(`rq:queue:${queue}`, id);
  }
  await pipeline.exec();
}

/** How often each id stands in any list or sorted set of RQ. */
export async function placesOf(client: Redis): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const key of await client.keys('rq:*')) {
    if (/^rq:(job|inspector|results|queues|workers|executions)/.test(key)) continue;
    const type = await client.type(key);
    const ids =
      type === 'list' ? await client.lrange(key, 0, -1) : type === 'zset' ? await client.zrange(key, '0', '-1') : [];
    for (const id of ids) places.set(id, [...(places.get(id) ?? []), key]);
  }
  return places;
}
