/**
 * The part of the demo's shop that runs on Celery: the same private Redis, a prefork worker, beat, and tasks; and a
 * second app on a private RabbitMQ where the machine has one.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type CeleryApp,
  celeryVariables,
  pythonOf,
  startCeleryBeat,
  startCeleryWorker,
  startProcess,
  startRabbit,
  startRedis,
  type TestRabbit,
  type TestRedis,
  waitFor,
} from '../../test/support';
import { root } from '../setup/paths.mjs';
import { hasRabbit } from '../setup/system.mjs';
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
  return { failedTask: await feed(app, env), results: RESULTS };
}

export interface RabbitShop {
  readonly rabbit: TestRabbit;
  /** Where the results of its Celery are. */
  readonly results: TestRedis;
  /** What the extension is told: `JOB_QUEUES_DEMO_RABBITMQ`. */
  readonly told: string;
  /** The id of a task that has failed because the payment provider is down. */
  readonly failedTask: string;
}

/**
 * Starts a private RabbitMQ (4 s) with a worker and tasks of its own; nobody else on this machine can enter it.
 * @returns null where the machine has no RabbitMQ
 */
export async function startRabbitShop(shop: DemoShop): Promise<RabbitShop | null> {
  if (!hasRabbit()) return null;
  const secret = () => randomBytes(24).toString('hex');
  const [rabbit, results] = await Promise.all([startRabbit(), startRedis({ password: secret() })]);
  const user = { name: 'shop', password: secret(), vhost: '/', configure: '.*', write: '.*', read: '.*' };
  await rabbit.addUser({ ...user, tags: 'monitoring' });
  await rabbit.api('DELETE', '/api/users/guest');
  const broker = `amqp://${user.name}:${user.password}@${rabbit.host}:${rabbit.port}/`;
  const app = { generation: GENERATION, broker, backend: results.url, conf: { result_extended: true } };
  const env = { PYTHONPATH: shop.folder, SHOP_GATEWAY_DOWN: shop.gatewaySwitch };
  const worker = { name: 'worker-2', queues: ['celery', 'mail'], concurrency: 2, events: true };
  await startCeleryWorker({ ...app, ...worker, cwd: shop.folder, env, pool: 'prefork' });
  const failedTask = await feed(app, env);
  const options = { celery: { results: results.url, management: rabbit.managementUrl } };
  return { rabbit, results, told: JSON.stringify({ url: broker, options }), failedTask };
}

/** Gives the workers of an app something to do. @returns the id of the first task, which is to fail */
async function feed(app: CeleryApp, env: Readonly<Record<string, string>>): Promise<string> {
  const script = join(root, 'test', 'python', 'demo', 'feed_celery.py');
  const feeder = await startProcess(await pythonOf(app.generation), [script], {
    env: { ...celeryVariables(app), ...env },
  });
  let ended = false;
  void feeder.exited.then(() => {
    ended = true;
  });
  const firstTask = () => /^([0-9a-f-]{36})$/m.exec(feeder.output())?.[1];
  await waitFor(() => ended || firstTask(), { timeout: 30_000, what: 'the first tasks', explain: feeder.output });
  const id = firstTask();
  if (id === undefined) throw new Error(`The demo's tasks could not be sent:\n${feeder.output()}`);
  return id;
}
