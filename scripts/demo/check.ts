/** The demo without a screen: what a person would do first, through the user interface, with a real worker. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientOf, openBrowser, type WorkbenchServer, waitFor } from '../../test/support';
import { Workbench } from '../../test/workbench/support';
import { root } from '../setup/paths.mjs';
import { say, step } from '../setup/progress.mjs';
import type { DemoShop } from './shop';

/** The order of the job that is retried, as its row in the tree shows it. */
const ORDER = '4821';

/**
 * Sees a failed job in the sidebar, retries it through its context menu, and waits until a worker has finished it.
 * @throws Error with what was not seen; a picture of the screen then lies in test-results/
 */
export async function checkDemo(server: WorkbenchServer, shop: DemoShop): Promise<void> {
  await using browser = await openBrowser();
  const workbench = new Workbench(browser.page, server);
  const redis = clientOf(shop.redis);
  const status = () => redis.hget(`rq:job:${shop.failedJob}`, 'status');
  try {
    await waitFor(async () => (await status()) === 'failed', { timeout: 30_000, what: 'the job to fail' });
    await workbench.open();
    await step('A failed job is in the sidebar', async () => {
      await workbench.showJobQueues();
      await workbench.expand('shop-local');
      await workbench.expand('RQ');
      await workbench.expand('Failed');
      await workbench.rowWith(ORDER).waitFor({ timeout: 60_000 });
    });
    // The payment provider comes back, and the job can succeed.
    rmSync(shop.gatewaySwitch);
    await step('It is retried through its context menu', () =>
      workbench.contextMenu(workbench.rowWith(ORDER), 'Retry'),
    );
    await step('A worker finishes it', () =>
      waitFor(async () => (await status()) === 'finished', {
        timeout: 60_000,
        what: `job ${shop.failedJob} to finish after its retry`,
        explain: status,
      }),
    );
    say('The demo works: a failed job was seen, retried in the sidebar, and finished by a real worker.');
  } catch (error) {
    await browser.page.screenshot({ path: join(root, 'test-results', 'demo-check.png') });
    say(server.logs('Job Queues').slice(-2000));
    throw error;
  } finally {
    redis.disconnect();
  }
}
