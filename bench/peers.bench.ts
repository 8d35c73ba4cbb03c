/** Against the peers with their newest release, on the same data in the same run: rq's own command line, rq-dashboard. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { connectRedis } from '../src/brokers/redis/connect';
import type { Installation } from '../src/model';
import { rq } from '../src/systems/rq';
import { writeCursor } from '../src/systems/rq/read/page/cursor';
import { clientOf, freePort, pythonOf, startProcess, startRedis, type TestRedis, waitFor } from '../test/support';
import type { BenchResult } from './result';
import { median, repeat } from './support/measure';
import { fillFailed, fillQueues } from './support/rq-data';

const QUEUES = 10_000;
/** Jobs among which a page in the middle is looked up, and jobs that are retried at once. */
const LISTED = 100_000;
const RETRIED = 10_000;
const PAGE = 50;
/** A peer that has not answered by then is stopped: its time is "more than that", and the ratio is one "at most". */
const LIMIT_MS = 60_000;
const never = new AbortController().signal;

export async function run(): Promise<BenchResult[]> {
  const python = await pythonOf('peers');
  return [...(await queueLists(python)), await middlePage(python), await retryAll(python)];
}

async function queueLists(python: string): Promise<BenchResult[]> {
  await using redis = await startRedis();
  await fillQueues(redis, QUEUES);
  const info = await timeOf(python, [...RQ, 'info', '--url', redis.url]);
  const inspect = await timeOf(process.execPath, [join('dist', 'inspect.js'), 'overview', redis.url]);
  const name = `${QUEUES.toLocaleString('en')} queues`;
  const results = [result(`RQ: inspect overview of ${name}, against rq info`, inspect, info)];
  await using dashboard = await startDashboard(python, redis);
  const theirs = await fetchTime(`${dashboard.url}/0/data/queues.json`);
  const ours = await withInstallation(redis, async installation => {
    const read = async () => JSON.stringify(await installation.overview(never));
    await read();
    return (await repeat(read, 5)).median;
  });
  results.push(result(`RQ: overview of ${name} as JSON, against rq-dashboard`, ours, theirs));
  return results;
}

async function middlePage(python: string): Promise<BenchResult> {
  await using redis = await startRedis();
  await fillFailed(redis, 'default', LISTED);
  const ours = await withInstallation(redis, async installation => {
    const client = clientOf(redis);
    const rank = LISTED / 2;
    const before = (await client.zrevrange('rq:failed:default', rank - 5, rank - 1)).reverse();
    const score = await client.zscore('rq:failed:default', before[0] ?? '');
    client.disconnect();
    const cursor = writeCursor({ kind: 'rank', section: 'failed:default', rank: rank - 1, score, anchors: before });
    const read = async () => {
      const page = await installation.jobs({ queue: 'default', state: 'failed', cursor, size: PAGE }, never);
      if (page.items.length !== PAGE) throw new Error(`The page holds ${page.items.length} jobs.`);
      return JSON.stringify(page);
    };
    await repeat(read, 10);
    return median((await repeat(read, 51)).times);
  });
  // After ours: one that is stopped goes on to keep Redis busy.
  await using dashboard = await startDashboard(python, redis);
  const number = LISTED / PAGE / 2;
  const theirs = await fetchTime(`${dashboard.url}/0/data/jobs/default/failed/${PAGE}/asc/${number}.json`);
  const name = `page of ${PAGE} in the middle of ${LISTED.toLocaleString('en')} failed as JSON`;
  return result(`RQ: ${name}, against rq-dashboard`, ours, theirs);
}

async function retryAll(python: string): Promise<BenchResult> {
  const waiting = async (redis: TestRedis, who: string) => {
    const client = clientOf(redis);
    const count = await client.llen('rq:queue:default');
    client.disconnect();
    if (count !== RETRIED) throw new Error(`${who} retried ${count} of ${RETRIED} jobs.`);
  };
  await using theirRedis = await startRedis();
  await fillFailed(theirRedis, 'default', RETRIED);
  const theirs = await timeOf(python, [...RQ, 'requeue', '--all', '--queue', 'default', '--url', theirRedis.url]);
  if (!theirs.stopped) await waiting(theirRedis, 'rq requeue');
  await using ourRedis = await startRedis();
  await fillFailed(ourRedis, 'default', RETRIED);
  const args = ['perform', ourRedis.url, 'retry', '--state', 'failed', '--queue', 'default', '--allow-writing'];
  const ours = await timeOf(process.execPath, [join('dist', 'inspect.js'), ...args]);
  await waiting(ourRedis, 'inspect perform retry');
  return result(
    `RQ: inspect perform retry of ${RETRIED.toLocaleString('en')} failed, against rq requeue`,
    ours,
    theirs,
  );
}

/** rq's own command line, as a module: scripts of an environment that was moved point nowhere. */
const RQ = ['-m', 'rq.cli'];

interface Taken {
  readonly milliseconds: number;
  /** True where it had not ended by the limit. */
  readonly stopped: boolean;
}

/** The time of a whole process, from its start to its end. @throws Error when it fails */
async function timeOf(command: string, args: readonly string[]): Promise<Taken> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const milliseconds = performance.now() - began;
  if (code !== 0 && code !== null) throw new Error(`${args.join(' ')} ended with code ${code}: ${errors}`);
  return { milliseconds, stopped: code === null };
}

async function fetchTime(url: string): Promise<Taken> {
  const began = performance.now();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
    return { milliseconds: performance.now() - began, stopped: false };
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'TimeoutError') throw error;
    return { milliseconds: performance.now() - began, stopped: true };
  }
}

/** rq-dashboard on a free port; its first page, which loads what it needs, has been served. */
async function startDashboard(python: string, redis: TestRedis): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await freePort();
  const args = ['-m', 'rq_dashboard', '--bind', '127.0.0.1', '--port', String(port), '--redis-url', redis.url];
  const server = await startProcess(python, args, { env: { PYTHONUNBUFFERED: '1' } });
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    const response = await fetch(`${url}/0/data/workers.json`).catch(() => null);
    return response?.ok === true;
  };
  await waitFor(answers, { what: 'rq-dashboard', explain: () => server.output() });
  return { url, [Symbol.asyncDispose]: () => server.kill() };
}

async function withInstallation<T>(redis: TestRedis, use: (installation: Installation) => Promise<T>): Promise<T> {
  const broker = await connectRedis({ url: redis.url }, never);
  try {
    const [installation] = await rq.detect(broker, {}, never);
    if (installation === undefined) throw new Error('No RQ was found.');
    return await use(installation);
  } finally {
    broker.close();
  }
}

function result(name: string, ours: Taken | number, theirs: Taken): BenchResult {
  const own = typeof ours === 'number' ? ours : ours.milliseconds;
  const detail = `${text(own)} against ${theirs.stopped ? `more than ${text(theirs.milliseconds)}, then stopped` : text(theirs.milliseconds)}`;
  return { name, ratio: own / theirs.milliseconds, bound: 1, better: 'lower', detail };
}

const text = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
