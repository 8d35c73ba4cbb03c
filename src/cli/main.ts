/** Runs one command line. Standard output holds its JSON alone; everything else goes to standard error. */
import type { Readable, Writable } from 'node:stream';
import { asInspectorError } from '../model';
import { parseArguments, USAGE } from './arguments';
import { runCommand } from './commands';
import { decodeBatch, decodeInput } from './decode';
import { errorJson, redacted } from './errors';
import { firstLine } from './input';
import { serve } from './serve';
import { Session } from './session';

export interface Streams {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
}

/** @returns the exit code: 0, or 1 with `{"error": …}` on the output */
export async function main(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  streams: Streams,
  signal: AbortSignal,
): Promise<0 | 1> {
  const { input, output, errors } = streams;
  const write = (text: string) => written(output, text);
  let session: Session | undefined;
  try {
    const line = parseArguments(argv);
    if (line.kind === 'help') {
      errors.write(USAGE);
      return 0;
    }
    if (line.kind === 'decode') {
      if (line.batch) return (await decodeBatch(input, line.as, write)) ? 0 : 1;
      await write(`${printed(await decodeInput(input, line.as))}\n`);
      return 0;
    }
    const serving = line.kind === 'serve';
    const made = new Session({
      environment,
      readLine: serving ? null : () => firstLine(input),
      log: text => errors.write(`${text}\n`),
    });
    session = made;
    if (serving) {
      await serve(input, {
        run: (request, signal, progress) => runCommand(request, { session: made, signal, progress }),
        secrets: () => made.secrets,
        write: text => void output.write(text),
      });
      return 0;
    }
    const result = await runCommand(line.request, { session: made, signal, progress: () => undefined });
    await write(`${JSON.stringify(result, null, 1)}\n`);
    return 0;
  } catch (thrown) {
    const error = asInspectorError(thrown, 'running the command');
    if (error.code === 'internal' && error.cause instanceof Error)
      errors.write(`${redacted(error.cause.stack ?? '', session?.secrets ?? [])}\n`);
    await write(`${JSON.stringify({ error: errorJson(error, session?.secrets ?? []) }, null, 1)}\n`);
    return 1;
  } finally {
    await session?.dispose();
  }
}

/** Waits until the other side has taken it: what is large must not pile up here, nor be cut off at the end. */
function written(output: Writable, text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve, reject) => {
    output.write(text, error => (error ? reject(error) : resolve()));
  });
}

/** Characters that are laid out for people; indenting what is large and deep multiplies it. */
const LAID_OUT = 100_000;

function printed(answer: unknown): string {
  const text = JSON.stringify(answer);
  return text.length > LAID_OUT ? text : JSON.stringify(answer, null, 1);
}
