/** Awkward states of a broker, asked from outside: what was once answered wrongly stays answered rightly. */
import { deflateSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clientOf, differences, dumpRedis, runPython, startRedis, startRqWorker, type TestRedis } from '../../support';
import { type Cli, makeCli, type Served } from './cli';

let cli: Cli;
let redis: TestRedis;
let client: Redis;
let served: Served;
let url = '';
beforeAll(async () => {
  [cli, redis] = await Promise.all([makeCli(), startRedis()]);
  client = clientOf(redis);
  url = redis.url;
});
beforeEach(async () => {
  await client.flushall();
  await served?.[Symbol.asyncDispose]();
  served = cli.serve();
});
afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  client.disconnect();
  await redis.stop();
});

const ask = async (command: string, more: Record<string, unknown> = {}) => {
  const { result, error } = await served.ask({ command, url, ...more });
  return result ?? { error };
};

const NO_OWN_RECORDS = { without: (key: string) => /^(?:rq:inspector:|job-queue-inspector:|rq:worker)/.test(key) };

/** A job as RQ writes it, with JSON arguments. */
async function put(id: string, queue: string, status: string, fields: Record<string, string | Buffer> = {}) {
  await client.sadd('rq:queues', `rq:queue:${queue}`);
  await client.hset(`rq:job:${id}`, {
    data: deflateSync('["a.b", null, [], {}]'),
    origin: queue,
    status,
    created_at: '2026-11-20T10:00:00.000000Z',
    ...fields,
  });
}

const FAIL = `
import sys, redis, rq
queue = rq.Queue("work", connection=redis.from_url(sys.argv[1]))
for n in range(3):
    queue.enqueue("shop.payments.fail_to_charge", n)
`;

test('RQ 0.12 and the newest in one Redis: all failures are counted, paged, retried and put back', async () => {
  for (const generation of ['rq-0.12', 'rq-newest']) {
    await runPython(generation, FAIL, [url]);
    await (await startRqWorker({ generation, url, queues: ['work'], burst: true })).exited;
  }
  // A live worker of each, busy with nothing.
  const workers = await Promise.all(
    ['rq-0.12', 'rq-newest'].map(generation => startRqWorker({ generation, url, queues: ['elsewhere'] })),
  );
  try {
    const { installations } = await ask('overview');
    expect(installations[0].counts.failed).toEqual({ exact: 6 });
    expect(await ask('jobs', { state: 'failed', size: 1 })).toMatchObject({ total: { exact: 6 } });
    const before = await dumpRedis(redis, NO_OWN_RECORDS);
    expect(await ask('perform', { action: 'retry', state: 'failed', dryRun: true })).toMatchObject({
      total: 6,
      byQueue: { work: 6 },
    });
    const did = await ask('perform', { action: 'retry', state: 'failed' });
    expect(did).toMatchObject({ done: 6, refused: 0 });
    expect(await client.llen('rq:queue:work')).toBe(6);
    expect(await ask('undo', { token: did.undo })).toMatchObject({ done: 6, refused: 0 });
    expect(differences(before, await dumpRedis(redis, NO_OWN_RECORDS))).toEqual([]);
  } finally {
    await Promise.all(workers.map(worker => worker.stop()));
  }
});

test('jobs that wait for each other, deleted at once, all come back', async () => {
  await runPython(
    'rq-newest',
    `
import sys, redis, rq
queue = rq.Queue("work", connection=redis.from_url(sys.argv[1]))
job = queue.enqueue("shop.payments.refund", 0, 1)
for n in range(4):
    job = queue.enqueue("shop.payments.refund", n, 1, depends_on=job)
`,
    [url],
  );
  const before = await dumpRedis(redis, NO_OWN_RECORDS);
  const did = await ask('perform', { action: 'delete', state: 'deferred' });
  expect(did).toMatchObject({ done: 4 });
  expect(await ask('undo', { token: did.undo })).toMatchObject({ done: 4, refused: 0 });
  expect(differences(before, await dumpRedis(redis, NO_OWN_RECORDS))).toEqual([]);
});

test('JSON arguments are exact: 1 is not 1.0, large integers keep every digit, NaN is read', async () => {
  await put('j', 'work', 'queued', {
    data: deflateSync('["a.b", null, [1, 1.0, 12345678901234567890, NaN], {"__proto__": 1}]'),
  });
  await client.rpush('rq:queue:work', 'j');
  const { args, kwargs, problems } = await ask('job', { job: 'j' });
  expect([args.text, kwargs.text, problems]).toEqual(['[1, 1.0, 12345678901234567890, nan]', "{'__proto__': 1}", []]);
});

test('a running job whose execution has expired is found by its id where it stands', async () => {
  await put('r', 'work', 'started');
  await client.zadd('rq:wip:work', 1, `r:${'a'.repeat(32)}`);
  expect(await ask('job', { job: 'r' })).toMatchObject({ state: 'running', ref: expect.stringContaining('wip') });
});

