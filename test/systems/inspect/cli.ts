/** The real command line, bundled as `npm run inspect` runs it, in a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { targets } from '../../../scripts/build/targets.mjs';
import { temporaryFolder } from '../../support';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** What stood on standard output, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say themselves what they expect of it
  readonly json: any;
}

export interface Cli {
  /** Where the journal of these runs lies. */
  readonly state: string;
  run(argv: readonly string[], options?: { input?: string | Buffer; env?: Record<string, string> }): Promise<Ran>;
  serve(): Served;
  /** A run that the test ends itself. */
  start(argv: readonly string[]): ChildProcessWithoutNullStreams;
}

export interface Served extends AsyncDisposable {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  ask(request: Record<string, unknown>): Promise<any>;
  /** Everything that came, in order. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly lines: any[];
}

/** Bundles the command line (1 s); the folder ends with the test run. */
export async function makeCli(): Promise<Cli> {
  const folder = temporaryFolder('inspect');
  const target = targets().find(({ name }) => name === 'inspect');
  if (target === undefined) throw new Error('scripts/build has no target inspect.');
  await build({ ...target.options, outdir: folder, write: true });
  const state = join(folder, 'state');
  const start = (argv: readonly string[], env: Record<string, string> = {}) =>
    spawn(process.execPath, [join(folder, 'inspect.js'), ...argv], {
      env: { ...process.env, JQI_STATE: state, ...env },
    });
  return {
    state,
    run: async (argv, options = {}) => finished(start(argv, options.env), options.input ?? ''),
    serve: () => serving(start(['serve'])),
    start: argv => start(argv),
  };
}

function finished(child: ChildProcessWithoutNullStreams, input: string | Buffer): Promise<Ran> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => {
      const text = Buffer.concat(out).toString();
      const json = text.trim() === '' ? undefined : JSON.parse(text);
      resolve({ code, out: text, err: Buffer.concat(err).toString(), json });
    });
  });
}

function serving(child: ChildProcessWithoutNullStreams): Served {
  const lines: Record<string, unknown>[] = [];
  const waiting = new Map<unknown, (answer: unknown) => void>();
  createInterface({ input: child.stdout }).on('line', line => {
    const answer = JSON.parse(line);
    lines.push(answer);
    if ('progress' in answer) return;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const exited = new Promise<void>(resolve => child.once('close', () => resolve()));
  let id = 0;
  return {
    lines,
    ask: request => {
      const own = request['id'] ?? ++id;
      const answer = new Promise(resolve => waiting.set(own, resolve));
      child.stdin.write(`${JSON.stringify({ ...request, id: own })}\n`);
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
