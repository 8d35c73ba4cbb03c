/**
 * Celery on RabbitMQ as a person sees it: the demo's second broker, without what it says of the result backend. Counts
 * are there without looking at any message; a look is asked for, and says what it costs; what ended is known once the
 * result backend is named.
 */
import { rmSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RabbitShop, startRabbitShop } from '../../scripts/demo/celery-shop';
import { type DemoShop, startShop } from '../../scripts/demo/shop';
import { clientOf, removeFolder, temporaryFolder, waitFor } from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const ORDER = '5311';
const home = temporaryFolder('rabbitmq');
let shop: DemoShop;
let rabbit: RabbitShop;
let results: Redis;
let workbench: OpenedWorkbench;

beforeAll(async () => {
  shop = await startShop(home);
  const started = await startRabbitShop(shop);
  if (started === null)
    throw new Error('There is no RabbitMQ: apt-get install rabbitmq-server, or --without rabbitmq.');
  rabbit = started;
  results = clientOf(rabbit.results);
  await waitFor(async () => (await status()) === 'FAILURE', { timeout: 30_000, what: 'a task to fail' });
  workbench = await openWorkbench({
    folder: shop.folder,
    width: 1440,
    height: 900,
    env: {
      JOB_QUEUES_DEMO: '1',
      JOB_QUEUES_DEMO_URL: shop.redis.url,
      JOB_QUEUES_DEMO_RABBITMQ: withoutResults(rabbit.told),
    },
  });
  workbench.page.setDefaultTimeout(15_000);
});

sharedByTests(() => workbench, 'rabbitmq-');

afterAll(async () => {
  results?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await rabbit?.rabbit.kill();
  await rabbit?.results.stop();
  await shop?.redis.stop();
  removeFolder(home);
});

/** What the extension is told, but for the result backend: a person names that one. */
function withoutResults(told: string): string {
  const { url, options } = JSON.parse(told) as { url: string; options: { celery: { management: string } } };
  return JSON.stringify({ url, options: { celery: { management: options.celery.management } } });
}

async function status(): Promise<string | null> {
  const stored = await results.get(`celery-task-meta-${rabbit.failedTask}`);
  return stored === null ? null : ((JSON.parse(stored) as { status?: string }).status ?? null);
}

test('queues and workers of a virtual host are in the tree; what ended is not known, and not none', async () => {
  await workbench.showJobQueues();
  await workbench.expand('shop-rabbitmq');
  await workbench.expand('Celery');
  await workbench.expand('Queues');
  await workbench.expand('Workers');
  await workbench.row('worker-2@shop').waitFor();
  const rows = await workbench.rows();
  expect(rows.find(row => row.label === 'reports')?.spoken).toMatch(/reports.*3 waiting/);
  expect(rows.find(row => row.label === 'Failed')?.description).toBe('not known');
  expect(rows.find(row => row.label === 'Result backend: not known')?.description).toMatch(/not kept on RabbitMQ/);
});

test('waiting tasks are shown once they were looked at, and the row says before what that costs', async () => {
  await workbench.collapse('Workers');
  await workbench.expand('reports');
  await workbench.expand(await workbench.rowAfter('reports'));
  const door = workbench.row('Look at messages…');
  await door.waitFor();
  const cost = (await workbench.rows()).find(({ label }) => label === 'Look at messages…')?.description;
  expect(cost).toMatch(/not shown, since looking (marks them redelivered|counts as a delivery)/);
  await door.click();
  const page = workbench.webview();
  await page.getByRole('heading', { name: 'Look at 3 messages?' }).waitFor();
  await page.getByText('This cannot be undone.').first().waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await page.getByRole('button', { name: 'Look at 3 messages' }).click();
  await page.getByRole('heading', { name: '3 messages were looked at.' }).waitFor();
  await workbench.rowWith('build_report').waitFor();
  await workbench.row('Look at messages…').waitFor();
  const shown = (await workbench.rows()).filter(({ label }) => label === 'build_report');
  expect(shown).toHaveLength(3);
  await workbench.screenshot('rabbitmq-looked');
  await workbench.collapse('Queues');
});

test('the result backend is named, and what ended is found', async () => {
  await workbench.row('Failed').click();
  const typed = workbench.quickInput();
  await typed.waitFor();
  // A worker that was asked has told where it is; the password it has not.
  if (await workbench.quickPick().filter({ hasText: 'Type a URL' }).count()) await workbench.pick('Type a URL');
  await typed.getByText('with or without password').waitFor();
  await workbench.answer(rabbit.results.url);
  // Naming it connects anew; what was open stays open.
  await workbench.row('Results').waitFor();
  await waitFor(async () => (await workbench.row('Result backend: not known').count()) === 0, {
    timeout: 15_000,
    what: 'the result backend to be found',
  });
  await workbench.expand('Failed');
  await workbench.rowWith(ORDER).waitFor();
  await workbench.screenshot('rabbitmq-tree');
});

test('a failed task is retried from its panel, and a real worker finishes it', async () => {
  const page = workbench.webview();
  await workbench.clickUntil(workbench.rowWith(ORDER), page.getByRole('heading', { name: 'shop.tasks.charge_card' }));
  expect(await accessibilityProblems(workbench)).toEqual([]);
  rmSync(shop.gatewaySwitch);
  await page.getByRole('button', { name: 'Retry', exact: true }).click();
  await page.getByText('Retried 1 task.').first().waitFor();
  await waitFor(async () => (await status()) === 'SUCCESS', {
    timeout: 30_000,
    what: 'a worker to finish the retried task',
    explain: status,
  });
});