test('an id that stands in a list twice is two rows, whatever the size of a page', async () => {
  await put('twice', 'work', 'queued');
  await client.rpush('rq:queue:work', 'twice', 'twice', 'other');
  for (const size of [1, 2, 10]) {
    const ids: string[] = [];
    for (let cursor: string | null = null, more = true; more; ) {
      const page = await ask('jobs', { state: 'waiting', queue: 'work', size, cursor });
      ids.push(...page.items.map((row: { id: string }) => row.id));
      cursor = page.next;
      more = cursor !== null;
    }
    expect(ids).toEqual(['twice', 'twice', 'other']);
  }
});

test('a key of a foreign type hides no other: totals become lower bounds', async () => {
  await put('a', 'work', 'queued');
  await client.rpush('rq:queue:work', 'a');
  await client.sadd('rq:queues', 'rq:queue:broken');
  await client.set('rq:queue:broken', 'a string');
  const { installations } = await ask('overview');
  expect(installations[0].counts.waiting).toEqual({ atLeast: 1 });
  const broken = installations[0].queues.find(({ name }: { name: string }) => name === 'broken');
  expect(broken.counts.waiting).toEqual({ unknown: expect.stringContaining('WRONGTYPE') });
});

test('rows and jobs agree on queue and times, also where the hash says another queue', async () => {
  await put('moved', 'elsewhere', 'queued');
  await client.pexpire('rq:job:moved', 3_600_000);
  await client.sadd('rq:queues', 'rq:queue:work');
  await client.rpush('rq:queue:work', 'moved');
  const { items } = await ask('jobs', { state: 'waiting', queue: 'work' });
  const { queue, expiresAt, ref } = items[0];
  expect(expiresAt).toMatch(/^\d{4}-.*Z$/);
  expect(await ask('job', { job: ref })).toMatchObject({ queue: 'work', expiresAt, ref });
  expect(queue).toBe('work');
});

test('empty names and nulls are taken as they are meant', async () => {
  await put('', '', 'queued');
  await client.rpush('rq:queue:', '');
  const query = { state: 'waiting', cursor: null, search: null };
  expect(await ask('jobs', { ...query, queue: '' })).toMatchObject({ items: [{ id: '', queue: '' }] });
  expect(await ask('jobs', { ...query, queue: null })).toMatchObject({ total: { exact: 1 } });
});

test('a state that RQ does not have is unknown, not empty', async () => {
  await put('a', 'work', 'queued');
  expect(await ask('jobs', { state: 'dead' })).toMatchObject({ items: [], total: { unknown: expect.any(String) } });
});

test('a parameter that an action does not take is refused, with those that it takes', async () => {
  await put('a', 'work', 'queued');
  await client.rpush('rq:queue:work', 'a');
  const { error } = await ask('perform', { action: 'move', job: 'a', parameters: { queue: 'x', qeue: 'y' } });
  expect(error).toMatchObject({ code: 'bad-value', parameter: 'qeue', answer: 'it takes queue' });
  expect(await client.llen('rq:queue:work')).toBe(1);
});

test('where nothing may be looked at, nothing found is no answer', async () => {
  await put('a', 'work', 'queued');
  await client.call('ACL', 'SETUSER', 'blind', 'on', '>blind-pw-1', '~none', '+ping', '+get');
  const blind = url.replace('redis://', 'redis://blind:blind-pw-1@');
  expect(await ask('detect', { url: blind })).toMatchObject({
    installations: [],
    problems: expect.arrayContaining(
      ['celery', 'rq'].map(system => ({ system, error: expect.objectContaining({ code: 'forbidden' }) })),
    ),
  });
  for (const more of [
    { command: 'jobs', state: 'failed' },
    { command: 'job', job: 'a' },
  ])
    expect((await served.ask({ ...more, url: blind }))['error']).toMatchObject({ code: 'forbidden' });
});

test('a job asked for in a queue where it is not: the queue is named, since it stands in another', async () => {
  await put('here', 'default', 'queued');
  await client.rpush('rq:queue:default', 'here');
  expect((await ask('job', { job: 'here', queue: 'default' })).id).toBe('here');
  const { error } = await ask('job', { job: 'here', queue: 'other' });
  expect(error).toMatchObject({ code: 'gone', answer: 'no job of this queue has this id' });
  expect(error.message).toContain('in the queue other of');
});

test('an id that stands twice is no id that was not looked at', async () => {
  await put('nightly', 'default', 'queued');
  await client.rpush('rq:queue:default', 'nightly', 'nightly', 'expired');
  const { findings } = await ask('findings');
  const found = findings.find((each: { rule: string }) => each.rule === 'rq.only-id-left');
  expect(found.title).toBe('Of 1 queued job in default only the id is left');
  expect(found.evidence.map((each: { what: string }) => each.what)).not.toContain('looked at');
});
