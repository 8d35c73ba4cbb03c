/** The built pages in a plain browser with a stubbed host: what a person reads, hears and types. */
import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, type TestBrowser } from '../../support';
import { type PageName, PageUnderTest, type Replies } from './pages';
import {
  bulkView,
  checkView,
  enqueueView,
  eventsView,
  findingView,
  jobView,
  journalView,
  planView,
  production,
} from './samples';
import { THEMES, type Theme } from './themes';

let browser: TestBrowser;
let context: BrowserContext;
const opened: PageUnderTest[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  context = browser.page.context();
});
afterAll(() => browser[Symbol.asyncDispose]());
afterEach(async () => {
  for (const one of opened.splice(0)) await one.page.close();
});

async function open(name: PageName, replies: Replies, theme?: Theme): Promise<PageUnderTest> {
  const under = await PageUnderTest.open(context, name, replies, theme);
  opened.push(under);
  return under;
}

const SAMPLES: Readonly<Record<PageName, Replies>> = {
  job: { load: jobView },
  enqueue: { load: enqueueView, check: checkView },
  bulk: { load: bulkView },
  finding: { load: findingView },
  journal: { load: journalView },
  events: { load: eventsView },
};

describe.each(Object.keys(THEMES) as Theme[])('accessibility, %s', theme => {
  test.each(Object.keys(SAMPLES) as PageName[])('%s', async name => {
    const under = await open(name, SAMPLES[name], theme);
    expect(await under.violations()).toEqual([]);
    expect(under.errors).toEqual([]);
  });

  test('a job that runs on production', async () => {
    const load = { ...jobView, connection: production, state: 'running', stateWord: 'Started' };
    const under = await open('job', { load }, theme);
    await under.page.locator('.production').first().waitFor();
    expect(await under.violations()).toEqual([]);
  });
});

