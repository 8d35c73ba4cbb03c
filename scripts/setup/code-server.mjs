import { copyFileSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { run } from './command.mjs';
import { nodeOf } from './node.mjs';
import { root } from './paths.mjs';
import { step } from './progress.mjs';

/**
 * The workbenches that the extension is tried in: the oldest VS Code that it supports, and the newest one. The npm
 * package `code-server` is VS Code's own workbench and extension host, served to a browser.
 */
export const WORKBENCHES = /** @type {const} */ ({
  minimum: { version: '4.105.1', node: 22 },
  newest: { version: '4.139.1', node: 24 },
});

/** Raise when the recipe below changes: it is part of the cache entry's name. */
const RECIPE = 1;

/** Native modules that are not built here, and the small files that take their place. */
const STAND_INS = [
  { module: '@vscode/spdlog', file: 'index.js', standIn: 'spdlog.cjs', where: 'lib/vscode' },
  { module: 'native-watchdog', file: 'index.js', standIn: 'native-watchdog.cjs', where: 'lib/vscode' },
  { module: '@vscode/native-watchdog', file: 'index.js', standIn: 'native-watchdog.cjs', where: 'lib/vscode' },
  { module: 'argon2', file: undefined, standIn: 'argon2.cjs', where: '' },
];

/**
 * A browser workbench, installed into the cache when it is missing (40 to 60 s, 0.5 GB).
 * @param {keyof typeof WORKBENCHES} which
 * @returns {Promise<{ node: string, entry: string, version: string }>} start `node entry …`
 */
export async function codeServer(which) {
  const { version, node } = WORKBENCHES[which];
  const [executable, folder] = await Promise.all([nodeOf(node), install(version)]);
  const entry = join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  return { node: executable, entry, version };
}

/** @param {string} version */
function install(version) {
  return cached(`code-server-${version}`, `${version} recipe ${RECIPE}`, draft =>
    step(`Installing the browser workbench ${version}`, async () => {
      const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
      await run('npm', ['install', '--prefix', draft, ...quiet, `code-server@${version}`]);
      const packageFolder = join(draft, 'node_modules', 'code-server');
      const vscode = join(packageFolder, 'lib', 'vscode');
      withoutGitDependencies(vscode);
      await Promise.all(
        [vscode, join(vscode, 'extensions')].map(cwd => run('npm', ['install', '--omit=dev', ...quiet], { cwd })),
      );
      if (!existsSync(join(vscode, 'node_modules.asar')))
        symlinkSync('node_modules', join(vscode, 'node_modules.asar'));
      for (const standIn of STAND_INS) replaceNative(standIn, [join(packageFolder, standIn.where), draft]);
    }),
  );
}

/**
 * Releases after 4.100 name @parcel/watcher by its git repository, which a machine behind a registry cannot reach;
 * the published package of the same line takes its place.
 * @param {string} folder
 */
function withoutGitDependencies(folder) {
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  if (!String(manifest.dependencies['@parcel/watcher']).includes('#')) return;
  manifest.dependencies['@parcel/watcher'] = '^2.5.1';
  writeFileSync(file, JSON.stringify(manifest, null, 2));
  rmSync(join(folder, 'npm-shrinkwrap.json'), { force: true });
}

/**
 * @param {(typeof STAND_INS)[number]} standIn
 * @param {readonly string[]} places folders whose node_modules may hold the module
 */
function replaceNative(standIn, places) {
  const source = join(root, 'scripts', 'setup', 'stand-ins', standIn.standIn);
  for (const place of places) {
    const folder = join(place, 'node_modules', standIn.module);
    if (!existsSync(folder)) continue;
    const main = standIn.file ?? JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).main;
    copyFileSync(source, join(folder, main));
    return;
  }
}
