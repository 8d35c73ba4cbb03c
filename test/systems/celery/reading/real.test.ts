/** Whole tasks as real workers of real Celery leave them: held ones, retries with message and result, chains, chords. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Installation, Job } from '../../../../src/model';
import {
  type CeleryApp,
  type CeleryWorker,
  celeryGenerationsUnderTest,
  clientOf,
  removeFolder,
  runCelery,
  startCeleryWorker,
  startRedis,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../../../support';
import { connected, page, signal } from './support';

describe.each(celeryGenerationsUnderTest.map(({ id }) => [id] as const))('%s', generation => {
  let redis: TestRedis;
  let worker: CeleryWorker;
  let app: CeleryApp;
  let installation: Installation;
  let folder: string;
  let close: () => void;

  beforeAll(async () => {
    redis = await startRedis();
    folder = temporaryFolder('celery-reading');
    // All in one database, so that results are found without anybody naming them.
    const conf = { result_extended: true, worker_prefetch_multiplier: 4 };
    app = { generation, broker: redis.url, backend: redis.url, conf };
    worker = await startCeleryWorker({ ...app, queues: ['work'], pool: 'prefork', concurrency: 1, name: 'one' });
    await runCelery(app, 'tasks.add.apply_async([0, 0], queue="work").get(timeout=30)');
    await runCelery(
      app,
      `
tasks.wait_for_file.apply_async([sys.argv[1]], queue="work", task_id="runs")
tasks.add.apply_async([1, 2], queue="work", task_id="prefetched")
tasks.add.apply_async([3, 4], {}, queue="work", task_id="later", countdown=7200, expires=9000)
`,
      { args: [`${folder}/go`] },
    );
    const connection = await connected(redis.url);
    installation = connection.installation;
    close = () => connection.broker.close();
    const client = clientOf(redis);
    await waitFor(async () => (await client.hlen('unacked')) === 2, { what: 'the worker to hold two tasks' });
    client.disconnect();
  }, 120_000);

  afterAll(async () => {
    close?.();
    await worker?.kill();
    await redis?.stop();
    removeFolder(folder);
  });

  async function jobOf(id: string): Promise<Job> {
    const [row] = await installation.find(id, null, signal);
    if (row === undefined) throw new Error(`${id} was not found.`);
    return installation.job(row.ref, signal);
  }

  test('before anybody asks, what a worker holds is taken, by nobody known', async () => {
    const { counts } = await installation.overview(signal);
    expect(counts.taken).toEqual({ exact: 2 });
    const job = await jobOf('later');
    expect(job).toMatchObject({
      state: 'taken',
      nativeState: 'unacked',
      worker: null,
      queue: 'work',
      task: 'shop.tasks.add',
    });
    const facts = new Map(job.facts.map(({ name, value, note }) => [name, { value, note }]));
    const since = Date.parse(facts.get('Held since')?.value ?? '');
    expect(Math.abs(Date.now() - since)).toBeLessThan(60_000);
    expect(Date.parse(facts.get('Delivered again')?.value ?? '') - since).toBe(3_600_000);
    expect(facts.get('Delivered again')?.note).toMatch(/will run twice/);
    expect(job.dueAt).not.toBeNull();
    expect(job.expiresAt).not.toBeNull();
    expect(job.enqueueParameters).toMatchObject({
      task: 'shop.tasks.add',
      args: '(3, 4)',
      kwargs: '{}',
      queue: 'work',
    });
  });

  test('asked, the worker says what it runs and holds', async () => {
    for await (const _answer of installation.ask?.(signal) ?? []);
    const { counts, queues } = await installation.overview(signal);
    expect(counts.running).toEqual({ exact: 1 });
    expect(queues.find(({ name }) => name === 'work')?.workers).toEqual(['one@shop']);
    const taken = await page(installation, 'taken');
    expect(taken.items.map(({ id, nativeState, worker }) => [id, nativeState, worker]).sort()).toEqual([
      ['later', 'waiting for its ETA', 'one@shop'],
      ['prefetched', 'reserved', 'one@shop'],
    ]);
    const running = await page(installation, 'running');
    expect(running.items.map(({ id, task }) => [id, task])).toEqual([['runs', 'shop.tasks.wait_for_file']]);
    const job = await installation.job(running.items[0]?.ref ?? '', signal);
    expect(job).toMatchObject({ id: 'runs', state: 'running', worker: 'one@shop', queue: 'work' });
    expect(job.args?.text).toContain(`${folder}/go`);
    expect((await installation.find('runs', null, signal)).map(({ state }) => state)).toEqual(['running']);
  });

  test('what follows a task is listed in the order in which it runs', async () => {
    await runCelery(
      app,
      `
from celery import chain, chord
first = tasks.add.s(1, 2).set(queue="idle", task_id="first")
chain(first, tasks.add.s(3).set(task_id="second"), tasks.add.s(4).set(task_id="third")).apply_async(queue="idle")
parts = [tasks.add.s(1, 2).set(queue="idle", task_id="part-1"), tasks.add.s(3, 4).set(queue="idle", task_id="part-2")]
chord(parts)(tasks.add_all.s().set(queue="idle", task_id="sum"))
tasks.add.apply_async([1, 1], queue="idle", task_id="calls", link=tasks.add.s(1), link_error=tasks.forget.s())
`,
    );
    const first = await jobOf('first');
    expect(first.relations.filter(({ kind }) => kind === 'chain').map(({ id, task }) => [id, task])).toEqual([
      ['second', 'shop.tasks.add'],
      ['third', 'shop.tasks.add'],
    ]);
    const part = await jobOf('part-2');
    expect(part.relations).toContainEqual(
      expect.objectContaining({ kind: 'dependent', id: 'sum', task: 'shop.tasks.add_all' }),
    );
    expect(part.relationNotes.join(' ')).toMatch(/^Chord .*: (?:0|no part)/);
    const calls = await jobOf('calls');
    expect(calls.relationNotes.join(' ')).toMatch(/On success: shop\.tasks\.add\..*On failure: shop\.tasks\.forget\./);
  });

  test('a retry has a message and a result: the task is found once, and shows both', async () => {
    await worker.kill();
    worker = await startCeleryWorker({ ...app, queues: ['retries'], pool: 'solo', name: 'two' });
    await runCelery(app, 'tasks.send_receipt.apply_async(["no address", 5], queue="retries", task_id="again")');
    await waitFor(async () => (await installation.find('again', null, signal))[0]?.state === 'taken', {
      what: 'the retry to be held by the worker',
    });
    const found = await installation.find('again', null, signal);
    expect(found.map(({ state }) => state)).toEqual(['taken']);
    const job = await jobOf('again');
    expect(job.attempts).toBe(1);
    const retried = job.timeline.find(({ kind }) => kind === 'retried');
    expect(retried?.error).toMatchObject({ type: expect.any(String), frames: expect.any(Array) });
    expect(job.sources).toEqual(expect.arrayContaining(['HGET unacked', 'GET celery-task-meta-again']));
    expect(job.raw.map(({ name }) => name.split(' ')[0])).toEqual(['unacked', 'celery-task-meta-again']);
  });
});
