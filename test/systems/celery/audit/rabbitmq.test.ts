/** Celery on RabbitMQ asked from outside: what was once answered wrongly stays answered rightly. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  removeFolder,
  runCelery,
  startCeleryWorker,
  startRabbit,
  type TestRabbit,
  temporaryFolder,
  waitFor,
} from '../../../support';
import { type Cli, makeCli, type Served } from '../../inspect/cli';

let cli: Cli;
let rabbit: TestRabbit;
let served: Served;
beforeAll(async () => {
  [cli, rabbit] = await Promise.all([makeCli(), startRabbit()]);
  served = cli.serve();
});
afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  await rabbit?.kill();
});

test('a queue newer than the last look is looked at; what was taken away is shown no more; lists as arguments', async () => {
  const { url } = await rabbit.vhost();
  const app = { generation: 'celery-newest', broker: url };
  const ask = async (command: string, more: Record<string, unknown> = {}) => {
    const options = { management: rabbit.managementUrl };
    const { result, error } = await served.ask({ command, url, options, ...more });
    return result ?? { error };
  };
  await runCelery(app, 'tasks.add.delay(0, 0)');
  await ask('overview');
  await runCelery(
    app,
    'for s in ("json", "yaml"):\n    tasks.echo.apply_async([1, "a"], {"k": 2}, queue="newer", serializer=s)',
  );
  expect(await ask('perform', { action: 'look', queue: 'newer' })).toMatchObject({ done: 2, refused: 0 });
  const { items } = await ask('jobs', { state: 'waiting', queue: 'newer' });
  expect(items.map((row: { args: { text: string } }) => row.args.text)).toEqual([
    "(1, 'a', k=2)",
    "(1, 'a', **{'k': 2})",
  ]);
  expect(await ask('perform', { action: 'cancel', job: items[0].ref })).toMatchObject({ done: 1 });
  expect((await ask('jobs', { state: 'waiting', queue: 'newer' })).items).toMatchObject([{ id: items[1].id }]);

  await runCelery(app, 'tasks.add.apply_async([1, 1], queue="newest")');
  expect(await ask('perform', { action: 'empty', queue: 'newest' })).toMatchObject({ done: 1, refused: 0 });
});

test('without the management API: that nothing was found means nothing, and consumers are counted by AMQP', async () => {
  const { url } = await rabbit.vhost();
  await runCelery({ generation: 'celery-newest', broker: url }, 'tasks.add.apply_async([1, 1], queue="mails")');
  const ask = async (command: string, options: Record<string, unknown>) =>
    (await served.ask({ command, url, options: { management: 'http://127.0.0.1:1', ...options } })).result;
  const { installations, problems } = await ask('detect', {});
  expect(installations).toEqual([]);
  expect(problems).toMatchObject([
    {
      system: 'celery',
      error: { code: 'unsupported', answer: expect.stringContaining('The management API does not answer') },
    },
  ]);
  const { findings } = await ask('findings', { queues: ['mails'] });
  const [unserved] = findings.filter(({ rule }: { rule: string }) => rule === 'celery.queue-without-worker');
  expect(unserved.evidence[1]).toEqual({ what: 'consumers', value: '0', source: 'queue.declare mails (passive)' });
});

test('a worker of the pool solo that is busy lives, as its consumers show, and what runs is not told', async () => {
  const { url } = await rabbit.vhost();
  const app = { generation: 'celery-newest', broker: url };
  await using worker = await startCeleryWorker({ ...app, pool: 'solo', name: 'solo' });
  const folder = temporaryFolder('audit-rabbit');
  const go = `${folder}/go`;
  const id = await runCelery(app, `print(tasks.wait_for_file.delay(${JSON.stringify(go)}).id)`);
  await waitFor(() => worker.output().includes(`wait_for_file[${id}] received`), { what: 'the task to be received' });
  const overview = async () => {
    const options = { management: rabbit.managementUrl };
    return (await served.ask({ command: 'overview', url, options })).result.installations[0];
  };
  await waitFor(async () => (await overview()).workers[0]?.queues.length === 1, {
    what: 'its consumers to be counted',
  });
  const { workers, counts } = await overview();
  expect(workers).toMatchObject([{ name: 'solo@shop', alive: true, state: 'connected', queues: ['celery'] }]);
  expect(counts.running.unknown).toMatch(/has not answered/);
  writeFileSync(go, '');
  await waitFor(() => worker.succeeded() === 1, { what: 'the task to end' });
  removeFolder(folder);
});
