/**
 * A person's way through Celery, on a private Redis with a real prefork worker and RedBeat: what failed is found without
 * any agent, opened, and retried; the workers are asked; what nobody serves is said.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type CeleryApp,
  type CeleryWorker,
  clientOf,
  type GuardedProcess,
  removeFolder,
  runCelery,
  startCeleryBeat,
  startCeleryWorker,
  startRedis,
  type TestRedis,
  tasksFolder,
  temporaryFolder,
  waitFor,
} from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const home = temporaryFolder('celery');
/** While this file exists, payments in euros time out. */
const gatewaySwitch = join(home, 'gateway-is-down');
let redis: TestRedis;
let results: Redis;
let worker: CeleryWorker;
let beat: GuardedProcess;
let workbench: OpenedWorkbench;
let ids: Record<string, string>;
let app: CeleryApp;

const FEED = `
from datetime import datetime, timedelta, timezone
never = sys.argv[1]
ids = {}
ids["charge"] = tasks.charge_card.delay(5311, "EUR").id
ids["decline"] = tasks.decline.delay(5312).id
ids["build"] = tasks.build_report.delay("october", 3, until=never).id
ids["eta"] = tasks.send_receipt.apply_async(["ada@shop.example", 5290], eta=datetime.now(timezone.utc) + timedelta(hours=6)).id
for month in ("2026-09", "2026-10", "2026-11"):
    ids[month] = tasks.build_report.apply_async([month, 400], queue="reports").id
print(json.dumps(ids))
`;

beforeAll(async () => {
  writeFileSync(gatewaySwitch, '');
  redis = await startRedis();
  results = clientOf(redis, 1);
  app = {
    generation: 'celery-newest',
    broker: redis.url,
    backend: redis.url.replace(/0$/, '1'),
    conf: { result_extended: true },
  };
  const env = { SHOP_GATEWAY_DOWN: gatewaySwitch };
  const schedule = { settle: { task: 'shop.tasks.settle', schedule: 86_400, args: [[], 'today'] } };
  [worker, beat] = await Promise.all([
    startCeleryWorker({ ...app, name: 'worker-1', pool: 'prefork', concurrency: 2, events: true, env }),
    startCeleryBeat({ ...app, schedule, cwd: home, env, redBeat: { url: redis.url } }),
  ]);
  ids = JSON.parse(await runCelery(app, FEED, { args: [join(home, 'never')] })) as Record<string, string>;
  await waitFor(async () => (await stateOf('charge')) === 'FAILURE' && (await stateOf('decline')) === 'FAILURE', {
    timeout: 20_000,
    what: 'two tasks to fail',
    explain: worker.output,
  });
  workbench = await openWorkbench({
    folder: tasksFolder,
    width: 1440,
    height: 900,
    env: { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: redis.url },
  });
  workbench.page.setDefaultTimeout(15_000);
});

sharedByTests(() => workbench, 'celery-');

afterAll(async () => {
  results?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await worker?.kill();
  await beat?.kill();
  await redis?.stop();
  removeFolder(home);
});

async function stateOf(name: string): Promise<string | null> {
  const stored = await results.get(`celery-task-meta-${ids[name] ?? ''}`);
  return stored === null ? null : ((JSON.parse(stored) as { status?: string }).status ?? null);
}

const until = (what: string, condition: () => Promise<boolean>) =>
  waitFor(condition, {
    timeout: 30_000,
    every: 100,
    what,
    explain: async () => JSON.stringify((await workbench.rows()).map(row => `${row.label} ${row.description}`)),
  });

test('failed tasks are found from the result backend alone, beside queues, workers and schedules', async () => {
  await workbench.showJobQueues();
  await workbench.expand('shop-local');
  await workbench.expand('Celery');
  await workbench.expand('Failed');
  await workbench.rowWith('5311').waitFor();
  await workbench.expand('Queues');
  await workbench.expand('Workers');
  await workbench.expand('Schedules');
  await workbench.row('worker-1@shop').waitFor();
  await workbench.rowWith('settle').waitFor();
  const rows = await workbench.rows();
  const sections = rows.filter(row => row.level === 3).map(row => row.label);
  expect(sections.slice(0, 4)).toEqual(['Failed', 'Queues', 'Workers', 'Schedules']);
  expect(rows.find(row => row.label === 'Celery')?.description).toMatch(/5\.7/);
  expect(rows.find(row => row.label === 'reports')?.spoken).toMatch(/reports.*3 waiting/);
  await workbench.screenshot('celery-tree');
});

test('a failed task opens with its error, its own frames and its arguments', async () => {
  const page = workbench.webview();
  await workbench.clickUntil(workbench.rowWith('5311'), page.getByRole('heading', { name: 'shop.tasks.charge_card' }));
  await page.getByText('no answer to POST /v1/charges after 30 s').first().waitFor();
  await page
    .getByRole('button', { name: /shop\/gateway\.py:\d+/ })
    .first()
    .waitFor();
  const args = page.getByRole('tree', { name: 'Arguments' });
  expect(await args.innerText()).toMatch(/5311[\s\S]*'EUR'/);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('celery-task');
  await page.getByRole('tab', { name: /Raw/ }).click();
  await page.getByText(`celery-task-meta-${ids['charge']}`).first().waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await page.getByRole('tab', { name: /Details/ }).click();
});

