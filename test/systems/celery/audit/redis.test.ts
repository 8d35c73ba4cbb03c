/** Celery on Redis asked from outside: what was once answered wrongly stays answered rightly. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type CeleryApp,
  clientOf,
  removeFolder,
  runCelery,
  startCeleryWorker,
  startRedis,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../../../support';
import { type Cli, makeCli, type Served } from '../../inspect/cli';

let cli: Cli;
let redis: TestRedis;
let client: Redis;
let served: Served;
let app: CeleryApp;
const folder = temporaryFolder('audit');
beforeAll(async () => {
  [cli, redis] = await Promise.all([makeCli(), startRedis()]);
  client = clientOf(redis);
  app = {
    generation: 'celery-newest',
    broker: redis.url,
    backend: redis.url.replace(/0$/, '1'),
    conf: { result_extended: true },
  };
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
  removeFolder(folder);
});

const ask = async (command: string, more: Record<string, unknown> = {}) => {
  const { result, error } = await served.ask({ command, url: redis.url, ...more });
  return result ?? { error };
};

const rules = async () => (await ask('findings')).findings.map(({ rule }: { rule: string }) => rule);

test('a producer in another language, whose JSON has no spaces and an order of its own, is found and read', async () => {
  const message = (id: string) =>
    JSON.stringify({
      body: Buffer.from('[[1,2],{},{}]').toString('base64'),
      headers: { lang: 'go', task: 'shop.tasks.add', id },
      'content-type': 'application/json',
      properties: {
        body_encoding: 'base64',
        correlation_id: id,
        delivery_info: { exchange: '', routing_key: 'foreign' },
        delivery_tag: `tag-${id}`,
      },
      'content-encoding': 'utf-8',
    });
  await client.lpush('foreign', message('go-1'), message('go-2'));
  await client.lpush('no tasks', 'hello');
  const { installations } = await ask('overview');
  expect(installations[0].queues).toMatchObject([{ name: 'foreign', counts: { waiting: { exact: 2 } } }]);
  expect(await ask('job', { job: 'go-2' })).toMatchObject({ state: 'waiting', args: { text: '[1, 2]' }, problems: [] });
});

test('priority steps of an application’s own are counted and served in their order', async () => {
  const conf = { broker_transport_options: { priority_steps: [0, 1, 2, 5, 11] } };
  await runCelery(
    { ...app, conf },
    'for n in (2, 0, 5, 1):\n    tasks.add.apply_async([n, n], queue="own", priority=n)',
  );
  const { installations } = await ask('overview');
  expect(installations[0].queues).toMatchObject([{ name: 'own', counts: { waiting: { exact: 4 } } }]);
  const { items } = await ask('jobs', { state: 'waiting', queue: 'own' });
  expect(items.map((row: { args: { text: string } }) => row.args.text)).toEqual([
    '(0, 0)',
    '(1, 1)',
    '(2, 2)',
    '(5, 5)',
  ]);
});

test('where an application separates priorities by a colon, as Celery’s manual shows it, workers answer and take what is put in', async () => {
  const conf = { result_extended: true, broker_transport_options: { priority_steps: [0, 2, 4], sep: ':' } };
  const own = { ...app, conf };
  await runCelery(own, 'for n in (5, 0, 2):\n    tasks.add.apply_async([n, n], queue="own", priority=n)');
  const { installations: before } = await ask('overview');
  expect(before[0].queues).toMatchObject([
    { name: 'own', counts: { waiting: { exact: 3 } }, keys: expect.arrayContaining(['own', 'own:2', 'own:4']) },
  ]);
  const { items } = await ask('jobs', { state: 'waiting', queue: 'own' });
  expect(items.map((row: { args: { text: string } }) => row.args.text)).toEqual(['(0, 0)', '(2, 2)', '(5, 5)']);

  await using worker = await startCeleryWorker({ ...own, pool: 'threads', queues: ['own', 'new'] });
  const { installations } = await ask('overview');
  expect(installations[0].asked).toMatchObject({ answers: 1, of: 1 });
  expect(installations[0].queues.map(({ name }: { name: string }) => name)).toEqual(['new', 'own']);
  const lines = `${folder}/colon`;
  const enqueue = (queue: string, priority: number) => {
    const parameters = { task: 'shop.tasks.append_line', args: `('${lines}', '${queue} ${priority}')`, priority };
    return ask('perform', { action: 'enqueue', queue, parameters });
  };
  for (const priority of [0, 3, 6, 9]) expect(await enqueue('own', priority)).toMatchObject({ done: 1 });
  expect(await enqueue('new', 3)).toMatchObject({ done: 1 });
  const done = async () => (existsSync(lines) ? readFileSync(lines, 'utf8').trim().split('\n') : []).sort();
  await waitFor(async () => (await done()).length >= 5, { what: 'five tasks to run', explain: worker.output });
  expect(await done()).toEqual(['new 3', 'own 0', 'own 3', 'own 6', 'own 9']);
  expect(worker.output()).not.toContain('Traceback');

  // What is bound by us is read by kombu with the same separator.
  expect(await enqueue('later', 3)).toMatchObject({ done: 1 });
  await runCelery(own, 'tasks.add.apply_async([1, 1], queue="later", priority=2)');
  expect(await client.llen('later:2')).toBe(2);
});

test('a queue behind an exchange that has come up since the last look is in the next one', async () => {
  await runCelery(app, 'tasks.add.apply_async([1, 2], queue="old")');
  await ask('overview');
  await client.sadd('_kombu.binding.news', 'news.#\x06\x16^news.*$\x06\x16sport');
  const { installations } = await ask('overview');
  expect(installations[0].queues.map(({ name }: { name: string }) => name)).toContain('sport');
});

test('what Celery stores without a request: the name as far as it is told, no arguments, no blame on a setting', async () => {
  const worker = await startCeleryWorker({ ...app, pool: 'prefork' });
  await runCelery(
    app,
    `
from celery import chord
import time
gone = app.send_task("no.such.task", [1])
body = chord([tasks.add.s(1, 2), tasks.decline.s(4)])(tasks.add_all.s())
until = time.time() + 20
while any(result.state != "FAILURE" for result in (gone, body)):
    assert time.time() < until
    time.sleep(0.02)
`,
  );
  const { items } = await ask('jobs', { state: 'failed' });
  const named = items.map(({ task, args }: { task: string | null; args: unknown }) => [task, args === null]);
  expect(named).toHaveLength(3);
  expect(named).toEqual(
    expect.arrayContaining([
      ['no.such.task', true],
      [null, true],
      ['shop.tasks.decline', false],
    ]),
  );
  expect(await rules()).toEqual([]);
  await worker.stop();
});

test('a task that is tried again tells why, and one that was revoked and waits is one task', async () => {
  const worker = await startCeleryWorker({ ...app, pool: 'prefork', mingle: false });
  const [retried, revoked] = JSON.parse(
    await runCelery(
      app,
      `
import time
retried = tasks.send_receipt.delay("nobody", 5)
revoked = tasks.add.apply_async([1, 2], countdown=600)
until = time.time() + 20
while retried.state != "RETRY" or app.control.inspect().scheduled() is None:
    assert time.time() < until
    time.sleep(0.02)
revoked.revoke()
while revoked.state != "REVOKED":
    assert time.time() < until
    time.sleep(0.02)
print(json.dumps([retried.id, revoked.id]))
`,
    ),
  );
  expect(await ask('job', { job: retried })).toMatchObject({
    state: 'taken',
    attempts: 1,
    error: { type: 'ValueError', message: "not an address: 'nobody'" },
  });
  const waiting = await ask('job', { job: revoked });
  expect(waiting).toMatchObject({ state: 'taken', task: 'shop.tasks.add' });
  expect(waiting.facts).toContainEqual(expect.objectContaining({ name: 'Revoked', value: 'yes' }));
  await worker.stop();
});

test('a worker that was killed holds nothing any more, whatever it said; running tasks are counted once', async () => {
  const conf = { ...app.conf, task_track_started: true };
  const worker = await startCeleryWorker({ ...app, conf, pool: 'prefork' });
  await runCelery(
    { ...app, conf },
    `
import time
late = tasks.wait_late.delay(${JSON.stringify(`${folder}/never`)})
for n in range(3):
    tasks.add.delay(n, 1)
until = time.time() + 20
while late.state != "STARTED":
    assert time.time() < until
    time.sleep(0.02)
`,
  );
  await waitFor(async () => (await client.hlen('unacked')) >= 4, { what: 'four tasks to be held' });
  const { installations } = await ask('overview');
  expect(installations[0].counts).toMatchObject({ taken: { exact: 4 }, running: { exact: 1 } });
  expect(installations[0].workers[0]).toMatchObject({ alive: true, state: 'busy' });
  await worker.kill();
  await ask('overview');
  expect(await ask('perform', { action: 'give-back', state: 'taken' })).toMatchObject({ done: 4, refused: 0 });
  expect(await client.llen('celery')).toBe(4);
  // The one that was held longest runs first.
  const { items } = await ask('jobs', { state: 'waiting' });
  expect(items.slice(1).map((row: { args: { text: string } }) => row.args.text)).toEqual([
    '(0, 1)',
    '(1, 1)',
    '(2, 1)',
  ]);
});

test('a running task is ended by the shared action stop', async () => {
  const worker = await startCeleryWorker({ ...app, pool: 'prefork' });
  const id = await runCelery(app, `print(tasks.wait_for_file.delay(${JSON.stringify(`${folder}/never`)}).id)`);
  await waitFor(
    async () => {
      await ask('perform', { action: 'ask' });
      return (await ask('job', { job: id })).state === 'running';
    },
    { what: 'the task to run' },
  );
  expect(await ask('perform', { action: 'stop', job: id })).toMatchObject({ done: 1 });
  await waitFor(async () => (await ask('job', { job: id })).state === 'canceled', { what: 'the task to end' });
  await worker.stop();
});

test('a copy with other keyword arguments keeps its arguments', async () => {
  const worker = await startCeleryWorker({ ...app, pool: 'solo' });
  const id = await runCelery(app, 'result = tasks.echo.delay(1, a=2)\nresult.get(timeout=20)\nprint(result.id)');
  await worker.stop();
  const { items } = await ask('perform', { action: 'enqueue-copy', job: id, parameters: { kwargs: "{'b': 3}" } });
  expect(await ask('job', { job: items[0].ref })).toMatchObject({
    args: { text: '[1]' },
    kwargs: { text: "{'b': 3}" },
  });
});

test('a result that is too long for lists is whole when it is opened', async () => {
  const worker = await startCeleryWorker({ ...app, pool: 'solo' });
  const id = await runCelery(app, 'result = tasks.echo.delay("x" * 800_000)\nresult.get(timeout=30)\nprint(result.id)');
  expect((await ask('jobs', { state: 'finished' })).items).toMatchObject([{ id, task: null }]);
  expect(await ask('job', { job: id })).toMatchObject({ task: 'shop.tasks.echo', queue: 'celery', problems: [] });
  await worker.stop();
});

test('where SCAN is refused, the usual queue is shown', async () => {
  await runCelery(app, 'tasks.add.delay(1, 2)');
  await client.call('ACL', 'SETUSER', 'noscan', 'on', '>noscan-pw-1', '~*', '&*', '+@all', '-scan', '-keys');
  const url = redis.url.replace('redis://', 'redis://noscan:noscan-pw-1@');
  const { installations } = await ask('overview', { url });
  expect(installations[0].queues).toMatchObject([{ name: 'celery', counts: { waiting: { exact: 1 } } }]);
  expect(installations[0].counts.failed.unknown).toContain('SCAN is refused');
});

test('who may not ask the workers does not say that none answers', async () => {
  await runCelery(app, 'tasks.add.delay(1, 2)');
  await client.call('ACL', 'SETUSER', 'reader', 'on', '>reader-pw-1', '~*', '&*', '+@read', '+@connection', '+info');
  const url = redis.url.replace('redis://', 'redis://reader:reader-pw-1@');
  const { installations } = await ask('overview', { url });
  expect(installations[0]).toMatchObject({
    counts: { waiting: { exact: 1 } },
    notRecorded: { workers: expect.any(String), schedules: expect.stringContaining('RedBeat') },
  });
  expect(installations[0].asked).toBeUndefined();
  const { findings, notChecked } = await ask('findings', { url });
  expect(findings.map(({ rule }: { rule: string }) => rule)).not.toContain('celery.no-worker');
  expect(notChecked).toContainEqual({ rule: 'celery.no-worker', reason: expect.stringContaining('not asked') });
});

test('a worker of the pool solo that is busy answers nothing: what runs is not told, and never 0', async () => {
  const busy = { ...app, queues: ['busy'], pool: 'solo' } as const;
  await using worker = await startCeleryWorker(busy);
  const running = async () => (await ask('overview')).installations[0].counts.running;
  expect(await running()).toEqual({ exact: 0 });
  const until = `${folder}/solo-go`;
  const id = await runCelery(
    app,
    `print(tasks.wait_for_file.apply_async([${JSON.stringify(until)}], queue="busy").id)`,
  );
  await waitFor(() => worker.output().includes(`wait_for_file[${id}] received`), { what: 'the task to be received' });
  expect((await running()).unknown).toMatch(/^A worker that listens has not answered/);
  expect((await ask('jobs', { state: 'running' })).total.unknown).toMatch(/has not answered/);
  writeFileSync(until, '');
  await waitFor(() => worker.succeeded() === 1, { what: 'the task to end' });
  expect(await running()).toEqual({ exact: 0 });
});

test('results of rpc:// that nobody has fetched are no tasks, and no findings', async () => {
  const rpc = { ...app, backend: 'rpc://' };
  await using worker = await startCeleryWorker(rpc);
  await runCelery(rpc, 'tasks.add.delay(1, 2)');
  await waitFor(() => worker.succeeded() === 1, { what: 'the task to run' });
  await waitFor(async () => (await client.keys('????????-*')).length === 1, { what: 'its result' });
  const { installations } = await ask('overview');
  expect(installations[0].queues).toMatchObject([{ name: 'celery', counts: { waiting: { exact: 0 } } }]);
  expect(await rules()).toEqual([]);
});
