/** Real Celery workers and beats of every generation, on the sample application `shop.celery_app`. */
import { descendants, type GuardedProcess, send, startProcess } from './process';
import { type PythonOptions, pythonOf, pythonVariables, runPython, tasksFolder } from './python';
import { waitFor } from './wait';

/** Where an app of Celery has its messages and results, and how it is set. */
export interface CeleryApp {
  /** `celery-newest`, `celery-5.2`, `celery-4.4`. */
  readonly generation: string;
  /** `redis://…/0`, `amqp://user:password@127.0.0.1:port/vhost`. */
  readonly broker: string;
  /** Where results go: `redis://…/1`, `rpc://`; without one, none are kept. */
  readonly backend?: string;
  /** Further settings by Celery's names in small letters: `{ task_serializer: 'pickle', result_extended: true }`. */
  readonly conf?: Readonly<Record<string, unknown>>;
}

export interface CeleryWorkerOptions extends CeleryApp {
  /** Queues it serves; `celery` unless told. */
  readonly queues?: readonly string[];
  /** `solo` (runs tasks in its main process, answers no question meanwhile) unless told. */
  readonly pool?: 'solo' | 'prefork' | 'threads';
  /** Tasks at a time; 1 unless told. */
  readonly concurrency?: number;
  /** `mail` (becomes `mail@shop`) or the whole `mail@host`. */
  readonly name?: string;
  /** Sends task events (`-E`). */
  readonly events?: boolean;
  /** Asks the other workers for their clock and revoked ids at its start, as workers do; takes 1 s when there are none. */
  readonly mingle?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `celery worker`: `['--autoscale', '4,1']`. */
  readonly args?: readonly string[];
}

/** A worker that runs. */
export interface CeleryWorker extends GuardedProcess {
  /** Its node name, as Celery says it: `mail@shop`. */
  readonly name: string;
  /**
   * Tasks that succeeded, whose results are stored: a worker says so afterwards. One that is stopped between a task's
   * last line and that moment stores nothing: with the solo pool a warm shutdown is raised inside the task.
   */
  succeeded(): number;
}

export interface CeleryBeatOptions extends CeleryApp {
  /** By name: the task, its schedule in seconds or as fields of a crontab, its arguments. */
  readonly schedule: Readonly<Record<string, CeleryEntry>>;
  /** Keeps the schedule in Redis, under `redbeat:`, instead of in a file. */
  readonly redBeat?: { readonly url: string; readonly prefix?: string };
  /** The schedule's file without its ending; `celerybeat-schedule` in `cwd` unless told. */
  readonly file?: string;
  /** Where its file is written: a folder that the test removes. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CeleryEntry {
  readonly task: string;
  readonly schedule: number | Readonly<Record<string, string>>;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
}

let number = 0;

/**
 * Starts a real worker and waits until it consumes (2 to 4 s; a sixth of that is imports).
 * `stop()` is a warm shutdown (what it runs is finished, for at most 15 s; what it holds goes back); `kill()` leaves
 * the traces of a crash: worker and pool children end at once, what they held stays unacknowledged.
 * @throws Error with its log when it ends before it is ready
 */
export async function startCeleryWorker(options: CeleryWorkerOptions): Promise<CeleryWorker> {
  const given = options.name ?? `test-${process.pid}-${++number}`;
  const name = given.includes('@') ? given : `${given}@shop`;
  const args = ['worker', '--loglevel', 'INFO', '--hostname', name, '--queues', (options.queues ?? ['celery']).join()];
  args.push('--pool', options.pool ?? 'solo', '--concurrency', String(options.concurrency ?? 1));
  if (options.events === true) args.push('--task-events');
  if (options.mingle !== true) args.push('--without-mingle');
  const worker = await startCelery(options, [...args, ...(options.args ?? [])], {
    cwd: options.cwd ?? tasksFolder,
    env: options.env,
    ready: output => output.includes(`${name} ready.`),
    what: `the Celery worker ${name}`,
  });
  return { ...worker, name, succeeded: () => worker.output().match(/\] succeeded in /g)?.length ?? 0 };
}

/** Starts beat and waits until it has begun to look at its schedule. `kill()` leaves RedBeat's lock behind. */
export async function startCeleryBeat(options: CeleryBeatOptions): Promise<GuardedProcess> {
  const { redBeat } = options;
  // That it looks at its schedule is said by RedBeat 2.0 at this level only.
  const args = ['beat', '--loglevel', 'DEBUG', '--pidfile', ''];
  if (redBeat === undefined) args.push('--schedule', options.file ?? 'celerybeat-schedule');
  else args.push('--scheduler', 'redbeat.RedBeatScheduler');
  const conf = {
    ...options.conf,
    ...(redBeat === undefined ? {} : { redbeat_redis_url: redBeat.url, beat_max_loop_interval: 1 }),
    ...(redBeat?.prefix === undefined ? {} : { redbeat_key_prefix: redBeat.prefix }),
  };
  return startCelery({ ...options, conf }, args, {
    cwd: options.cwd,
    env: { ...options.env, SHOP_SCHEDULE: JSON.stringify(options.schedule) },
    ready: output => (redBeat === undefined ? output.includes('beat: Starting...') : /Loading \d+ tasks/.test(output)),
    what: 'Celery beat',
  });
}

/**
 * Runs a piece of Python of a generation with `app`, `tasks`, `json` and `sys` at hand; answers what it printed.
 * @throws Error with its standard error when it ends with another code than 0
 */
export async function runCelery(
  app: CeleryApp,
  program: string,
  options: PythonOptions & { readonly args?: readonly string[] } = {},
): Promise<string> {
  const head = 'import json, sys\nfrom shop.celery_app import app\nfrom shop import tasks\n';
  const env = { ...celeryVariables(app), ...options.env };
  return (await runPython(app.generation, head + program, options.args, '', { ...options, env })).toString().trim();
}

/** The environment by which `shop.celery_app` knows its broker, its backend and its settings. */
export function celeryVariables(app: CeleryApp): Record<string, string> {
  return {
    ...pythonVariables(),
    SHOP_BROKER: app.broker,
    SHOP_BACKEND: app.backend ?? '',
    SHOP_CONF: JSON.stringify(app.conf ?? {}),
    // Celery refuses to run as root where it accepts pickle; these brokers are the test's own.
    C_FORCE_ROOT: '1',
    NO_COLOR: '1',
  };
}

interface Start {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly ready: (output: string) => boolean;
  readonly what: string;
}

async function startCelery(app: CeleryApp, args: readonly string[], start: Start): Promise<GuardedProcess> {
  const python = await pythonOf(app.generation);
  const celery = await startProcess(python, ['-m', 'celery', '--app', 'shop.celery_app', ...args], {
    cwd: start.cwd,
    env: { ...celeryVariables(app), ...start.env },
  });
  let ended = false;
  void celery.exited.then(() => {
    ended = true;
  });
  await waitFor(() => ended || start.ready(celery.output()), {
    timeout: 60_000,
    what: `${start.what} to be ready`,
    explain: celery.output,
  });
  if (ended) throw new Error(`${start.what} ended at once:\n${celery.output()}`);
  const stop: GuardedProcess['stop'] = async (signal = 'SIGTERM', graceMs = 15_000) => {
    // A pool's process waits for its next task on a pipe that its siblings hold open: 4.4 leaves them behind at times.
    const pool = descendants(celery.pid);
    await celery.stop(signal, graceMs);
    for (const pid of pool) send(pid, 'SIGKILL');
  };
  return { ...celery, stop, [Symbol.asyncDispose]: () => stop() };
}
