import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a script that lies beside the tests in the machine's Python: JSON on its standard input, JSON back. */
export function cpython<T>(script: string, input: unknown): T {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const output = execFileSync('python3', ['-W', 'ignore', path], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
    env: { ...process.env, PYTHONHASHSEED: '0' },
  });
  return JSON.parse(output) as T;
}
