/** The cache that set-up fills: whole or absent, whoever else fills it, whatever interrupts it. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let home: string;
let cache: typeof import('../../../scripts/setup/cache.mjs');

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'jqi-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.resetModules();
  cache = await import('../../../scripts/setup/cache.mjs');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const entries = () => readdirSync(cache.cacheRoot).sort();

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

test('an entry is made once, and again when what it is made from changes', async () => {
  const make = vi.fn(async (folder: string) => writeFileSync(join(folder, 'file'), 'content'));
  const first = await cache.cached('thing', 'version 1', make);
  expect(readFileSync(join(first, 'file'), 'utf8')).toBe('content');
  expect(await cache.cached('thing', 'version 1', make)).toBe(first);
  expect(make).toHaveBeenCalledTimes(1);
  expect(await cache.cached('thing', 'version 2', make)).not.toBe(first);
});

test('a failed or interrupted making leaves nothing that looks finished', async () => {
  const fail = async (folder: string) => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('the network went away');
  };
  await expect(cache.cached('thing', '1', fail)).rejects.toThrow('the network went away');
  expect(entries()).toEqual([]);
});

test('two at once make it once', async () => {
  let made = 0;
  const make = async (folder: string) => {
    made++;
    await new Promise(resolve => setTimeout(resolve, 50));
    writeFileSync(join(folder, 'file'), '');
  };
  const [one, other] = await Promise.all([cache.cached('thing', '1', make), cache.cached('thing', '1', make)]);
  expect(one).toBe(other);
  expect(made).toBe(1);
  expect(entries()).toEqual([one.slice(one.lastIndexOf('/') + 1)]);
});

test.each([
  ['whose owner has died', () => String(deadPid())],
  ['that its owner never got to sign', () => ''],
])('a lock %s is taken over', async (_what, content) => {
  const file = join(home, 'lock');
  mkdirSync(home, { recursive: true });
  writeFileSync(file, content());
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(file, longAgo, longAgo);
  expect(await cache.withLock(file, async () => 'mine')).toBe('mine');
  expect(existsSync(file)).toBe(false);
});
