/**
 * The first minutes: a folder whose compose file names its broker by a name that only containers know, the way to it,
 * a password that stays secret, and what is wrong with the folder's images. As a package, in the newest VS Code.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePackage } from '../../scripts/package.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { clientOf, removeFolder, startRedis, type TestRedis, temporaryFolder, waitFor } from '../support';
import { accessibilityProblems } from './accessibility';
import { type OpenedWorkbench, openWorkbench } from './support';

const PASSWORD = 'correct horse battery staple';
const home = temporaryFolder('connecting');
const folder = join(home, 'case-a');
let redis: TestRedis;
let workbench: OpenedWorkbench;

beforeAll(async () => {
  redis = await startRedis({ password: PASSWORD });
  cpSync(join(root, 'test', 'workspaces', 'case-a'), folder, { recursive: true });
  const compose = join(folder, 'compose.yml');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own way to write a variable
  const published = readFileSync(compose, 'utf8').replace('${REDIS_PORT:-6379}', String(redis.port));
  writeFileSync(compose, published);
  const vsix = (await makePackage(join(root, 'test-results', 'connecting.vsix'))).file;
  workbench = await openWorkbench({ which: 'newest', vsix, folder, width: 1280, height: 800 });
});

afterAll(async () => {
  await workbench?.[Symbol.asyncDispose]();
  await redis?.stop();
  removeFolder(home);
});

/** Answers the box that asks this: the one before it may still be closing. */
async function answerTo(prompt: RegExp, text: string): Promise<void> {
  await workbench.quickInput().getByText(prompt).waitFor();
  await workbench.answer(text);
}

test('the welcome view names the door', async () => {
  await workbench.showJobQueues();
  const sidebar = workbench.page.locator('.part.sidebar');
  await sidebar
    .getByText(/Looking changes nothing on a broker|RQ/)
    .first()
    .waitFor();
  await workbench.screenshot('welcome');
});

test('a name that does not resolve is explained, and the published address is offered', async () => {
  await workbench.command('Job Queues: Add broker…');
  await workbench.quickPick().filter({ hasText: 'Type a URL' }).first().waitFor();
  await workbench.screenshot('add-broker');
  // The brokers that the folder names come into the list meanwhile, and a click on what is just replaced is lost.
  const prompt = /redis:\/\/user@host/;
  const typed = workbench.quickPick().filter({ hasText: 'Type a URL' }).first();
  await workbench.clickUntil(typed, workbench.quickInput().getByText(prompt));
  await answerTo(prompt, 'redis://this_redis:6379/0');
  await workbench
    .quickPick()
    .filter({ hasText: `localhost:${redis.port}` })
    .first()
    .waitFor();
  const box = await workbench.quickInput().locator('input').first().getAttribute('placeholder');
  expect(box).toMatch(/this_redis.*does not resolve/);
  await workbench.screenshot('add-broker-remedy');
  await workbench.pick(`Use localhost:${redis.port}`);
});

test('a server that wants a password is asked for once; a wrong one is said; nothing is saved before', async () => {
  await answerTo(/Password for/, 'wrong');
  await waitFor(
    async () =>
      /password|WRONGPASS|user/i.test(
        (await workbench.quickInput().locator('input').first().getAttribute('placeholder')) ?? '',
      ),
    { what: 'the refusal of the password' },
  );
  expect((await workbench.rows()).length).toBe(0);
  await workbench.pick('Enter password…');
  await answerTo(/Password for/, PASSWORD);
  await workbench
    .quickPick()
    .filter({ hasText: /No known queues were found|Found/ })
    .first()
    .waitFor();
  await workbench.page.keyboard.press('Enter');
  await workbench.pick('Local');
  await answerTo(/Name of the connection/, 'books');
  await workbench.row('books').waitFor();
});

test('the password is in no setting, no file of the workbench that people read, and no log', async () => {
  const places = ['User', 'Machine'].map(place => join(workbench.server.home, 'data', place, 'settings.json'));
  const settings = places.map(file => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('\n');
  expect(settings).toContain('"books"');
  expect(settings).not.toContain(PASSWORD);
  expect(workbench.server.logs('Job Queues')).not.toContain(PASSWORD);
});

test('nothing known on the broker is said, with a door; the first queue appears by itself', async () => {
  await workbench.expand('books');
  await workbench.row('No known queues').waitFor();
  const client = clientOf(redis);
  await client.sadd('rq:queues', 'rq:queue:chapters');
  await workbench.command('Job Queues: Refresh');
  await workbench.row('RQ').waitFor();
  client.disconnect();
});

test("the folder's version pairs that cannot work are found, with the file and line", async () => {
  await workbench.command('Job Queues: Show findings');
  await workbench.row('Trouble', 'Findings').waitFor({ timeout: 30_000 });
  const labels = (await workbench.rows('Findings')).map(row => `${row.label} ${row.description}`).join('\n');
  expect(labels).toMatch(/rq-dashboard/);
  expect(labels).toMatch(/rq is too old for its Python/);
  await workbench.rowWith('rq-dashboard', 'Findings').click();
  const page = workbench.webview();
  await page.getByRole('heading', { name: 'Evidence' }).waitFor();
  expect(await page.getByRole('table').innerText()).toMatch(/requirements\.txt:\d+/);
  expect(await accessibilityProblems(workbench)).toEqual([]);
});

test('while everything of ours is hidden, no command is sent', async () => {
  const client = clientOf(redis);
  await workbench.command('View: Close All Editors');
  await workbench.page
    .locator('.activitybar')
    .getByRole('tab', { name: /^Explorer/ })
    .click();
  const sent = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
  /** How many commands but our own look came in while `ms` went by. */
  const during = async (ms: number) => {
    const before = await sent();
    await workbench.page.waitForTimeout(ms);
    return (await sent()) - before - 1;
  };
  // A refresh that was on its way when the view was hidden may still end.
  await waitFor(async () => (await during(1500)) === 0, { timeout: 30_000, what: 'our commands to stop' });
  expect(await during(6000)).toBe(0);
  client.disconnect();
});
