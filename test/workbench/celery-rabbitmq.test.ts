/**
 * Celery on RabbitMQ as a person sees it: the demo's second broker. Counts and failures are there without looking at any
 * message; a look is asked for, and says what it costs.
 */
import { rmSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest';
import { type RabbitShop, startRabbitShop } from '../../scripts/demo/celery-shop';
import { type DemoShop, startShop } from '../../scripts/demo/shop';
import { clientOf, removeFolder, temporaryFolder, waitFor } from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench } from './support';

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
    env: { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: shop.redis.url, JOB_QUEUES_DEMO_RABBITMQ: rabbit.told },
  });
  workbench.page.setDefaultTimeout(15_000);
});

beforeEach(({ task }) => {
  onTestFailed(async () => {
    await workbench.screenshot(`failed-rabbitmq-${task.name.slice(0, 30).replaceAll(' ', '-')}`);
  });
});

afterAll(async () => {
  results?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await rabbit?.rabbit.kill();
  await rabbit?.results.stop();
  await shop?.redis.stop();
  removeFolder(home);
});

async function status(): Promise<string | null> {
  const stored = await results.get(`celery-task-meta-${rabbit.failedTask}`);
  return stored === null ? null : ((JSON.parse(stored) as { status?: string }).status ?? null);
}

test('queues, workers and failures of a virtual host are in the tree', async () => {
  await workbench.showJobQueues();
  await workbench.expand('shop-rabbitmq');
  await workbench.expand('Celery');
  await workbench.expand('Failed');
  await workbench.rowWith(ORDER).waitFor();
  await workbench.expand('Queues');
  await workbench.expand('Workers');
  await workbench.row('worker-2@shop').waitFor();
  const rows = await workbench.rows();
  expect(rows.find(row => row.label === 'reports')?.spoken).toMatch(/reports.*3 waiting/);
  await workbench.screenshot('rabbitmq-tree');
});

test('a failed task is retried from its panel, and a real worker finishes it', async () => {
  await workbench.rowWith(ORDER).click();
  const page = workbench.webview();
  await page.getByRole('heading', { name: 'shop.tasks.charge_card' }).waitFor();
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
