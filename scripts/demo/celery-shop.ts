/** The part of the demo's shop that runs on Celery: the same private Redis, a prefork worker, beat, and tasks. */
import { join } from 'node:path';
import {
  celeryVariables,
  pythonOf,
  startCeleryBeat,
  startCeleryWorker,
  startProcess,
  waitFor,
} from '../../test/support';
import { root } from '../setup/paths.mjs';
import type { DemoShop } from './shop';

export interface CeleryShop {
  /** The id of a task that has failed because the payment provider is down. */
  readonly failedTask: string;
  /** Database of the shop's Redis where its results are. */
  readonly results: number;
}

const GENERATION = 'celery-newest';
const RESULTS = 1;

const SCHEDULE = {
  'settle the day': { task: 'shop.tasks.settle', schedule: { minute: '30', hour: '23' }, args: [[], 'today'] },
  'sums every half minute': { task: 'shop.tasks.add', schedule: 30, args: [20, 22] },
  'report of the month': {
    task: 'shop.tasks.build_report',
    schedule: { minute: '0', hour: '6', day_of_month: '1' },
    args: ['month', 400],
    options: { queue: 'reports' },
  },
};

/** Starts Celery beside the RQ workers of a shop; the processes end with this one. */
export async function startCeleryShop(shop: DemoShop): Promise<CeleryShop> {
  const app = {
    generation: GENERATION,
    broker: shop.redis.url,
    backend: shop.redis.url.replace(/\/0$/, `/${RESULTS}`),
    conf: { result_extended: true, task_track_started: true },
  };
  const env = { PYTHONPATH: shop.folder, SHOP_GATEWAY_DOWN: shop.gatewaySwitch };
  const there = { ...app, cwd: shop.folder, env };
  await Promise.all([
    startCeleryWorker({ ...there, name: 'worker-1', pool: 'prefork', concurrency: 2, events: true }),
    startCeleryWorker({ ...there, name: 'mail', queues: ['mail'] }),
    startCeleryBeat({ ...there, schedule: SCHEDULE, redBeat: { url: shop.redis.url } }),
  ]);
  const script = join(root, 'test', 'python', 'demo', 'feed_celery.py');
  const feeder = await startProcess(await pythonOf(GENERATION), [script], {
    cwd: shop.folder,
    env: { ...celeryVariables(app), ...env },
  });
  let ended = false;
  void feeder.exited.then(() => {
    ended = true;
  });
  const firstTask = () => /^([0-9a-f-]{36})$/m.exec(feeder.output())?.[1];
  await waitFor(() => ended || firstTask(), { timeout: 30_000, what: 'the first tasks', explain: feeder.output });
  const failedTask = firstTask();
  if (failedTask === undefined) throw new Error(`The demo's tasks could not be sent:\n${feeder.output()}`);
  return { failedTask, results: RESULTS };
}
