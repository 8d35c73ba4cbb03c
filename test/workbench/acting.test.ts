/**
 * Everything that changes something, by mouse and by keys, on a real Redis with a real RQ worker: what is asked first,
 * what happens in Redis, what is said afterwards, and what Undo puts back.
 */
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  clientOf,
  type RqWorker,
  removeFolder,
  runPython,
  startRedis,
  startRqWorker,
  type TestRedis,
  tasksFolder,
  temporaryFolder,
  waitFor,
} from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const RQ = 'rq-newest';
/** Prints the ids of what it enqueues, by name. `stalled` and the other queues but `default` are served by nobody. */
const FEED = `
import json, sys
from datetime import timedelta
import redis
from rq import Queue
url, release = sys.argv[1:]
connection = redis.from_url(url)
queue = lambda name: Queue(name, connection=connection)
ids = {}
ids["running"] = queue("default").enqueue("shop.reports.wait_for_file", release, 600, job_timeout=900).id
later = queue("default")
ids["scheduled"] = later.enqueue_in(timedelta(hours=5), "shop.reports.append_line", release + ".lines", "scheduled").id
for name in ("one", "two", "three", "four"):
    job = queue("stalled").enqueue_call("shop.payments.charge_card", args=(4821, "EUR"), kwargs={"retry": True})
    job.set_status("failed")
    queue("stalled").remove(job)
    queue("stalled").failed_job_registry.add(job, ttl=3600, exc_string="Traceback (most recent call last):\\n  File \\"/app/shop/payments.py\\", line 9, in charge_card\\n    raise Timeout()\\nTimeout: " + name)
    ids[name] = job.id
for name in ("first", "second", "third"):
    ids[name] = queue("spare").enqueue("shop.mail.send_receipt", name + "@shop.example", 7).id
queue("old").enqueue("shop.mail.send_receipt", "old@shop.example", 8)
big = queue("big")
big.enqueue_many([Queue.prepare_data("shop.payments.refund", args=(number, 100)) for number in range(1200)])
print(json.dumps(ids))
`;

const home = temporaryFolder('acting');
const release = join(home, 'release');
let redis: TestRedis;
let client: Redis;
let worker: RqWorker;
let workbench: OpenedWorkbench;
let ids: Record<string, string>;

beforeAll(async () => {
  redis = await startRedis();
  client = clientOf(redis);
  const python = { cwd: tasksFolder };
  const dead = await startRqWorker({ generation: RQ, name: 'worker-dead', queues: ['default'], url: redis.url });
  await dead.kill();
  // As a worker of an old RQ leaves it: a record without a heartbeat for hours that never expires.
  await client.hset('rq:worker:worker-dead', 'last_heartbeat', new Date(Date.now() - 7_200_000).toISOString());
  await client.persist('rq:worker:worker-dead');
  const fed = await runPython(RQ, FEED, [redis.url, release], '', python);
  ids = JSON.parse(fed.toString()) as Record<string, string>;
  worker = await startRqWorker({ generation: RQ, name: 'worker-1', queues: ['default'], url: redis.url });
  workbench = await openWorkbench({
    width: 1440,
    height: 900,
    env: { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: redis.url },
  });
  workbench.page.setDefaultTimeout(10_000);
  await workbench.showJobQueues();
  await workbench.expand('shop-local');
  await workbench.expand('RQ');
  await workbench.expand('Failed');
  await workbench.rowWith('charge_card').waitFor();
});

sharedByTests(() => workbench);

afterAll(async () => {
  client?.disconnect();
  await workbench?.[Symbol.asyncDispose]();
  await worker?.kill();
  await redis?.stop();
  removeFolder(home);
});

const idOf = (name: string) => ids[name] ?? '';
const statusOf = (name: string) => client.hget(`rq:job:${idOf(name)}`, 'status');
const failed = () => client.zrange('rq:failed:stalled', '0', '-1');
const waiting = (queue: string) => client.lrange(`rq:queue:${queue}`, 0, -1);
const until = (what: string, condition: () => Promise<boolean>) =>
  waitFor(condition, {
    timeout: 20_000,
    every: 100,
    what,
    explain: async () => JSON.stringify((await workbench.rows()).map(row => `${row.label} ${row.description}`)),
  });
/**
 * Does something until it has led somewhere: a row that is drawn anew under the pointer loses the click, and a panel
 * that takes the focus closes a menu.
 */
