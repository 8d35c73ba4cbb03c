/** The demo without a screen: what a person would do first, through the user interface, with a real worker. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientOf, openBrowser, type WorkbenchServer, waitFor } from '../../test/support';
import { Workbench } from '../../test/workbench/support';
import { root } from '../setup/paths.mjs';
import { say, step } from '../setup/progress.mjs';
import type { CeleryShop } from './celery-shop';
import type { DemoShop } from './shop';

/** The orders of the job and of the task that are retried, as their rows in the tree show them. */
const ORDER = '4821';
const CELERY_ORDER = '5311';

/**
 * Sees a failed job of RQ and a failed task of Celery in the sidebar, retries them through their context menus, and
 * waits until workers have finished them.
 * @throws Error with what was not seen; a picture of the screen then lies in test-results/
 */
export async function checkDemo(server: WorkbenchServer, shop: DemoShop, celery: CeleryShop): Promise<void> {
  await using browser = await openBrowser();
  const workbench = new Workbench(browser.page, server);
  const redis = clientOf(shop.redis);
  const results = clientOf(shop.redis, celery.results);
  const status = () => redis.hget(`rq:job:${shop.failedJob}`, 'status');
  const celeryStatus = async () =>
    /"status": "(\w+)"/.exec((await results.get(`celery-task-meta-${celery.failedTask}`)) ?? '')?.[1] ?? null;
  const retried = async (
    what: string,
    order: string,
    system: string,
    now: () => Promise<string | null>,
    end: string,
  ) => {
    await step(`A failed ${what} is in the sidebar`, async () => {
      await workbench.expand(system);
      await workbench.expand('Failed');
      await workbench.rowWith(order).waitFor({ timeout: 60_000 });
    });
    await step('It is retried through its context menu', () =>
      workbench.contextMenu(workbench.rowWith(order), 'Retry'),
    );
    await step('A worker finishes it', () =>
      waitFor(async () => (await now()) === end, {
        timeout: 60_000,
        what: `the ${what} of order ${order} to finish after its retry`,
        explain: now,
      }),
    );
    await workbench.collapse(system);
  };
  try {
    await waitFor(async () => (await status()) === 'failed', { timeout: 30_000, what: 'the job to fail' });
    await waitFor(async () => (await celeryStatus()) === 'FAILURE', { timeout: 30_000, what: 'the task to fail' });
    await workbench.open();
    await workbench.showJobQueues();
    await workbench.expand('shop-local');
    // The payment provider comes back, and what failed can succeed.
    rmSync(shop.gatewaySwitch);
    await retried('job', ORDER, 'RQ', status, 'finished');
    await retried('task', CELERY_ORDER, 'Celery', celeryStatus, 'SUCCESS');
    say('The demo works: what had failed was seen, retried in the sidebar, and finished by real workers.');
  } catch (error) {
    await browser.page.screenshot({ path: join(root, 'test-results', 'demo-check.png') });
    say(server.logs('Job Queues').slice(-2000));
    throw error;
  } finally {
    redis.disconnect();
    results.disconnect();
  }
}
