/** What workers are told, and what becomes of tasks that they hold: with real workers. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CeleryWorker,
  celeryGenerationsUnderTest,
  runCelery,
  startCeleryBeat,
  startCeleryWorker,
  waitFor,
} from '../../../support';
import { never, Ran } from '../../support/acting';
import { job, type Rig, startRig } from './rig';

const quoted = JSON.stringify;

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation }) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ generation });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const ask = async () => {
    for await (const _ of rig.installation.ask(never));
  };
  const held = (id: string, worker: CeleryWorker) =>
    waitFor(async () => (await rig.rows('taken')).find(row => row.id === id && row.ref.includes('unacked')), {
      timeout: 20_000,
      what: `the worker to hold ${id}`,
      explain: worker.output,
    });

  test('what a dead worker held runs again, what a living one holds is left alone', async () => {
    await rig.flush();
    using file = new Ran();
    const dead = await startCeleryWorker({ ...rig.app, name: 'dead' });
    const id = await runCelery(
      rig.app,
      `print(tasks.append_line.apply_async((${quoted(file.file)}, "back"), countdown=3600).id)`,
    );
    const row = await held(id, dead);
    const living = await rig.perform('give-back', job(row));
    expect(living.report.items).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('dead@shop says that it holds it') },
    ]);
    await dead.kill();
    const given = await rig.perform('give-back', job(row));
    expect(given.report.items).toMatchObject([{ id, outcome: 'done' }]);
    expect(await rig.client.exists('unacked', 'unacked_index')).toBe(0);
    const again = JSON.parse((await rig.client.lindex('celery', -1)) ?? '');
    expect(again.headers.redelivered).toBe(true);
    expect(again.properties.delivery_info.redelivered).toBe(true);
    const [waiting] = await rig.rows('waiting');
    expect((await rig.perform('run-now', job(waiting!))).report.counts.done).toBe(1);
    await using worker = await startCeleryWorker(rig.app);
    await waitFor(() => file.lines().length === 1, { timeout: 20_000, explain: worker.output });
    await worker.stop();
    expect(file.lines()).toEqual(['back']);
  });

  test('a task that is held until its ETA runs now, once', async () => {
    await rig.flush();
    using file = new Ran();
    await using worker = await startCeleryWorker({ ...rig.app, name: 'holder' });
    const id = await runCelery(
      rig.app,
      `print(tasks.append_line.apply_async((${quoted(file.file)}, "now"), countdown=8).id)`,
    );
    const row = await held(id, worker);
    const { plan, report } = await rig.perform('run-now', job(row));
    expect(plan.cautions.join()).toContain('new id');
    expect(report.items).toMatchObject([{ outcome: 'done', reason: expect.stringContaining('holder@shop drops') }]);
    expect(report.items[0]?.id).not.toBe(id);
    await waitFor(() => file.lines().length === 1, { timeout: 6000, explain: worker.output });
    // At its ETA the original is dropped.
    await waitFor(async () => (await rig.results.get(`celery-task-meta-${id}`))?.includes('REVOKED'), {
      timeout: 20_000,
      explain: worker.output,
    });
    await waitFor(async () => (await rig.client.exists('unacked')) === 0, { timeout: 20_000, explain: worker.output });
    expect(file.lines()).toEqual(['now']);
  });

  test('a revoked task is dropped, a running one is terminated', async () => {
    await rig.flush();
    using file = new Ran();
    await using worker = await startCeleryWorker({ ...rig.app, name: 'forking', pool: 'prefork' });
    const blocking = join(file.folder, 'go');
    const ids = JSON.parse(
      await runCelery(
        rig.app,
        `
running = tasks.wait_for_file.delay(${quoted(blocking)})
waiting = tasks.append_line.apply_async((${quoted(file.file)}, "never"), countdown=10)
print(json.dumps([running.id, waiting.id]))`,
      ),
    ) as [string, string];
    const row = await held(ids[1], worker);
    const revoked = await rig.perform('revoke', job(row));
    expect(revoked.report.items).toMatchObject([{ id: ids[1], outcome: 'done' }]);
    expect(revoked.plan.cautions.join()).toContain('until its ETA');
    const running = await waitFor(
      async () => {
        await ask();
        return (await rig.rows('running')).find(({ id }) => id === ids[0]);
      },
      { timeout: 20_000, explain: worker.output },
    );
    const ended = await rig.perform('stop', job(running), { signal: 'SIGKILL' });
    expect(ended.report.items).toMatchObject([{ id: ids[0], outcome: 'done' }]);
    for (const id of ids)
      await waitFor(async () => (await rig.results.get(`celery-task-meta-${id}`))?.includes('REVOKED'), {
        timeout: 20_000,
        explain: worker.output,
      });
    expect(existsSync(blocking)).toBe(false);
    expect(file.lines()).toEqual([]);
    const again = await rig.perform('stop', job(running));
    expect(again.report.counts.done).toBe(0);
  });

  test('a task that nobody can see is revoked by its id', async () => {
    await rig.flush();
    using file = new Ran();
    await using worker = await startCeleryWorker({ ...rig.app, name: 'skipping', pool: 'solo' });
    const id = 'nobody-has-sent-it-yet';
    const revoking = () => rig.perform('revoke', { kind: 'installation' }, { id: `${id}, another` });
    // A worker says that it is ready a moment before it listens.
    await waitFor(async () => (await revoking()).report.counts.done === 2, { explain: worker.output });
    await runCelery(
      rig.app,
      `
tasks.append_line.apply_async((${quoted(file.file)}, "never"), task_id=${quoted(id)})
tasks.append_line.delay(${quoted(file.file)}, "after")`,
    );
    await waitFor(() => file.lines().includes('after'), { timeout: 20_000, explain: worker.output });
    expect(file.lines()).toEqual(['after']);
    expect(await rig.results.get(`celery-task-meta-${id}`)).toContain('REVOKED');
    await expect(rig.perform('revoke', { kind: 'installation' }, { id: ' ' })).rejects.toMatchObject({
      code: 'bad-value',
    });
  });

  test('commands, each with the answer of the worker', async () => {
    await rig.flush();
    using file = new Ran();
    await using worker = await startCeleryWorker({ ...rig.app, name: 'told', pool: 'prefork' });
    await ask();
    const one = { kind: 'worker', name: worker.name } as const;
    const all = { kind: 'installation' } as const;
    const done = { report: { items: [{ id: worker.name, outcome: 'done' }] } };
    const refused = (words: string) => ({
      report: { items: [{ id: worker.name, outcome: 'refused', reason: expect.stringContaining(words) }] },
    });
    const task = 'shop.tasks.add';
    expect(await rig.perform('celery.pool-grow', one, { n: 1 })).toMatchObject(done);
    expect(await rig.perform('celery.pool-shrink', one, { n: 1 })).toMatchObject(done);
    expect(await rig.perform('celery.autoscale', one, { max: 3, min: 1 })).toMatchObject(refused('utoscale'));
    expect(await rig.perform('celery.rate-limit', all, { task, rate: '10/m' })).toMatchObject(done);
    expect(await rig.perform('celery.rate-limit', one, { task: 'no.such', rate: '10/m' })).toMatchObject(
      refused('unknown task'),
    );
    expect(await rig.perform('celery.time-limit', one, { task, hard: '90s', soft: 60 })).toMatchObject(done);
    expect(await rig.perform('celery.enable-events', all)).toMatchObject(done);
    expect(await rig.perform('celery.disable-events', one)).toMatchObject(done);
    const other = { kind: 'queue', name: 'other' } as const;
    await rig.perform('enqueue', other, { task: 'shop.tasks.append_line', args: [file.file, 'added'] });
    expect(await rig.perform('celery.add-consumer', other, { worker: worker.name })).toMatchObject(done);
    await waitFor(() => file.lines().length === 1, { timeout: 20_000, explain: worker.output });
    expect(await rig.perform('celery.cancel-consumer', other)).toMatchObject(done);
    expect(await rig.perform('stop-worker', { kind: 'worker', name: 'nobody@shop' })).toMatchObject({
      report: { items: [{ outcome: 'refused', reason: expect.stringContaining('does not answer') }] },
    });
    expect(await rig.perform('celery.enable-events', { kind: 'worker', name: 'nobody@shop' })).toMatchObject({
      report: { items: [{ id: 'nobody@shop', outcome: 'unknown' }] },
    });
    expect(await rig.perform('stop-worker', one)).toMatchObject(done);
    await worker.exited;
  });
});

test('RedBeat runs an entry now, no longer, and again as it was changed', async () => {
  await using rig = await startRig();
  using file = new Ran();
  const append = (name: string) => ({
    task: 'shop.tasks.append_line',
    schedule: { minute: '0', hour: '0', day_of_month: '1', month_of_year: '1' },
    args: [file.file, name],
  });
  await using beat = await startCeleryBeat({
    ...rig.app,
    cwd: file.folder,
    schedule: { yearly: append('yearly'), paused: append('paused') },
    redBeat: { url: rig.redis.url },
  });
  await using worker = await startCeleryWorker(rig.app);
  const output = () => `${beat.output()}\n${worker.output()}`;
  await waitFor(async () => (await rig.client.zcard('redbeat::schedule')) === 2, { explain: output });
  await rig.installation.overview(never);
  const yearly = { kind: 'schedule', id: 'redbeat:yearly' } as const;
  const paused = { kind: 'schedule', id: 'redbeat:paused' } as const;
  const pause = await rig.perform('pause', paused);
  expect(pause.report.counts.done).toBe(1);
  expect(pause.plan.cautions.join()).toContain('configuration');
  expect((await rig.perform('run-now', paused)).plan.leftOut).toEqual([
    { reason: 'it is paused: resume it first', count: 1 },
  ]);
  expect((await rig.perform('run-now', yearly)).report.counts.done).toBe(1);
  await waitFor(() => file.lines().length === 1, { timeout: 20_000, explain: output });
  // Once: the next run is next year again.
  await waitFor(async () => Number(await rig.client.zscore('redbeat::schedule', yearly.id)) > Date.now() / 1000, {
    explain: output,
  });
  expect(
    (await rig.perform('reschedule', paused, { every: '1s', args: [file.file, 'often'] })).report.counts.done,
  ).toBe(1);
  expect((await rig.perform('resume', paused)).report.counts.done).toBe(1);
  await waitFor(() => file.lines().filter(line => line === 'often').length >= 2, { timeout: 20_000, explain: output });
  expect((await rig.perform('delete', paused)).report.counts.done).toBe(1);
  expect(file.lines().filter(line => line === 'yearly')).toEqual(['yearly']);
});
