/** Jobs in unusual places as real workers leave them: repeated, retried by their own function, lost on the way. */
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  asRedis5,
  clientOf,
  type GuardedProcess,
  startProxy,
  startRedis,
  startRqWorker,
  type TestRedis,
  waitFor,
} from '../../../support';
import { type Connected, connected, diagnosed, signal, withRq } from './support';

const NEWEST = 'rq-newest';
let redis: TestRedis;
let client: Redis;
let connection: Connected | undefined;
const started: GuardedProcess[] = [];

beforeEach(async () => {
  redis = await startRedis();
  client = clientOf(redis);
});

afterEach(async () => {
  connection?.broker.close();
  connection = undefined;
  await Promise.all(started.splice(0).map(process => process.kill()));
  client.disconnect();
  await redis.stop();
});

async function connect(url = redis.url) {
  connection = await connected(url);
  return connection.installation;
}

async function work(generation: string, queues: readonly string[]) {
  started.push(await startRqWorker({ generation, url: redis.url, queues }));
}

const found = async () => (await diagnosed(connection!.installation)).findings;

test('a job that repeats is found by its id where its status says', async () => {
  const id = await withRq(
    NEWEST,
    redis.url,
    `
from rq import Repeat
print(queue('default').enqueue('shop.payments.settle', 'x', repeat=Repeat(times=2, interval=1000)).id)
`,
  );
  await work(NEWEST, ['default']);
  await waitFor(async () => (await client.zscore('rq:scheduled:default', id)) !== null);
  await waitFor(async () => (await client.zscore('rq:finished:default', id)) !== null);
  const installation = await connect();
  const rows = await installation.find(id, null, signal);
  expect(rows.map(({ state }) => state)).toEqual(['scheduled']);
  const job = await installation.job(rows[0]!.ref, signal);
  expect(job).toMatchObject({
    state: 'scheduled',
    attempts: 1,
    problems: [],
    result: { text: "{'day': 'x', 'settled': True}" },
  });
});

test('a job whose function asks for a retry once too often says so', async () => {
  const id = await withRq(
    NEWEST,
    redis.url,
    // The class is a function that returns one.
    "print(queue('default').enqueue('rq.job.Retry', max=1).id)",
  );
  await work(NEWEST, ['default']);
  await waitFor(async () => (await client.zscore('rq:failed:default', id)) !== null);
  const installation = await connect();
  const [row] = await installation.find(id, null, signal);
  const job = await installation.job(row!.ref, signal);
  expect(job).toMatchObject({
    state: 'failed',
    attempts: 2,
    error: { type: 'MaxRetriesExceeded', message: 'It asked for a retry more often than allowed.', traceback: '' },
  });
});

test('an id left on the way to a worker is stuck only where its job is still there', async () => {
  await withRq(NEWEST, redis.url, "queue('default').enqueue_call('shop.payments.settle', args=(1,), job_id='there')");
  await client.rename('rq:queue:default', 'rq:queue:default:intermediate');
  await client.rpush('rq:queue:default:intermediate', 'expired');
  await connect();
  const [stuck, ...others] = await found();
  expect(stuck).toMatchObject({ rule: 'rq.stuck-in-intermediate', subject: 'default' });
  expect(stuck!.evidence[0]?.value).toBe('there');
  expect(others).toEqual([]);
  // Enqueued in two queues, it ran in the other one: nothing is stuck, and its row says what is odd.
  await client.hset('rq:job:there', 'status', 'finished');
  expect(await found()).toEqual([]);
  const { items } = await connection!.installation.jobs(
    { queue: 'default', state: 'taken', cursor: null, size: 10 },
    signal,
  );
  expect(items[0]!.problems).toMatchObject([{ part: 'status' }]);
  await client.hset('rq:job:there', 'status', 'queued');
  await client.del('rq:job:there');
  expect(await found()).toEqual([]);
});

test('a stopped job ended when its result was written, in its row as on its page', async () => {
  const id = await withRq(NEWEST, redis.url, "print(queue('default').enqueue('time.sleep', 60).id)");
  await work(NEWEST, ['default']);
  await waitFor(async () => (await client.hget(`rq:job:${id}`, 'status')) === 'started');
  await waitFor(async () => {
    await withRq(
      NEWEST,
      redis.url,
      'from rq.command import send_stop_job_command as stop; stop(connection, arguments)',
      id,
    );
    return (await client.zscore('rq:failed:default', id)) !== null;
  });
  await using front = await startProxy(redis, asRedis5);
  const rows = [];
  for (const url of [redis.url, front.url]) {
    connection?.broker.close();
    const installation = await connect(url);
    const [row] = (await installation.jobs({ queue: 'default', state: 'failed', cursor: null, size: 10 }, signal))
      .items;
    const job = await installation.job(row!.ref, signal);
    expect(row).toMatchObject({ id, nativeState: 'stopped', endedAt: expect.stringMatching(/^20\d\d-/) });
    expect(job.endedAt).toBe(row!.endedAt);
    rows.push(row);
  }
  expect(rows[1]).toEqual(rows[0]);
});
