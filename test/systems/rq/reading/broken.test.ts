/** What is broken, huge, foreign or hostile shows as that, and harms neither its neighbours nor this process. */
import { deflateSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  asRedis5,
  clientOf,
  differences,
  dumpRedis,
  type RedisProxy,
  startProxy,
  startRedis,
  type TestRedis,
} from '../../../support';
import { type Connected, connected, putJobs, refundOf, signal } from './support';

let redis: TestRedis;
let proxy: RedisProxy;
let client: Redis;
const open: Connected[] = [];

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis, asRedis5);
  client = clientOf(redis);
});

afterAll(async () => {
  for (const { broker } of open) broker.close();
  client.disconnect();
  await proxy.close();
  await redis.stop();
});

const MEGABYTE = 1024 * 1024;

describe.each([
  ['Redis of this machine', () => redis.url],
  ['behind a proxy that answers as 5.0 does', () => `redis://127.0.0.1:${proxy.port}/0`],
])('%s', (_name, url) => {
  beforeEach(async () => {
    await client.flushall();
    await putJobs(client, 'default', 'failed', ['before', 'after']);
    await client.zadd('rq:failed:default', 1_900_000_009, 'before', 1_900_000_001, 'after');
  });

  /** Puts one job between two sound ones and reads all three. */
  async function between(id: string, fields: Record<string, string | Buffer> | null) {
    if (fields !== null) await client.hset(`rq:job:${id}`, fields);
    await client.zadd('rq:failed:default', 1_900_000_005, id);
    const connection = await connected(url());
    open.push(connection);
    const { installation } = connection;
    const page = await installation.jobs({ queue: 'default', state: 'failed', cursor: null, size: 10 }, signal);
    expect(page.items.map(item => item.id)).toEqual(['before', id, 'after']);
    expect(page.items[0]).toMatchObject({ task: 'shop.payments.refund', problems: [] });
    expect(page.items[2]).toMatchObject({ task: 'shop.payments.refund', problems: [] });
    const row = page.items[1]!;
    return { row, job: await installation.job(row.ref, signal), installation };
  }

  const common = { origin: 'default', status: 'failed', created_at: '2026-11-20T10:00:00Z' };

  test('an id whose job is gone', async () => {
    const { row, job } = await between('gone', null);
    expect(row.problems).toEqual([
      { part: 'hash', reason: expect.stringContaining('Only its id is left'), offset: null },
    ]);
    expect(job).toMatchObject({ id: 'gone', state: 'failed', task: null, args: null, raw: [] });
    expect(job.problems[0]?.reason).toContain('Only its id is left');
  });

  test('a pickle that is cut short', async () => {
    const whole = refundOf(7);
    const cut = deflateSync(Buffer.from([0x80, 4, 0x28, 0x8c, 20, 0x73, 0x68]));
    expect(cut.length).toBeLessThan(whole.length);
    const { row, job } = await between('cut', { ...common, data: cut, description: 'shop.payments.refund(7)' });
    expect(row).toMatchObject({ task: 'shop.payments.refund', args: null });
    expect(row.problems[0]).toMatchObject({ part: 'args', offset: 3 });
    expect(row.problems[0]?.reason).toBe(
      'The arguments could not be read: pickle protocol 4, opcode 0x8c (SHORT_BINUNICODE) at byte 3 is cut short: 20 bytes wanted, 2 left.',
    );
    expect(job.raw[0]?.entries.find(entry => entry.name === 'data')?.bytes).toEqual(cut);
  });

  test.each([
    ['zlib cut short', refundOf(7).subarray(0, 20), /cut short|damaged/],
    ['no zlib, no pickle', Buffer.from([0xde, 0xad, 0xbe, 0xef]), /neither pickle nor JSON/],
    ['JSON that is none', Buffer.from('["shop.mail", nul'), /not JSON/],
    ['a pickle that is no call', deflateSync(Buffer.from([0x80, 4, 0x4e, 0x2e])), /no call of RQ/],
    ['nothing', Buffer.alloc(0), /no field "data"|it is empty/],
    ['a zlib bomb', deflateSync(Buffer.alloc(200 * MEGABYTE)), /more than 32 MB|neither|could not be read/],
  ])('arguments: %s', async (_what, data, reason) => {
    const { row, job } = await between('odd', { ...common, data });
    const words = [...row.problems, ...job.problems].map(problem => problem.reason).join('\n');
    expect(words).toMatch(reason);
    expect(job.args).toBeNull();
    expect(job.createdAt).toBe('2026-11-20T10:00:00Z');
  });

  test('60 MB of arguments, in memory that is bounded', async () => {
    await client.config('SET', 'proto-max-bulk-len', '200mb');
    const huge = Buffer.alloc(60 * MEGABYTE, 0x41);
    await client.hset('rq:job:huge', { ...common, data: huge, meta: huge });
    const before = process.memoryUsage().rss;
    const { row, job } = await between('huge', null);
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * MEGABYTE);
    expect(row.args?.text).toContain('61440 kB');
    const problem = job.problems.find(({ part }) => part === 'args');
    expect(problem?.reason).toContain('60.0 MB of arguments');
    const entry = job.raw[0]?.entries.find(({ name }) => name === 'data');
    expect(entry).toMatchObject({ totalBytes: 60 * MEGABYTE });
    expect(entry?.bytes.length).toBeLessThanOrEqual(64 * 1024);
  });

  test('fields of rubbish and markup stay what they are', async () => {
    const { row, job } = await between('<img src=x onerror=alert(1)>', {
      ...common,
      data: refundOf(1),
      status: '<b>failed</b>',
      created_at: 'yesterday',
      timeout: 'NaN',
      retries_left: 'many',
      meta: Buffer.from([0x80, 4, 0x58]),
      result: Buffer.from([0xff]),
      exc_info: Buffer.from([0x78, 0x9c, 0x01]),
      dependency_ids: '{"not":"a list"}',
      retry_intervals: 'soon',
      worker_name: Buffer.from([0xff, 0xfe]),
    });
    expect(row).toMatchObject({ createdAt: null, worker: '\\xff\\xfe', task: 'shop.payments.refund' });
    expect(row.problems.some(({ part }) => part === 'status')).toBe(true);
    expect(job.timeoutSeconds).toBeNull();
    expect(job.problems.map(({ part }) => part)).toEqual(expect.arrayContaining(['status', 'meta', 'result']));
    expect(job.error?.message).toContain('could not be read');
  });

  test('foreign types under the keys of RQ', async () => {
    await client.set('rq:job:string', 'no hash');
    await client.set('rq:results:string', 'no stream');
    const { row, job, installation } = await between('string', null);
    expect(row.problems[0]?.reason).toMatch(/WRONGTYPE/);
    expect(job.problems.map(({ reason }) => reason).join()).toMatch(/WRONGTYPE/);
    await client.set('rq:queue:strange', 'no list');
    await client.rpush('rq:failed:strange', 'no', 'zset');
    await client.sadd('rq:queues', 'rq:queue:strange', 'something else');
    await client.sadd('rq:workers', 'rq:worker:strange', 'something else');
    await client.set('rq:worker:strange', 'no hash');
    const overview = await installation.overview(signal);
    const strange = overview.queues.find(queue => queue.name === 'strange');
    expect(strange?.counts.waiting).toEqual({ unknown: expect.stringMatching(/WRONGTYPE/) });
    expect(strange?.counts.failed).toEqual({ unknown: expect.stringMatching(/WRONGTYPE/) });
    expect(overview.queues.find(queue => queue.name === 'default')?.counts.failed).toEqual({ exact: 3 });
    expect(overview.workers.map(worker => worker.name)).toEqual(['strange']);
    const empty = await installation.jobs({ queue: 'strange', state: 'failed', cursor: null, size: 10 }, signal);
    expect(empty.items).toEqual([]);
  });

  test('a job that is gone altogether', async () => {
    const { job, installation } = await between('leaving', { ...common, data: refundOf(1) });
    await client.del('rq:job:leaving');
    await client.zrem('rq:failed:default', 'leaving');
    await expect(installation.job(job.ref, signal)).rejects.toMatchObject({ code: 'gone' });
    await expect(installation.job('celery//x/y', signal)).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('a job that has moved on comes with its new place', async () => {
    const { job, installation } = await between('moving', { ...common, data: refundOf(1) });
    await client.zrem('rq:failed:default', 'moving');
    await client.rpush('rq:queue:default', 'moving');
    await client.hset('rq:job:moving', 'status', 'queued');
    const moved = await installation.job(job.ref, signal);
    expect(moved).toMatchObject({ state: 'waiting', nativeState: 'queued', problems: [] });
    expect(moved.ref).not.toBe(job.ref);
  });

  test('looking at all of it changes nothing', async () => {
    await client.set('rq:results:foreign', 'x');
    const before = await dumpRedis(redis);
    const { installation } = await between('cut', null).then(async result => {
      await client.zrem('rq:failed:default', 'cut');
      return result;
    });
    await installation.overview(signal);
    expect(differences(before, await dumpRedis(redis))).toEqual([]);
  });
});