test('retried from its panel it runs again under its id, and a real worker finishes it', async () => {
  rmSync(gatewaySwitch);
  const page = workbench.webview();
  await page.getByRole('button', { name: 'Retry', exact: true }).click();
  await page.getByText('Retried 1 task.').first().waitFor();
  await until('a worker to finish the retried task', async () => (await stateOf('charge')) === 'SUCCESS');
  await until('the row to leave Failed', async () => (await workbench.rowWith('5311').count()) === 0);
});

test('the workers are asked, and answer with what they run and hold', async () => {
  const client = clientOf(redis);
  // Listening to the workers' own channel would count as one more that was asked.
  const monitor = await client.monitor();
  try {
    let asked = 0;
    monitor.on('monitor', (_time: string, [command, channel]: string[]) => {
      if (/^publish$/i.test(command ?? '') && channel === '/0.celery.pidbox') asked++;
    });
    await workbench.inline('Workers', 'Ask workers');
    await until('a question to go out', async () => asked > 0);
  } finally {
    monitor.disconnect();
    client.disconnect();
  }
  await until('the answer of the worker', async () =>
    (await workbench.rows()).some(
      ({ label, description }) => label === 'Workers' && /^1 of 1 answered/.test(description),
    ),
  );
  const row = (await workbench.rows()).find(({ label }) => label === 'worker-1@shop');
  expect(row?.description).toMatch(/busy.*build_report/);
  await workbench.row('worker-1@shop').click();
  await workbench.screenshot('celery-asked');
});

test('a worker is told to take more at a time, with the number asked for before', async () => {
  await workbench.contextMenu('worker-1@shop', 'More actions…');
  await workbench.pick('Grow pool…');
  await workbench
    .quickInput()
    .getByText(/^Processes \(/)
    .waitFor();
  await workbench.answer('1');
  await workbench.notification('The worker grows its pool.').waitFor();
  const size = `print(len(app.control.inspect().stats()['worker-1@shop']['pool']['processes']))`;
  await until('a third process', async () => (await runCelery(app, size)) === '3');
});

test('a rate is set for a task that the workers know, and stopping a worker is asked before', async () => {
  await workbench.contextMenu('worker-1@shop', 'More actions…');
  await workbench.pick('Rate limit…');
  await workbench.quickPick().filter({ hasText: 'shop.tasks.add' }).first().waitFor();
  await workbench.page.keyboard.insertText('settle');
  await workbench.pick('shop.tasks.settle');
  await workbench
    .quickInput()
    .getByText(/^Rate: /)
    .first()
    .waitFor();
  await workbench.answer('10/m');
  await workbench.notification('The rate limit has been changed.').waitFor();
  const limit = `print([one for one in app.control.inspect().registered('rate_limit')['worker-1@shop'] if 'rate_limit' in one])`;
  await until('the limit', async () => (await runCelery(app, limit)).includes('shop.tasks.settle [rate_limit=10/m]'));
  await workbench.contextMenu('worker-1@shop', 'Stop…');
  await workbench
    .dialog()
    .getByText(/^Stop worker-1@shop \(pid \d+\)\?$/)
    .waitFor();
  await workbench.confirm('Cancel');
});

test('events of tasks are followed, and heartbeats do not hide them', async () => {
  await workbench.contextMenu('shop-local', 'Follow task events');
  const page = workbench.webview();
  await page.getByRole('heading', { name: 'Task events' }).waitFor();
  await page.getByText('worker-heartbeat').first().waitFor();
  expect(await page.getByRole('table').count()).toBe(0);
  await runCelery(app, 'tasks.add.delay(5311, 1)');
  await page.getByRole('cell', { name: 'task-received' }).first().waitFor();
  await page.getByRole('cell', { name: 'task-succeeded' }).first().waitFor();
  expect(await page.getByRole('cell', { name: 'worker-heartbeat' }).count()).toBe(0);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  // What an action before this told would stand in the picture.
  const toasts = workbench.page.locator('.notification-toast');
  await until('messages to be hidden', async () => {
    if ((await toasts.count()) === 0) return true;
    await workbench.page.keyboard.press('Escape');
    return false;
  });
  await workbench.screenshot('celery-events');
  await page.getByRole('button', { name: 'Stop' }).click();
});

test('what became of tasks is listed by state', async () => {
  await workbench.collapse('Failed');
  await workbench.collapse('Queues');
  await workbench.expand('Results');
  await workbench.expand('succeeded');
  await workbench.clickUntil(
    workbench.rowWith('(5311, 1)'),
    workbench.webview().getByRole('heading', { name: 'shop.tasks.add' }),
  );
  await workbench.collapse('Results');
});

test('a periodic task of RedBeat is run now, and beat sends it', async () => {
  const settled = async () => /shop\.tasks\.settle\[/.test(worker.output());
  expect(await settled()).toBe(false);
  await workbench.contextMenu(workbench.rowWith('settle'), 'Run now');
  await until('a worker to receive it', settled);
});

test('a queue that nobody serves is a finding', async () => {
  await workbench.command('Job Queues: Show findings');
  const page = workbench.webview();
  await workbench.clickUntil(workbench.rowWith('reports', 'Findings'), page.getByRole('heading', { name: 'Evidence' }));
  expect(await page.getByRole('table').innerText()).toMatch(/3/);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('celery-finding');
});
