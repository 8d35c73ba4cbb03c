/**
 * A person's ways through the product, on a real Redis with real RQ workers of two generations. The pictures that it
 * takes stand in the README: `npm run pictures` puts them there.
 */
import { rmSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoShop, startShop } from '../../scripts/demo/shop';
import { clientOf, removeFolder, temporaryFolder, waitFor } from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const ORDER = '4821';
const home = temporaryFolder('journeys');
let shop: DemoShop;
let redis: Redis;
let workbench: OpenedWorkbench;

beforeAll(async () => {
  shop = await startShop(home);
  redis = clientOf(shop.redis);
  workbench = await openWorkbench({
    folder: shop.folder,
    width: 1440,
    height: 900,
    env: { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: shop.redis.url },
  });
});

sharedByTests(() => workbench, 'journeys-');

afterAll(async () => {
  redis?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await shop?.redis.stop();
  removeFolder(home);
});

const status = (id: string) => redis.hget(`rq:job:${id}`, 'status');

test('failed jobs stand first, with counts, workers and schedules below', async () => {
  await workbench.showJobQueues();
  await workbench.expand('shop-local');
  await workbench.expand('RQ');
  await workbench.expand('Failed');
  await workbench.rowWith(ORDER).waitFor();
  await workbench.expand('Queues');
  await workbench.expand('Workers');
  await workbench.row('worker-legacy').waitFor();
  const rows = await workbench.rows();
  const sections = rows.filter(row => row.level === 3).map(row => row.label);
  expect(sections).toEqual(['Failed', 'Queues', 'Workers', 'Schedules']);
  expect(rows.find(row => row.label === 'RQ')?.description).toBe('versions 1.16.2 and 2.12.0');
  expect(rows.find(row => row.label === 'reports')?.spoken).toMatch(/reports.*2 waiting/);
});

test('a failed job opens with its error, its own frames and its arguments', async () => {
  const page = workbench.webview();
  await workbench.clickUntil(
    workbench.rowWith(ORDER),
    page.getByRole('heading', { name: 'shop.payments.charge_card' }),
  );
  await page.getByText('no answer to POST /v1/charges after 30 s').first().waitFor();
  await page
    .getByRole('button', { name: /shop\/gateway\.py:\d+/ })
    .first()
    .waitFor();
  const row = page.getByRole('tree', { name: 'Arguments' });
  expect(await row.innerText()).toMatch(/4821[\s\S]*'EUR'[\s\S]*retry[\s\S]*True/);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('job');
});

test('history and raw bytes of the job', async () => {
  const page = workbench.webview();
  await page.getByRole('tab', { name: /History/ }).click();
  await page.getByText('Attempt 1 failed').waitFor();
  expect(await page.getByText('settle').count()).toBeGreaterThan(0);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('history');
  await page.getByRole('tab', { name: /Raw/ }).click();
  await page.getByText(/zlib, pickle protocol 5/).waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await page.getByRole('tab', { name: /Details/ }).click();
});

test('a frame of the traceback opens the file at its line', async () => {
  await workbench
    .webview()
    .getByRole('button', { name: /shop\/payments\.py:\d+/ })
    .first()
    .click();
  await workbench.editorTab('payments.py').waitFor();
  await workbench.editorTab('charge_card').click();
});

test('retried from the panel, it is finished by a real worker, and the panel says that it has moved on', async () => {
  rmSync(shop.gatewaySwitch);
  const page = workbench.webview();
  await page.getByRole('button', { name: 'Retry', exact: true }).click();
  await page.getByText('Retried 1 job.').first().waitFor();
  await waitFor(async () => (await status(shop.failedJob)) === 'finished', {
    timeout: 60_000,
    what: 'a worker to finish the retried job',
    explain: () => status(shop.failedJob),
  });
});

test('an edited copy of a job is enqueued from the form and executed', async () => {
  await workbench.contextMenu('default', 'Enqueue…');
  const page = workbench.webview();
  await page.getByLabel('Function').fill('shop.payments.charge_card');
  await page.getByRole('textbox', { name: 'Arguments', exact: true }).fill("(7001, 'EUR'");
  await page.getByText(/line 1/i).waitFor();
  await page.getByRole('textbox', { name: 'Arguments', exact: true }).fill("(7001, 'EUR')");
  await page.getByText("charge_card(7001, 'EUR')").waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('enqueue');
  await page.getByRole('button', { name: 'Enqueue', exact: true }).click();
  const text = await page
    .getByText(/^Enqueued as/)
    .first()
    .innerText();
  const id = /[0-9a-f]{8}/.exec(text)?.[0] ?? '';
  const [key] = await redis.keys(`rq:job:${id}*`);
  expect(key).toBeDefined();
  await waitFor(async () => (await redis.hget(key ?? '', 'status')) === 'finished', {
    timeout: 30_000,
    what: 'the copy to run',
  });
});

test('retry all shows first what it will touch, and reports afterwards', async () => {
  await workbench.contextMenu('Failed', 'Retry all…');
  const page = workbench.webview();
  await page.getByText(/^Retry \d+ failed jobs?\?$/).waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('retry-all');
  await page.getByRole('button', { name: /^Retry \d+ jobs?$/ }).click();
  await page
    .getByText(/^Retried \d+ jobs?\.$/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Export report' }).waitFor();
});

test('a finding gives evidence, consequence and remedy', async () => {
  await workbench.command('Job Queues: Show findings');
  await workbench.row('Trouble', 'Findings').waitFor();
  const page = workbench.webview();
  await workbench.clickUntil(workbench.rowWith('reports', 'Findings'), page.getByRole('heading', { name: 'Evidence' }));
  expect(await page.getByRole('table').innerText()).toMatch(/2/);
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('finding');
});

test('the journal lists what was done', async () => {
  await workbench.command('Job Queues: Open journal');
  const page = workbench.webview();
  await page
    .getByText(/Retried 1 job/)
    .first()
    .waitFor();
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await workbench.screenshot('journal');
});

test('a job is found by a part of its arguments on every connected broker', async () => {
  await workbench.command('Job Queues: Find job…');
  await workbench.quickInput().locator('input').first().fill(shop.failedJob.slice(0, 8));
  await workbench.quickPick().filter({ hasText: 'charge_card' }).first().waitFor();
  await workbench.page.keyboard.press('Escape');
});

test('a lost broker leaves the rows, marked; they come back alive by themselves', async () => {
  const { port, password } = shop.redis;
  redis.disconnect();
  await shop.redis.stop();
  await waitFor(
    async () =>
      (await workbench.rows()).some(
        row => row.label === 'shop-local' && /updated|retry|refused|lost/i.test(row.description),
      ),
    {
      timeout: 60_000,
      what: 'the connection to be marked',
      explain: async () => JSON.stringify((await workbench.rows()).slice(0, 4)),
    },
  );
  expect((await workbench.rows()).some(row => row.label === 'Queues')).toBe(true);
  await workbench.screenshot('lost');
  const { startRedis } = await import('../support');
  await using _again = await startRedis({ port, ...(password === undefined ? {} : { password }) });
  await waitFor(
    async () =>
      (await workbench.rows()).some(
        row => row.label === 'shop-local' && !/updated|retry|refused|lost/i.test(row.description),
      ),
    {
      timeout: 60_000,
      what: 'the connection to come back',
      explain: async () => JSON.stringify((await workbench.rows()).slice(0, 4)),
    },
  );
});
