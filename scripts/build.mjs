/**
 * `npm run build`: bundles the extension, its command line and its webviews into dist/. Does nothing when nothing
 * has changed; `--force` builds anyway, `--watch` builds again at every change (its output is what the problem
 * matcher in .vscode/tasks.json reads).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mergeActivation } from './build/merge.mjs';
import { copyCodicons, removeOldChunks, sourceStamp, writeMeta } from './build/outputs.mjs';
import { targets } from './build/targets.mjs';
import { withLock } from './setup/cache.mjs';
import { root } from './setup/paths.mjs';
import { step } from './setup/progress.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.built');

/**
 * Builds what is out of date. Two runs at once take turns.
 * @param {{ force?: boolean }} [options]
 * @returns {Promise<boolean>} whether anything was built
 * @throws Error with esbuild's messages, file and line in each
 */
export async function build(options = {}) {
  if (options.force !== true && isUpToDate()) return false;
  mkdirSync(dist, { recursive: true });
  return withLock(join(dist, '.lock'), async () => {
    // Another run may have built while this one waited.
    if (options.force !== true && isUpToDate()) return false;
    const stamp = sourceStamp();
    await step('Building', async () => {
      const esbuild = await import('esbuild');
      const results = await Promise.all(
        targets().map(async ({ name, options }) => {
          const { metafile } = await esbuild.build(options);
          if (name === 'host' && metafile !== undefined) await mergeActivation(metafile, options);
          return metafile;
        }),
      );
      finish(results);
    });
    writeFileSync(stampFile, stamp);
    return true;
  });
}

function isUpToDate() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourceStamp();
}

/** @param {readonly (import('esbuild').Metafile | undefined)[]} metafiles */
function finish(metafiles) {
  const known = metafiles.filter(metafile => metafile !== undefined);
  copyCodicons();
  removeOldChunks(known);
  writeMeta(known);
}

/** Builds at every change until it is ended. */
async function watch() {
  const esbuild = await import('esbuild');
  mkdirSync(dist, { recursive: true });
  copyCodicons();
  for (const { name, options } of targets()) {
    /** @type {import('esbuild').Plugin} */
    const reporter = {
      name: 'reporter',
      setup(builder) {
        builder.onStart(() => console.log(`[watch] build started: ${name}`));
        builder.onEnd(result => {
          for (const { text, location } of result.errors) {
            console.error(`✘ [ERROR] ${text}`);
            if (location) console.error(`    ${location.file}:${location.line}:${location.column}:`);
          }
          console.log(`[watch] build finished: ${name}`);
        });
      },
    };
    const context = await esbuild.context({ ...options, plugins: [reporter] });
    await context.watch();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    if (process.argv.includes('--watch')) await watch();
    else if (!(await build({ force: process.argv.includes('--force') }))) console.log('Nothing to build.');
  } catch (error) {
    const { errors } = /** @type {{ errors?: import('esbuild').Message[] }} */ (error);
    if (errors === undefined) throw error;
    const { formatMessages } = await import('esbuild');
    console.error((await formatMessages(errors, { kind: 'error', color: process.stderr.isTTY })).join(''));
    process.exitCode = 1;
  }
}
