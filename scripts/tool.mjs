/** Our tools are written in TypeScript; this bundles one (npm packages stay outside) and runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

/**
 * Bundles a TypeScript file for Node.
 * @param {string} entry path below the root, without `.ts`
 * @param {Partial<import('esbuild').BuildOptions>} [options]
 * @returns {Promise<string>} path of the bundle
 */
export async function bundleTool(entry, options = {}) {
  const { build } = await import('esbuild');
  const outfile = join(root, 'dist', 'tools', `${entry.replaceAll('/', '-')}.js`);
  await build({
    absWorkingDir: root,
    entryPoints: [`${entry}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    loader: { '.lua': 'text' },
    logLevel: 'warning',
    ...options,
  });
  return outfile;
}

/**
 * Bundles a tool and runs it in a process of its own until it ends; signals to us reach it.
 * @param {string} entry
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runTool(entry, args) {
  const file = await bundleTool(entry);
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...args], { stdio: 'inherit', cwd: root });
  const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 143)));
  });
}
