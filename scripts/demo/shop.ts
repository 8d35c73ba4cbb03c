/** The demo's small shop: a private Redis, real RQ workers on the sample application, and something to do. */
import { randomBytes } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GuardedProcess,
  pythonOf,
  pythonVariables,
  startProcess,
  startRedis,
  startRqWorker,
  type TestRedis,
  tasksFolder,
  waitFor,
} from '../../test/support';
import { root } from '../setup/paths.mjs';

export interface DemoShop {
  readonly redis: TestRedis;
  /** The folder with the shop's source: what VS Code opens, and what the workers run. */
  readonly folder: string;
  /** While this file exists, every payment in euros times out. */
  readonly gatewaySwitch: string;
  /** The id of a job that has failed because of it. */
  readonly failedJob: string;
}

const NEWEST = 'rq-newest';
const LEGACY = 'rq-1.16';

/** Starts all of it below a folder that the caller removes; the processes end with this one. */
export async function startShop(home: string): Promise<DemoShop> {
  const folder = join(home, 'shop-project');
  cpSync(join(tasksFolder, 'shop'), join(folder, 'shop'), {
    recursive: true,
    filter: path => !path.includes('__pycache__'),
  });
  const gatewaySwitch = join(folder, 'payment-provider-is-down');
  writeFileSync(gatewaySwitch, 'While this file exists, payments in euros time out. Delete it, then retry them.\n');
  const redis = await startRedis({ password: randomBytes(24).toString('hex') });
  const env = { PYTHONPATH: folder, SHOP_GATEWAY_DOWN: gatewaySwitch };
  const worker = (generation: string, name: string, queues: readonly string[], withScheduler = false) =>
    startRqWorker({ generation, name, queues, withScheduler, url: redis.url, cwd: folder, env });
  await Promise.all([
    worker(NEWEST, 'worker-1', ['default', 'mail'], true),
    worker(NEWEST, 'worker-2', ['default']),
    worker(LEGACY, 'worker-legacy', ['legacy']),
  ]);
  const feeder = await feed(NEWEST, 'feed.py', redis.url, folder);
  await feed(LEGACY, 'feed_legacy.py', redis.url, folder);
  let ended = false;
  void feeder.exited.then(() => {
    ended = true;
  });
  const firstJob = () => /^([0-9a-f-]{36})$/m.exec(feeder.output())?.[1];
  await waitFor(() => ended || firstJob(), { timeout: 30_000, what: 'the first jobs', explain: feeder.output });
  const failedJob = firstJob();
  if (failedJob === undefined) throw new Error(`The demo's jobs could not be enqueued:\n${feeder.output()}`);
  return { redis, folder, gatewaySwitch, failedJob };
}

async function feed(generation: string, script: string, url: string, folder: string): Promise<GuardedProcess> {
  const env = { ...pythonVariables(), PYTHONPATH: folder };
  return startProcess(await pythonOf(generation), [join(root, 'test', 'python', 'demo', script), url], { env });
}
