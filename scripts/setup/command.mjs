import { spawn } from 'node:child_process';

/** A command of the set-up that failed: what was run, how it ended, and the end of what it printed. */
export class CommandError extends Error {
  /** @param {string} command @param {string} ending @param {string} output */
  constructor(command, ending, output) {
    const lines = output.trim().split('\n').slice(-15).join('\n');
    super(`${command} ${ending}${lines === '' ? '.' : `:\n${lines}`}`);
    this.name = 'CommandError';
  }
}

/**
 * Runs a command to its end and answers what it printed on standard output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<string>} standard output; a failure carries both streams
 * @throws {CommandError} when it cannot be started, ends with another code than 0, or takes too long (15 min)
 */
export function run(command, args, options = {}) {
  const shown = [command, ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 15 * 60_000,
    });
    let stdout = '';
    let both = '';
    child.stdout.on('data', chunk => {
      stdout += chunk;
      both += chunk;
    });
    child.stderr.on('data', chunk => {
      both += chunk;
    });
    child.once('error', error => reject(new CommandError(shown, `could not be started (${error.message})`, '')));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new CommandError(shown, `ended with ${signal ?? `code ${code}`}`, both));
    });
  });
}
