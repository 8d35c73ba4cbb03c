import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The user's cache: everything that npm and PyPI hold and that is no part of node_modules. It may be deleted at
 * any time; a run makes again what it needs. An entry's name carries a hash of what it was made from, so an entry
 * is never changed once it stands there.
 */
export const cacheRoot = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'job-queue-inspector');

/**
 * A folder of the cache, made if it is missing. It is made beside its place and moved there when it is whole, so
 * an interrupted run leaves nothing that looks finished; two runs at once wait for each other, and if one had to
 * give up waiting, the first to finish wins.
 * @param {string} name readable part of the folder's name
 * @param {string} madeFrom everything that the content depends on (versions, lock files, recipes)
 * @param {(folder: string) => Promise<void>} make fills the empty folder
 * @returns {Promise<string>} the folder's path
 */
export async function cached(name, madeFrom, make) {
  const hash = createHash('sha256').update(madeFrom).digest('hex').slice(0, 12);
  const folder = join(cacheRoot, `${name}-${hash}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheRoot, { recursive: true });
  return withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return folder;
    const draft = `${folder}.${process.pid}.tmp`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    try {
      await make(draft);
      if (!existsSync(folder)) renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
    return folder;
  });
}

/**
 * One process at a time, across processes. A lock whose owner is gone is taken over.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  while (!takeLock(file)) await pause(100);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file @returns {boolean} whether the lock is ours now */
function takeLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
  try {
    const owner = Number(readFileSync(file, 'utf8'));
    // An empty file is one that its owner is about to write, unless the owner died in between.
    const stale = owner > 0 ? !isAlive(owner) : Date.now() - statSync(file).mtimeMs > 10_000;
    if (stale) unlinkSync(file);
  } catch {
    // Its owner has just removed it: the next try takes it.
  }
  return false;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