async function insist(what: string, act: () => Promise<unknown>, led: () => Promise<boolean>): Promise<void> {
  for (let times = 0; times < 3; times++) {
    await act();
    const there = waitFor(led, { timeout: 4000, every: 100, what }).then(
      () => true,
      () => false,
    );
    if (await there) return;
  }
  throw new Error(`Three tries led nowhere: ${what}`);
}
const pressUndo = async (text: RegExp) => {
  await workbench.notification(text).getByRole('button', { name: 'Undo' }).click();
};

test('Undo in the notification takes back a retry that no worker has taken', async () => {
  const before = await failed();
  await insist(
    'the job to wait',
    () => workbench.inline(workbench.rowWith('charge_card'), 'Retry'),
    async () => (await waiting('stalled')).length === 1,
  );
  await workbench.notification(/Retried 1 job/).waitFor();
  await workbench.screenshot('acting-retried');
  await pressUndo(/Retried 1 job/);
  await until('the job to be back', async () => (await failed()).length === before.length);
  expect(await waiting('stalled')).toEqual([]);
  expect((await failed()).sort()).toEqual([...before].sort());
});

test('Undo in the journal does too', async () => {
  await until('four to be listed', async () => (await workbench.rowWith('Failed').innerText()).includes('4'));
  await insist(
    'the job to wait',
    () => workbench.inline(workbench.rowWith('charge_card'), 'Retry'),
    async () => (await waiting('stalled')).length === 1,
  );
  await workbench.command('Job Queues: Open journal');
  const page = workbench.webview();
  await page.getByText('Retried 1 job').first().waitFor();
  await page.getByRole('button', { name: 'Undo', exact: true }).first().click();
  await until('the job to be back', async () => (await waiting('stalled')).length === 0);
  await page.getByText('undone', { exact: true }).first().waitFor();
  await workbench.screenshot('acting-journal');
  expect(await accessibilityProblems(workbench)).toEqual([]);
});

test('a deleted job is asked for in a modal, and put back byte for byte', async () => {
  const [first] = await failed();
  const hash = await client.hgetall(`rq:job:${first}`);
  const before = await failed();
  await workbench.contextMenu(workbench.rowWith('charge_card'), 'Delete…');
  await workbench.dialog().waitFor();
  await workbench.screenshot('acting-delete');
  await workbench.confirm('Delete 1 job');
  await until('the job to be gone', async () => (await failed()).length === before.length - 1);
  await pressUndo(/Deleted 1 job/);
  await until('the job to be back', async () => (await failed()).length === before.length);
  expect((await failed()).sort()).toEqual([...before].sort());
  expect(await client.hgetall(`rq:job:${first}`)).toEqual(hash);
});

test('several jobs are deleted together, and put back together', async () => {
  const rows = workbench.tree().locator('.monaco-list-row').filter({ hasText: 'charge_card' });
  await rows.nth(0).locator('.label-name').click();
  await rows
    .nth(1)
    .locator('.label-name')
    .click({ modifiers: ['Control'] });
  const page = workbench.webview();
  await insist(
    'the sheet for two',
    async () => {
      // Rows that are drawn anew after the Undo before may have lost their selection: then one alone is asked for.
      await workbench.page.keyboard.press('Escape');
      await rows.nth(0).locator('.label-name').click();
      await rows
        .nth(1)
        .locator('.label-name')
        .click({ modifiers: ['Control'] });
      await workbench.contextMenu(rows.nth(1), 'Delete…');
    },
    () => page.getByText(/^Delete 2 jobs from stalled\?$/).isVisible(),
  );
  await page.getByText('Each job is removed in one step. If you stop, the others stay where they are.').waitFor();
  await workbench.screenshot('acting-delete-two');
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
  await workbench.confirm('Delete 2 jobs');
  await until('two to be gone', async () => (await failed()).length === 2);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await until('two to be back', async () => (await failed()).length === 4);
  await workbench.screenshot('acting-delete-two-undone');
});

test('a job moves to a queue that is picked', async () => {
  await workbench.expand('Queues');
  await workbench.collapse('Failed');
  await workbench.expand('spare');
  await workbench.expand(workbench.rowWith('queued'));
  await workbench.rowWith('send_receipt').waitFor();
  await workbench.contextMenu(workbench.rowWith('send_receipt'), 'Move to queue…');
  await workbench.quickPick().filter({ hasText: 'old' }).first().waitFor();
  await workbench.screenshot('acting-move');
  await workbench.pick('old');
  await until('the job to move', async () => (await waiting('old')).length === 2);
  await workbench.notification(/Moved 1 job/).waitFor();
  await pressUndo(/Moved 1 job/);
  await until('the job to be back', async () => (await waiting('spare')).length === 3);
  expect(await waiting('spare')).toEqual([idOf('first'), idOf('second'), idOf('third')]);
});

