/** Real RQ workers of every generation, on the sample application. */
import { type GuardedProcess, startProcess } from './process';
import { pythonOf, pythonVariables, tasksFolder } from './python';
import { clientOf } from './redis';
import { waitFor } from './wait';

export interface RqWorkerOptions {
  /** `rq-newest`, `rq-1.16`, … */
  readonly generation: string;
  readonly url: string;
  /** Queues it serves, first ones first. */
  readonly queues: readonly string[];
  /** Ends when the queues are empty. */
  readonly burst?: boolean;
  /** Runs the built-in scheduler too (RQ ≥ 1.2). */
  readonly withScheduler?: boolean;
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `rq worker`: `['--serializer', 'json']`. */
  readonly args?: readonly string[];
}

/** A worker that runs; `exited` resolves when it ends (a burst worker by itself). */
export interface RqWorker extends GuardedProcess {
  readonly name: string;
}

let number = 0;

/**
 * Starts a real worker and, unless it is a burst worker, waits until it has registered on the broker.
 * `stop()` is a warm shutdown (the job it runs is finished, for at most 5 s); `kill()` leaves the traces of a crash:
 * worker and work-horse end at once, and their records stay.
 */
export async function startRqWorker(options: RqWorkerOptions): Promise<RqWorker> {
  const python = await pythonOf(options.generation);
  const name = options.name ?? `test-worker-${process.pid}-${++number}`;
  const args = ['worker', '--url', options.url, '--name', name];
  if (options.burst === true) args.push('--burst');
  if (options.withScheduler === true) args.push('--with-scheduler');
  const program = 'import sys; from rq.cli import main; sys.argv[0] = "rq"; main()';
  const worker = await startProcess(python, ['-c', program, ...args, ...(options.args ?? []), ...options.queues], {
    cwd: options.cwd ?? tasksFolder,
    env: { ...pythonVariables(), ...options.env },
  });
  if (options.burst !== true) await registered(worker, options.url, name);
  return { ...worker, name };
}

/** Starts the package rq-scheduler's scheduler (`rqscheduler`), which looks every `interval` seconds. */
export async function startRqScheduler(options: {
  readonly generation: string;
  readonly url: string;
  readonly interval?: number;
}): Promise<GuardedProcess> {
  const python = await pythonOf(options.generation);
  const program = 'from rq_scheduler.scripts.rqscheduler import main; main()';
  const args = ['--url', options.url, '--interval', String(options.interval ?? 1)];
  return startProcess(python, ['-c', program, ...args], { cwd: tasksFolder, env: pythonVariables() });
}

async function registered(worker: GuardedProcess, url: string, name: string): Promise<void> {
  const client = clientAt(url);
  let ended = false;
  void worker.exited.then(() => {
    ended = true;
  });
  try {
    // The set comes last of what a worker writes when it registers its birth, in every generation.
    await waitFor(async () => ended || (await client.sismember('rq:workers', `rq:worker:${name}`)) === 1, {
      timeout: 30_000,
      what: `the worker ${name} to register`,
      explain: worker.output,
    });
  } finally {
    client.disconnect();
  }
  if (ended) throw new Error(`The worker ${name} ended at once:\n${worker.output()}`);
}

function clientAt(url: string) {
  const parsed = new URL(url);
  const password = parsed.password === '' ? undefined : decodeURIComponent(parsed.password);
  const database = Number(parsed.pathname.slice(1)) || 0;
  return clientOf({ host: parsed.hostname, port: Number(parsed.port), password, socketPath: undefined }, database);
}
