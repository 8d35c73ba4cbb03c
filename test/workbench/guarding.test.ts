/**
 * What keeps a person from harm: a production broker that asks for its name, a folder that is not trusted, arguments
 * that nobody is to see.
 */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientOf, removeFolder, runPython, startRedis, type TestRedis, temporaryFolder, waitFor } from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const NAME = 'shop-production';
const FEED = `
import sys, zlib, redis
from rq import Queue
queue = Queue("mail", connection=redis.from_url(sys.argv[1]))
for number in range(2):
    job = queue.enqueue("shop.mail.send_receipt", "secret-%d@shop.example" % number, number)
    job.set_status("failed")
    queue.remove(job)
    trace = """Traceback (most recent call last):
  File "/app/shop/mail.py", line 9, in send_receipt
    raise Timeout()
shop.Timeout: no answer"""
    queue.failed_job_registry.add(job, ttl=3600)
    queue.connection.hset(job.key, "exc_info", zlib.compress(trace.encode()))
`;

const home = temporaryFolder('guarding');
let redis: TestRedis;
let client: Redis;
let workbench: OpenedWorkbench;

beforeAll(async () => {
  redis = await startRedis();
  client = clientOf(redis);
  await runPython('rq-newest', FEED, [redis.url]);
  workbench = await openWorkbench({
    width: 1440,
    height: 900,
    workspaceTrust: true,
    settings: {
      'jobQueues.connections': [
        { id: 'p', name: NAME, url: redis.url, environment: 'production', access: 'read-only' },
      ],
      'jobQueues.arguments': 'masked',
    },
  });
  workbench.page.setDefaultTimeout(10_000);
  await workbench.showJobQueues();
  await workbench.row(NAME).waitFor();
});

sharedByTests(() => workbench);

afterAll(async () => {
  client?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await redis?.stop();
  removeFolder(home);
});

const failed = () => client.zrange('rq:failed:mail', '0', '-1');
const description = async () => (await workbench.rows()).find(row => row.label === NAME)?.description ?? '';
const until = (what: string, condition: () => Promise<boolean>) =>
  waitFor(condition, { timeout: 20_000, every: 100, what, explain: description });

test('a production broker is read-only, marked, and its arguments are masked where that is set', async () => {
  await workbench.expand(NAME);
  await workbench.expand('RQ');
  await workbench.expand('Failed');
  await workbench.rowWith('send_receipt').waitFor();
  expect(await description()).toMatch(/^production · read-only · /);
  const spoken = (await workbench.rows()).map(row => `${row.spoken} ${row.description}`).join('\n');
  expect(spoken).not.toContain('secret-');
  await workbench.page
    .locator('.part.sidebar')
    .getByText(/^Restricted mode: brokers are not looked up/)
    .waitFor();
  const page = workbench.webview();
  await workbench.clickUntil(
    workbench.rowWith('send_receipt'),
    page.getByRole('heading', { name: 'shop.mail.send_receipt' }),
  );
  await workbench.screenshot('guarding-job');
  await page.getByText(/^The arguments are hidden/).waitFor();
  expect(await page.locator('body').innerText()).not.toContain('secret-');
  expect(await accessibilityProblems(workbench)).toEqual([]);
});

test('a frame opens nothing in a folder that is not trusted', async () => {
  const page = workbench.webview();
  expect(await page.locator('body').innerText()).toContain('Trust this folder to open frames.');
});

test('writing is allowed for fifteen minutes, and deleting asks for the name', async () => {
  await workbench.contextMenu(NAME, 'Allow writing…');
  await workbench.quickPick().filter({ hasText: 'For 15 minutes' }).waitFor();
  await workbench.screenshot('guarding-allow');
  await workbench.pick('For 15 minutes');
  await until('writing', async () => /writing until \d\d:\d\d/.test(await description()));
  await workbench.contextMenu(workbench.rowWith('send_receipt'), 'Delete…');
  await workbench.quickInput().getByText(`Type "${NAME}" to go on.`).waitFor();
  await workbench.answer('shop-staging');
  await workbench.quickInput().getByText(`Type the name of the connection: ${NAME}`).waitFor();
  await workbench.screenshot('guarding-typed');
  expect((await failed()).length).toBe(2);
  await workbench.answer(NAME);
  await until('one to be gone', async () => (await failed()).length === 1);
  await workbench
    .notification(/Deleted 1 job/)
    .getByRole('button', { name: 'Undo' })
    .click();
  await until('it to be back', async () => (await failed()).length === 2);
});

test('it is made read-only again; one action can be allowed alone', async () => {
  await workbench.contextMenu(NAME, 'Make read-only');
  await until('read-only', async () => (await description()).includes('read-only'));
  await workbench.inline(workbench.rowWith('send_receipt'), 'Retry');
  await workbench.quickPick().filter({ hasText: 'For this action only' }).waitFor();
  await workbench.pick('For this action only');
  await workbench.dialog().waitFor();
  await workbench.screenshot('guarding-modal');
  await workbench.confirm('Retry 1 job');
  await until('one to wait', async () => (await client.llen('rq:queue:mail')) === 1);
  await until('read-only again', async () => (await description()).includes('read-only'));
});