test('a job that waits is canceled', async () => {
  await workbench.contextMenu(workbench.rowWith('send_receipt'), 'Cancel');
  await until('the job to be canceled', async () => (await statusOf('first')) === 'canceled');
  await workbench.notification(/Canceled 1 job/).waitFor();
});

test('a queue is emptied after a preview and a modal, and filled again by Undo', async () => {
  await workbench.contextMenu('spare', 'Empty queue…');
  const page = workbench.webview();
  await page.getByText(/^Empty spare\?$/).waitFor();
  await workbench.screenshot('acting-empty');
  expect(await accessibilityProblems(workbench)).toEqual([]);
  await page.getByRole('button', { name: /^Remove \d jobs?$/ }).click();
  await workbench.dialog().waitFor();
  await workbench.screenshot('acting-empty-modal');
  await workbench.confirm('Remove 2 jobs');
  await until('the queue to be empty', async () => (await waiting('spare')).length === 0);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await until('the jobs to be back', async () => (await waiting('spare')).length === 2);
});

test('a queue is deleted', async () => {
  await workbench.contextMenu('old', 'Delete queue…');
  const page = workbench.webview();
  await page.getByText(/^Delete the queue old\?$/).waitFor();
  await workbench.screenshot('acting-delete-queue');
  await page.getByRole('button', { name: 'Delete queue' }).click();
  await workbench.confirm('Delete queue');
  await until('the queue to be gone', async () => !(await client.sismember('rq:queues', 'rq:queue:old')));
});

test('a running job is stopped: its worker ends it and goes on', async () => {
  await workbench.expand('Queues');
  await workbench.collapse('spare');
  await workbench.expand('default');
  await workbench.expand(workbench.rowWith('started'));
  await workbench.rowWith('wait_for_file').waitFor();
  await workbench.contextMenu(workbench.rowWith('wait_for_file'), 'Stop');
  await until('the job to be stopped', async () => /stopped|failed/.test((await statusOf('running')) ?? ''));
  await workbench.screenshot('acting-stopped');
});

test('a scheduled job runs now', async () => {
  await workbench.expand(workbench.rowWith('scheduled'));
  await workbench.rowWith('append_line').waitFor();
  await workbench.inline(workbench.rowWith('append_line'), 'Run now');
  await until('the job to be run', async () => (await statusOf('scheduled')) === 'finished');
  await workbench.notification(/waiting in default/).waitFor();
});

test('the record of a worker that ended without a word is removed', async () => {
  await workbench.collapse('default');
  await workbench.collapse('Queues');
  await workbench.expand('Workers');
  await workbench.screenshot('acting-workers');
  await workbench.contextMenu('worker-dead', 'Remove from the list…');
  await workbench.dialog().waitFor();
  await workbench.screenshot('acting-forget');
  await workbench.confirm('Remove record');
  await until('the record to be gone', async () => !(await client.sismember('rq:workers', 'rq:worker:worker-dead')));
  await workbench.collapse('Workers');
});

test('RQ is paused from the installation; the finding that says so resumes it', async () => {
  await workbench.contextMenu('RQ', 'Pause');
  await workbench.screenshot('acting-pause');
  await until('RQ to be paused', async () => (await client.exists('rq:suspended')) === 1);
  await workbench.command('Job Queues: Show findings');
  const page = workbench.webview();
  const row = workbench.rowWith('suspended', 'Findings');
  await row.waitFor();
  await insist(
    'the finding to open',
    // The list may be drawn anew under the pointer.
    () => row.click({ timeout: 4000 }).catch(() => undefined),
    () => page.getByRole('heading', { name: 'Evidence' }).isVisible(),
  );
  await workbench.screenshot('acting-suspended');
  await page.getByRole('button', { name: /Resume/ }).click();
  await until('RQ to work', async () => (await client.exists('rq:suspended')) === 0);
});

test('a filter leaves the queues whose name contains it; the rest comes back', async () => {
  await workbench.expand('Queues');
  await workbench.page.locator('.part.sidebar .pane-header').filter({ hasText: 'Brokers' }).hover();
  await workbench.page.locator('.part.sidebar').getByRole('button', { name: 'Filter queues' }).click();
  await workbench.answer('sp');
  await until('one queue to be left', async () => (await workbench.rows()).every(row => row.label !== 'big'));
  await workbench.page.locator('.part.sidebar').getByText('Filtered by "sp"').waitFor();
  await workbench.screenshot('acting-filtered');
  await workbench.page.locator('.part.sidebar').getByRole('button', { name: 'Clear filter' }).click();
  await workbench.row('big').waitFor();
});

