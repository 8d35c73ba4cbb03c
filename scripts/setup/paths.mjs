import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The root of the checkout: the nearest folder above this file whose package.json is ours. Found by looking,
 * since this file also runs from inside a bundle in another folder.
 */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** @param {string} from @returns {string} */
function findRoot(from) {
  const manifest = join(from, 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'job-queue-inspector') return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('These scripts were started outside a checkout of job-queue-inspector.');
  return findRoot(parent);
}

/**
 * The first program of that name on the PATH.
 * @param {...string} names tried in order
 * @returns {string | undefined} its absolute path
 */
export function onPath(...names) {
  for (const name of names)
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const path = join(folder === '' ? '.' : folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here: the next folder.
      }
    }
  return undefined;
}