describe('job', () => {
  test('markup in any field is text', async () => {
    const { page, errors } = await open('job', {
      load: { ...jobView, title: '<b>bold</b>', id: '<i>', queue: '<s>q</s>' },
    });
    for (const tab of ['History', 'Raw', 'Details']) await page.getByRole('tab', { name: tab }).click();
    expect(await page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
    expect(await page.locator('img, h1 b').count()).toBe(0);
    expect(await page.locator('h1').textContent()).toBe('<b>bold</b>');
    expect(errors).toEqual([]);
  });

  test('tabs answer to the arrow keys', async () => {
    const { page } = await open('job', SAMPLES.job);
    await page.getByRole('tab', { name: 'Details' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: /History/ }).getAttribute('aria-selected')).toBe('true');
    await page.getByText('RQ keeps only the last enqueue time.').waitFor();
    await page.keyboard.press('End');
    await page.getByText('redis-cli -n 0 hgetall rq:job:9c1f04e2').waitFor();
  });

  test('R retries and C copies the id, but not while the setting is off', async () => {
    const under = await open('job', { ...SAMPLES.job, act: { text: 'Retried 1 job.', undo: 'token', ref: null } });
    await under.page.keyboard.press('r');
    await under.page.getByText('Retried 1 job.').first().waitFor();
    await under.page.keyboard.press('c');
    expect(await under.asked()).toEqual([
      { method: 'act', params: { action: 'retry' } },
      { method: 'copy', params: { text: jobView.id, what: 'the id' } },
    ]);
    const quiet = await open('job', { load: { ...jobView, singleKeys: false } });
    await quiet.page.keyboard.press('r');
    expect(await quiet.asked()).toEqual([]);
  });

  test('the menu holds the other actions; one that is not available says why and does nothing', async () => {
    const under = await open('job', SAMPLES.job);
    await under.page.getByRole('button', { name: 'More actions' }).click();
    const stop = under.page.getByRole('menuitem', { name: 'Stop' });
    expect(await stop.getAttribute('title')).toBe('It does not run.');
    await stop.click({ force: true });
    expect(await under.asked()).toEqual([]);
    await under.page.keyboard.press('Escape');
    expect(await under.page.getByRole('menu').count()).toBe(0);
  });

  test('in high contrast, which has no background for it, a line is around the entry of the menu that has the focus', async () => {
    const { page } = await open('job', SAMPLES.job, 'high-contrast');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.locator('[role="menuitem"]:focus').waitFor();
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outline');
    expect(outline).toBe('rgb(243, 133, 24) solid 1px');
  });

  test('the focus of a button that leaves goes to the title, and never to another action', async () => {
    const under = await open('job', { ...SAMPLES.job, act: { text: 'Retried charge_card.', undo: null, ref: null } });
    const [, ...left] = jobView.actions;
    const retried = { ...jobView, state: 'waiting', stateWord: 'Queued', actions: left };
    await under.page.evaluate(`replies.load = ${JSON.stringify(retried)}`);
    await under.page.getByRole('button', { name: 'Retry' }).press('Enter');
    await under.page.getByText('Queued', { exact: true }).waitFor();
    expect(await under.page.evaluate<string>('document.activeElement.tagName')).toBe('H1');
  });

  test('of a history of which nothing is recorded no number is told', async () => {
    const { page } = await open('job', {
      load: { ...jobView, history: { ...jobView.history, events: [], relations: [] } },
    });
    expect(await page.getByRole('tab', { name: 'History' }).textContent()).toBe('History');
  });

  test('without a word on access there is no lock, and the id keeps its button at any width', async () => {
    const lost = { ...production, access: { text: '' } };
    const { page } = await open('job', { load: { ...jobView, connection: lost } });
    expect(await page.locator('.codicon-lock').count()).toBe(0);
    const copy = page.getByRole('button', { name: 'Copy id' });
    for (let width = 800; width >= 400; width -= 50) {
      await page.setViewportSize({ width, height: 800 });
      const [id, button] = await Promise.all([page.getByText(jobView.id ?? '').boundingBox(), copy.boundingBox()]);
      expect(button?.y ?? 0, `${width} px`).toBeLessThan((id?.y ?? 0) + (id?.height ?? 0));
    }
  });

  test('a value unfolds, a hundred children at a time', async () => {
    const child = { path: 'lines/0', label: '0', type: 'str', text: "'first'", childCount: 0 };
    const under = await open('job', { ...SAMPLES.job, unfold: [child] });
    await under.page.getByRole('button', { name: 'Unfold lines' }).click();
    await under.page.getByText("'first'").waitFor();
    await under.page.getByText('Show 100 more, 1 of 2 shown').click();
    expect((await under.asked()).map(one => (one.params as { from: number }).from)).toEqual([0, 1]);
  });

  test('a failure says what was tried, what came back, what to do, and the page stays', async () => {
    const failure = {
      code: 'gone',
      message: 'This job is no longer on the broker.',
      tried: 'retrying',
      answer: 'no such job',
      remedy: 'Look in Finished.',
    };
    const { page } = await open('job', { ...SAMPLES.job, act: { failure } });
    await page.getByRole('button', { name: 'Retry' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(/no longer on the broker.*Look in Finished.*retrying.*no such job/s);
    expect(await page.locator('h1').textContent()).toBe(jobView.title);
  });

  test('production and read-only are said in words, not by colour alone', async () => {
    const { page } = await open('job', { load: { ...jobView, connection: production } });
    expect(await page.locator('.head').textContent()).toMatch(/shop-production\s*Read-only/);
  });

  test('nothing is wider than a window of 400 pixels', async () => {
    const { page } = await open('job', SAMPLES.job);
    await page.setViewportSize({ width: 400, height: 700 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400);
  });
});

describe('enqueue', () => {
  test('the first field that has to be filled has the focus; with a copy, which has all of them, the title', async () => {
    const focused = async (values: object) => {
      const { page } = await open('enqueue', { ...SAMPLES.enqueue, load: { ...enqueueView, values } });
      const focus = page.locator('body *:focus');
      await focus.waitFor();
      return (await focus.getAttribute('id')) ?? (await page.evaluate<string>('document.activeElement.tagName'));
    };
    expect(await focused({ queue: 'default' })).toBe('field-task');
    const copied = { task: 'shop.add', args: '(1, 2)', kwargs: '{}', queue: 'default' };
    expect(await focused(copied)).toBe('H1');
  });

  test('a problem shows under its field and keeps the job from being sent', async () => {
    const problem = "Line 1, column 2: expected a value, got ')'.";
    const under = await open('enqueue', {
      load: enqueueView,
      check: { ...checkView, call: null, problems: { args: problem } },
    });
    await under.page.getByLabel('Arguments').fill('(,)');
    await under.page.getByText(problem).waitFor();
    await under.page.keyboard.press('Control+Enter');
    expect((await under.asked()).map(one => one.method)).not.toContain('submit');
    expect(await under.page.locator(':focus').getAttribute('id')).toBe('field-args');
  });

  test('Ctrl+Enter sends what was typed; the form keeps it', async () => {
    const under = await open('enqueue', {
      ...SAMPLES.enqueue,
      submit: { text: 'Enqueued as 9c1f04e2.', ref: 'rq//x/y', undo: null },
    });
    await under.page.getByLabel('Arguments').fill("(4821, 'EUR')");
    await under.page.getByText('74 B, pickle protocol 4').waitFor();
    await under.page.keyboard.press('Control+Enter');
    await under.page.getByText('Enqueued as 9c1f04e2.').first().waitFor();
    const submitted = (await under.asked()).find(one => one.method === 'submit');
    expect(submitted?.params).toMatchObject({ values: { args: "(4821, 'EUR')", queue: 'default' } });
    expect(await under.page.getByLabel('Arguments').inputValue()).toBe("(4821, 'EUR')");
  });
});

describe('bulk sheet', () => {
  test('preview, progress and report in one place, with the plan in sight throughout', async () => {
    const counts = { done: 409, gone: 2, refused: 1, failed: 0, unknown: 0 };
    const progress = { done: 412, total: 1314, text: '412 of 1,314', rate: '180/s · 5 s left', counts };
    const under = await open('bulk', { load: bulkView, start: { ...bulkView, stage: 'running', progress } });
    await under.page.getByRole('button', { name: 'Retry 1,314 jobs' }).click();
    await under.page.getByText('412 of 1,314').waitFor();
    expect(await under.page.getByText(planView.guarantee).count()).toBe(1);
    await under.page.getByRole('button', { name: 'Stop after this step' }).click();
    const rest = [{ id: '9c1f04e2', outcome: 'gone', reason: 'already retried by somebody else' }];
    await under.event('ended', {
      text: 'Retried 409 jobs.',
      stopped: true,
      counts,
      rest,
      undo: 'token',
      notUndoable: null,
      failure: null,
    });
    await under.page.getByText('already retried by somebody else').waitFor();
    expect(await under.page.locator('h1').textContent()).toBe('Retried 409 jobs.');
    await under.page.getByRole('button', { name: 'Undo' }).click();
    expect((await under.asked()).map(one => one.method)).toEqual(['start', 'stop', 'undo']);
  });

  test('the report says how many were touched that came after the preview', async () => {
    const under = await open('bulk', { load: { ...bulkView, stage: 'running', progress: null } });
    const counts = { done: 1315, gone: 1, refused: 0, failed: 0, unknown: 0 };
    const report = {
      text: 'Retried 1,315 jobs.',
      stopped: false,
      rest: [],
      undo: null,
      notUndoable: null,
      failure: null,
    };
    await under.event('ended', { ...report, counts });
    await under.page.getByText('2 more than were planned: they came meanwhile.').waitFor();
    expect(await under.page.getByRole('heading', { name: 'What happens' }).count()).toBe(0);
  });

  test('Escape closes while nothing ran', async () => {
    const under = await open('bulk', SAMPLES.bulk);
    await under.page.keyboard.press('Escape');
    expect(await under.asked()).toEqual([{ method: 'close', params: null }]);
  });
});

test('a finding offers its remedies in order, and copies the command behind its evidence', async () => {
  const under = await open('finding', {
    ...SAMPLES.finding,
    remedy: { text: 'Moved 12 jobs.', undo: null, ref: null },
  });
  await under.page.getByRole('button', { name: /Copy the command that shows it/ }).click();
  await under.page.getByRole('button', { name: 'Move all waiting…' }).click();
  await under.page.getByText('Moved 12 jobs.').first().waitFor();
  expect(await under.asked()).toEqual([
    { method: 'copy', params: { text: 'redis-cli llen rq:queue:reports', what: 'the command' } },
    { method: 'remedy', params: { index: 1 } },
  ]);
});

test('the journal says when nothing was changed, and shows the items of an entry when asked', async () => {
  const empty = await open('journal', { load: { ...journalView, entries: [] } });
  await empty.page.getByText('You have changed nothing yet.').waitFor();
  const under = await open('journal', { ...SAMPLES.journal, items: [{ id: '9c1f04e2', outcome: 'done', reason: '' }] });
  await under.page.getByRole('button', { name: 'Details of Deleted 214 jobs' }).click();
  await under.page.getByText('9c1f04e2').waitFor();
});

describe('task events', () => {
  test('the newest come first, a filter leaves what fits, and more are asked for by their number', async () => {
    const under = await open('events', SAMPLES.events);
    const rows = under.page.locator('tbody tr');
    expect(await rows.count()).toBe(2);
    expect(await rows.first().textContent()).toContain('task-failed');
    await under.page.getByRole('searchbox', { name: 'Filter events' }).fill('worker-2');
    await under.page.getByText('1 of 2').waitFor();
    expect(await rows.first().textContent()).toContain('task-received');
    await under.page.getByRole('button', { name: /charge_card/ }).click();
    await under.page.getByRole('button', { name: 'Stop' }).click();
    await under.event('changed', null);
    expect(await under.asked()).toEqual([
      { method: 'open', params: { number: 6 } },
      { method: 'follow', params: { on: false } },
    ]);
  });

  test('says why it stopped, and what workers need', async () => {
    const load = { ...eventsView, on: false, stopped: 'Stopped: more than 1000 events in a second.', events: [] };
    const need = { text: 'Workers that were started without -E send no task events.', button: 'Enable events' };
    const under = await open('events', { load: { ...load, need } });
    await under.page.getByText('Stopped: more than 1000 events in a second.').first().waitFor();
    await under.page.getByRole('button', { name: 'Enable events' }).click();
    await under.page.getByRole('button', { name: 'Follow' }).click();
    expect(await under.asked()).toEqual([
      { method: 'enable', params: null },
      { method: 'follow', params: { on: true } },
    ]);
  });
});