test('keys alone: arrows, Enter, copy, refresh, rename, delete', async () => {
  const { keyboard } = workbench.page;
  await workbench.collapse('Queues');
  await workbench.row('Failed').locator('.label-name').click();
  await workbench.expand('Failed');
  await workbench.rowWith('charge_card').waitFor();
  await workbench.row('Failed').locator('.label-name').click();
  await workbench.expand('Failed');
  await workbench.tree().focus();
  const focused = workbench.tree().locator('.monaco-list-row.focused');
  for (let steps = 0; steps < 5 && !/charge_card/.test(await focused.innerText()); steps++)
    await keyboard.press('ArrowDown');
  await workbench.keyUntil('Enter', workbench.webview().getByRole('heading', { name: 'shop.payments.charge_card' }));
  await workbench.tree().focus();
  await workbench.keyUntil('Control+C', workbench.statusBar(/Copied/));
  const copied = await workbench.page.evaluate<string>('navigator.clipboard.readText()');
  expect(await failed()).toContain(copied);
  await keyboard.press('F5');
  // A key means the row that has the focus, though another one is selected; and it opens nothing.
  await keyboard.press('ArrowDown');
  const clipboard = () => workbench.page.evaluate<string>('navigator.clipboard.readText()');
  await until('the id of the next row', async () => {
    await keyboard.press('Control+C');
    return (await clipboard()) !== copied;
  });
  expect(await failed()).toContain(await clipboard());
  await keyboard.press('ArrowDown');
  await workbench.keyUntil('Delete', workbench.dialog());
  await keyboard.press('Escape');
  await until('the dialog to close', async () => (await workbench.dialog().count()) === 0);
  expect(await workbench.webview().getByText(copied).first().isVisible()).toBe(true);
  await workbench.row('shop-local').locator('.label-name').click();
  await workbench.keyUntil('F2', workbench.quickInput().getByText('Rename').first());
  await keyboard.press('Escape');
});

/** Whatever an earlier test left: the first rows are in sight, the connection is open, and so are its failed jobs. */
async function showTrouble(): Promise<void> {
  await workbench.tree().focus();
  await workbench.page.keyboard.press('Home');
  await workbench.expand('shop-local');
  await workbench.expand('Failed');
}

test('a job opens as a document, and is copied as a call and as JSON', async () => {
  await showTrouble();
  const clipboard = () => workbench.page.evaluate<string>('navigator.clipboard.readText()');
  await workbench.contextMenu(workbench.rowWith('charge_card'), 'Copy as Python call');
  await until('the call', async () => (await clipboard()) === "shop.payments.charge_card(4821, 'EUR', retry=True)");
  await workbench.contextMenu(workbench.rowWith('charge_card'), 'Copy as JSON');
  await until('the JSON', async () => (await clipboard()).startsWith('{'));
  expect(JSON.parse(await clipboard())).toMatchObject({ task: 'shop.payments.charge_card' });
  await workbench.contextMenu(workbench.rowWith('charge_card'), 'Open as document');
  await workbench.page.locator('.monaco-editor').getByText('"shop.payments.charge_card"').first().waitFor();
  await workbench.screenshot('acting-document');
});

test('a long queue is read a hundred at a time', async () => {
  await showTrouble();
  await workbench.collapse('Failed');
  await workbench.expand('Queues');
  await workbench.expand('big');
  await workbench.expand(workbench.rowWith('queued'));
  const more = await workbench.reveal('Show 100 more');
  await workbench.screenshot('acting-more');
  await more.click();
  await until('the next hundred', async () => {
    const row = await workbench.reveal('Show 100 more');
    return (await row.innerText()).includes('200 of');
  });
});

test.each(['Default Light Modern', 'Default High Contrast', 'Default High Contrast Light'])(
  'a job reads well in %s',
  async theme => {
    await showTrouble();
    await workbench.collapse('Queues');
    await workbench.expand('Failed');
    await workbench.setTheme(theme);
    const heading = workbench.webview().getByRole('heading', { name: 'shop.payments.charge_card' });
    await workbench.clickUntil(workbench.rowWith('charge_card'), heading);
    expect(await accessibilityProblems(workbench)).toEqual([]);
    await workbench.screenshot(`acting-${theme.replaceAll(' ', '-')}`);
  },
);
