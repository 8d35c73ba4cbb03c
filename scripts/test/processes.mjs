import { spawn } from 'node:child_process';
import { root } from '../setup/paths.mjs';

/** The processes that run now, so that an interrupted run ends them. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 130;
  });

/**
 * Runs Node on a script of this checkout.
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, show?: boolean, timeoutMs: number }} options `show`: its output goes to ours as
 *   it comes, besides being answered
 * @returns {Promise<{ code: number, stdout: string, output: string }>} `output`: both streams
 */
export function runNode(args, options) {
  const env = { ...process.env, ...options.env };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stdout = '';
  let output = '';
  child.stdout.on('data', chunk => {
    stdout += chunk;
    output += chunk;
    if (options.show === true) process.stdout.write(chunk);
  });
  child.stderr.on('data', chunk => {
    output += chunk;
    if (options.show === true) process.stderr.write(chunk);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      output += `\nEnded after ${options.timeoutMs / 1000} s.`;
      child.kill('SIGTERM');
      // One that does not end by itself within ten seconds is not waited for any longer.
      setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
    }, options.timeoutMs);
    child.once('error', reject);
    child.once('close', code => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: code ?? 1, stdout, output });
    });
  });
}
