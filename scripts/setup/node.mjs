import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { run } from './command.mjs';
import { step } from './progress.mjs';

/** The Node that our tools need at least (vitest, esbuild, the type checker). */
const MINIMUM = { major: 20, minor: 19 };

/** Exact versions of the npm packages `node-<platform>-<arch>`, which carry a Node and need no install script. */
const VERSIONS = { 22: '22.23.3', 24: '24.21.0' };

/** Set in a process that was started again, so that a wrong Node cannot do so for ever. */
const MARK = 'JQI_NODE_CHOSEN';

/**
 * A Node of that major version: this process's own when it is one, else one from npm in the cache.
 * @param {22 | 24} major
 * @returns {Promise<string>} path of its executable
 */
export async function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const wanted = `${name}@${VERSIONS[major]}`;
  const folder = await cached(`node-${major}`, wanted, draft =>
    step(`Installing Node ${major}`, async () => {
      await run('npm', ['install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', wanted]);
    }),
  );
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Whether this process's Node can run our tools. */
export function nodeSuffices() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > MINIMUM.major || (major === MINIMUM.major && minor >= MINIMUM.minor);
}

/**
 * Runs this very command again with a Node that can run our tools, when this one cannot, and ends with its code.
 * Returns at once when this one can.
 */
export async function withRightNode() {
  if (nodeSuffices()) return;
  const { major, minor } = MINIMUM;
  if (process.env[MARK] !== undefined) throw new Error(`Node ${process.version} is older than ${major}.${minor}.`);
  const node = await nodeOf(22);
  const env = { ...process.env, [MARK]: '1' };
  const result = spawnSync(node, process.argv.slice(1), { stdio: 'inherit', env });
  process.exit(result.status ?? 1);
}
