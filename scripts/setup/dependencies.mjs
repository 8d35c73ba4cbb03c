import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, withLock } from './cache.mjs';
import { run } from './command.mjs';
import { root } from './paths.mjs';
import { step } from './progress.mjs';

/** Installs node_modules where they are missing or are not what package-lock.json says. Runs no install scripts. */
export async function installDependencies() {
  if (dependenciesMatch()) return;
  mkdirSync(cacheRoot, { recursive: true });
  const place = createHash('sha256').update(root).digest('hex').slice(0, 12);
  await withLock(join(cacheRoot, `node_modules-${place}.lock`), async () => {
    if (dependenciesMatch()) return;
    await step('Installing npm packages', () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'], { cwd: root }),
    );
  });
}

/**
 * Whether every package that the lock file names stands in node_modules in that version. Times are not looked at:
 * a checkout makes a lock file new that says the same. Optional packages may be missing (other platforms).
 */
function dependenciesMatch() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }> | undefined} */
function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}
