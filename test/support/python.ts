/** The real frameworks, each generation in its own virtual environment made from pinned requirement files. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import { pinnedVersions, pythonEnvironment, pythonGenerations } from '../../scripts/setup/python.mjs';

/** A generation of RQ: the name of its folder in test/python, and the versions pinned there. */
export interface RqGeneration {
  /** `rq-newest`, `rq-2.0`, `rq-1.16`, `rq-1.0`, `rq-0.12`. */
  readonly id: string;
  /** RQ's version: `2.12.0`. */
  readonly version: string;
  /** The client library's version: `8.1.0`. */
  readonly redisPy: string;
  /** Whether its set brings the package rq-scheduler. */
  readonly rqScheduler: boolean;
}

/** All generations of RQ, newest first. (`peers` holds the tools that benchmarks compare with: rq-dashboard.) */
export const rqGenerations: readonly RqGeneration[] = pythonGenerations()
  .filter(id => id.startsWith('rq-'))
  .map(describe)
  .sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));

/** The three that every write path is tested with; `JQI_MATRIX=all` (`npm run test:all`) takes all. */
export const rqGenerationsUnderTest: readonly RqGeneration[] =
  process.env['JQI_MATRIX'] === 'all'
    ? rqGenerations
    : rqGenerations.filter(generation => ['rq-newest', 'rq-1.16', 'rq-0.12'].includes(generation.id));

function describe(id: string): RqGeneration {
  const pins = pinnedVersions(id);
  return {
    id,
    version: pins.get('rq') ?? 'unknown',
    redisPy: pins.get('redis') ?? 'unknown',
    rqScheduler: pins.has('rq-scheduler'),
  };
}

/** A generation of Celery: the name of its folder in test/python, and the versions pinned there. */
export interface CeleryGeneration {
  /** `celery-newest`, `celery-5.2`, `celery-4.4`. */
  readonly id: string;
  /** Celery's version: `5.2.7`. */
  readonly version: string;
  /** The version of kombu, which writes the messages: `5.2.4`. */
  readonly kombu: string;
  /** The client library's version: `4.3.6`. */
  readonly redisPy: string;
}

/** All generations of Celery, newest first. */
export const celeryGenerations: readonly CeleryGeneration[] = pythonGenerations()
  .filter(id => id.startsWith('celery-'))
  .map(id => {
    const pins = pinnedVersions(id);
    const version = (name: string) => pins.get(name) ?? 'unknown';
    return { id, version: version('celery'), kombu: version('kombu'), redisPy: version('redis') };
  })
  .sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));

/** Those that every write path is tested with: all there are. */
export const celeryGenerationsUnderTest: readonly CeleryGeneration[] = celeryGenerations;

/** The folder that holds the sample application `shop`; on the PYTHONPATH of everything started here. */
export const tasksFolder = join(root, 'test', 'python', 'tasks');

/** The environment of a Python process of ours: the sample application importable, nothing of the user's. */
export function pythonVariables(): Record<string, string> {
  return {
    PYTHONPATH: tasksFolder,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
    PYTHONWARNINGS: 'ignore',
  };
}

/** The Python of a generation; makes its environment when it is missing (5 to 20 s). */
export function pythonOf(generation: string): Promise<string> {
  return pythonEnvironment(generation);
}

export interface PythonOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds until it is killed; 60,000 unless told. */
  readonly timeout?: number;
}

/**
 * Runs a Python script of a generation to its end.
 * @param script a path, or the program itself when it has a line break or ends with `.py` nowhere (`python -c`)
 * @param input bytes for its standard input
 * @returns its standard output as bytes
 * @throws Error with its standard error when it ends with another code than 0 or takes too long
 */
export async function runPython(
  generation: string,
  script: string,
  args: readonly string[] = [],
  input: Uint8Array | string = '',
  options: PythonOptions = {},
): Promise<Buffer> {
  const python = await pythonOf(generation);
  const program = script.endsWith('.py') && !script.includes('\n') ? [script] : ['-c', script];
  const child = spawn(python, [...program, ...args], {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...pythonVariables(), ...options.env },
    stdio: 'pipe',
    timeout: options.timeout ?? 60_000,
    killSignal: 'SIGKILL',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  // A script that ends without reading its input closes the pipe: no failure of its own.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`Python of ${generation} ended with ${signal ?? code}:\n${Buffer.concat(err).toString()}`));
    });
  });
}
