/**
 * Processes that end with us. A server that a test or the demo starts must not outlive it: not when it throws, not
 * when it is killed with SIGKILL. Every process therefore runs below a small shell that holds the other end of a
 * pipe to us; when that pipe closes, whatever closed it, the shell kills the process and its children.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { waitFor } from './wait';

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to our own environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A running process of ours. */
export interface GuardedProcess extends AsyncDisposable {
  /** The process itself, not the shell above it. */
  readonly pid: number;
  /** Everything it has printed so far, both streams. */
  output(): string;
  /** Resolves with the exit code when it has ended (128 + n for signal n). */
  readonly exited: Promise<number>;
  /** Sends a signal and waits for the end; after `graceMs` (5 s) kills it and its children. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
  /** Kills it and every process below it, at once: what a power cut looks like from the outside. */
  kill(): Promise<void>;
}

/**
 * The shell above each process. Descriptor 0 is the lifeline, 3 takes the process id. The children of the process
 * are killed too when the lifeline breaks: RQ's work-horse runs in a session of its own and would go on.
 */
export const GUARD = `
exec 4<&0 </dev/null
"$@" 4<&- 3>&- &
process=$!
echo $process >&3; exec 3>&-
( cat <&4 >/dev/null
  children=$(cat /proc/$process/task/$process/children 2>/dev/null || ps -o pid= --ppid $process 2>/dev/null)
  kill -KILL $process $children ) 2>/dev/null &
guard=$!
exec 4<&-
wait $process; code=$?
kill $guard 2>/dev/null
exit $code
`;

/**
 * Starts a process that ends with us.
 * @throws Error when the program cannot be found or ends before it has told its id
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<GuardedProcess> {
  const shell = spawn('/bin/sh', ['-c', GUARD, 'sh', command, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-1_000_000);
  };
  shell.stdout?.on('data', keep);
  shell.stderr?.on('data', keep);
  const exited = new Promise<number>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  const pid = await readPid(shell, exited, () => output);
  running.add(pid);
  const forget = () => running.delete(pid);
  exited.then(forget, forget);
  const kill = async () => {
    // Parents first would let children be adopted and lost from sight, so the whole tree is read before.
    for (const target of [pid, ...descendants(pid)]) send(target, 'SIGKILL');
    await exited;
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', graceMs = 5000) => {
    send(pid, signal);
    const timer = setTimeout(() => void kill(), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return { pid, output: () => output, exited, stop, kill, [Symbol.asyncDispose]: () => stop() };
}

async function readPid(shell: ChildProcess, exited: Promise<number>, output: () => string): Promise<number> {
  let text = '';
  shell.stdio[3]?.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  let ended = false;
  exited.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  await waitFor(() => text.includes('\n') || ended, { what: 'the process id from the guarding shell' });
  const pid = Number.parseInt(text, 10);
  if (!Number.isSafeInteger(pid)) throw new Error(`The process could not be started: ${output()}`);
  return pid;
}

/** The processes that run now. */
const running = new Set<number>();

/** Kills every process that runs here and all below them, at once, for the end of this process. */
export function killAll(): void {
  for (const pid of [...running].flatMap(root => [root, ...descendants(root)])) send(pid, 'SIGKILL');
}

/** Sends a signal; a process that has already ended is no error. Answers whether it was there. */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** The ids of all processes below this one, nearest first (Linux; elsewhere none). */
export function descendants(pid: number): number[] {
  let children: number[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
  return children.flatMap(child => [child, ...descendants(child)]);
}
