/** Everything that acting writes is run by real workers of every generation, exactly once. */
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { celeryGenerationsUnderTest, runCelery, startCeleryWorker, waitFor } from '../../../support';
import { Ran } from '../../support/acting';
import { job, type Rig, startRig } from './rig';

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation }) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ generation });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** Tasks run by a real worker until these lines are there and their results are stored; then it ends. */
  async function ran(file: Ran, lines: readonly string[], queues: readonly string[] = ['celery']): Promise<void> {
    await using worker = await startCeleryWorker({ ...rig.app, queues });
    await waitFor(() => worker.succeeded() >= lines.length, {
      timeout: 30_000,
      what: `${lines.length} tasks to succeed`,
      explain: worker.output,
    });
    await worker.stop();
    expect(file.lines().sort()).toEqual([...lines].sort());
  }

  test('failed tasks are retried under their ids', async () => {
    await rig.flush();
    using file = new Ran();
    writeFileSync(file.switch, '');
    const ids = JSON.parse(
      await runCelery(
        rig.app,
        `print(json.dumps([tasks.append_line_or_fail.delay(${JSON.stringify(file.file)}, line, switch=${JSON.stringify(file.switch)}).id for line in ["ä\\u20ac", "b", "c"]]))`,
      ),
    ) as string[];
    {
      await using worker = await startCeleryWorker(rig.app);
      await waitFor(async () => (await rig.results.keys('celery-task-meta-*')).length === 3, {
        explain: worker.output,
      });
      await worker.stop();
    }
    const failed = await rig.rows('failed');
    expect(failed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const all = { kind: 'selector', queue: 'celery', state: 'failed' } as const;
    const { plan, report, undo } = await rig.perform('retry', all);
    expect(plan.total).toBe(3);
    expect(report.counts).toMatchObject({ done: 3, refused: 0, gone: 0, failed: 0, unknown: 0 });
    expect(await rig.rows('failed')).toEqual([]);
    expect(await rig.undo(undo)).toEqual(undo.map(() => true));
    expect((await rig.rows('failed')).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await rig.client.llen('celery')).toBe(0);
    await rig.perform('retry', all);
    rmSync(file.switch);
    await ran(file, ['ä€', 'b', 'c']);
    const finished = await rig.rows('finished');
    expect(finished.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  test('new tasks, and copies of what waits', async () => {
    await rig.flush();
    using file = new Ran();
    const queue = { kind: 'queue', name: 'celery' } as const;
    const task = 'shop.tasks.append_line';
    await rig.perform('enqueue', queue, { task, args: [file.file, 'plain'] });
    await rig.perform('enqueue', queue, {
      task,
      args: `('${file.file}',)`,
      kwargs: "{'line': 'é'}",
      priority: 5,
      delay: '1s',
      time_limit: 60,
      soft_time_limit: 50,
      expires: '2100-01-01T00:00:00Z',
      id: 'mine',
    });
    expect(await rig.client.llen('celery\x06\x163')).toBe(1);
    const [first] = await rig.rows('waiting', 'celery');
    expect(first?.task).toBe(task);
    const copied = await rig.perform('enqueue-copy', job(first!), { task, args: [file.file, 'copy'] });
    expect(copied.report.counts.done).toBe(1);
    expect(copied.report.items[0]?.id).not.toBe(first?.id);
    const same = await rig.perform('enqueue-copy', job(first!));
    expect(same.report.counts.done).toBe(1);
    await ran(file, ['plain', 'plain', 'copy', 'é']);
    expect(await rig.results.get('celery-task-meta-mine')).toContain('SUCCESS');
  });

  test('waiting tasks are moved and run now', async () => {
    await rig.flush();
    using file = new Ran();
    const name = JSON.stringify(file.file);
    await runCelery(
      rig.app,
      `
for line in ["1", "2", "3"]:
    tasks.append_line.delay(${name}, line)
tasks.append_line.apply_async((${name}, "later"), countdown=3600)`,
    );
    const rows = await rig.rows('waiting', 'celery');
    const [one, two] = rows;
    const moved = await rig.perform('move', job(one!, two!), { queue: 'other' });
    expect(moved.report.counts).toMatchObject({ done: 2 });
    const later = rows.find(({ dueAt }) => dueAt !== null);
    const run = await rig.perform('run-now', job(later!));
    expect(run.report.items).toMatchObject([{ outcome: 'done' }]);
    await ran(file, ['1', '2', '3', 'later'], ['celery', 'other']);
  });

  test('pickles where the queue has pickles', async () => {
    await rig.flush();
    using file = new Ran();
    const conf = {
      ...rig.app.conf,
      task_serializer: 'pickle',
      result_serializer: 'pickle',
      accept_content: ['pickle', 'json'],
    };
    const app = { ...rig.app, conf };
    await runCelery(app, `tasks.append_line.apply_async((${JSON.stringify(file.file)}, "first"), countdown=3600)`);
    const [first] = await rig.rows('waiting', 'celery');
    await rig.perform(
      'enqueue',
      { kind: 'queue', name: 'celery' },
      {
        task: 'shop.tasks.append_line',
        args: `('${file.file}', datetime.date(2026, 1, 2))`,
      },
    );
    await rig.perform('enqueue-copy', job(first!), { task: 'shop.tasks.append_line', args: `('${file.file}', {1, })` });
    const messages = await rig.client.lrange('celery', 0, -1);
    expect(messages.map(each => JSON.parse(each)['content-type'])).toEqual(
      Array(3).fill('application/x-python-serialize'),
    );
    await rig.perform('run-now', job(first!));
    await using worker = await startCeleryWorker(app);
    await waitFor(() => file.lines().length === 3, { timeout: 20_000, explain: worker.output });
    expect(file.lines().sort()).toEqual(['2026-01-02', 'first', '{1}']);
  });
});
