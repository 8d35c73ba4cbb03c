import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

/** @typedef {import('esbuild').Metafile} Metafile */

/** VS Code's own icons, as a font: webviews cannot name them otherwise. */
export function copyCodicons() {
  const from = join(root, 'node_modules', '@vscode', 'codicons', 'dist');
  const to = join(root, 'dist', 'webview');
  mkdirSync(to, { recursive: true });
  for (const file of ['codicon.css', 'codicon.ttf']) copyFileSync(join(from, file), join(to, file));
}

/**
 * Removes chunks that no build names any more: their names carry hashes, so they would pile up, and into the package.
 * @param {readonly Metafile[]} metafiles of all targets
 */
export function removeOldChunks(metafiles) {
  const current = new Set(metafiles.flatMap(metafile => Object.keys(metafile.outputs)));
  for (const folder of ['dist/host', 'dist/inspect']) {
    if (!existsSync(join(root, folder))) continue;
    for (const file of readdirSync(join(root, folder)))
      if (!current.has(`${folder}/${file}`)) rmSync(join(root, folder, file));
  }
}

/**
 * Writes dist/meta.json: `firstChunkBytes`, what VS Code has to read before the extension can be activated, and for
 * each output its bytes, its entry point, and what went into it.
 * @param {readonly Metafile[]} metafiles
 */
export function writeMeta(metafiles) {
  const outputs = Object.assign({}, ...metafiles.map(metafile => metafile.outputs));
  const shown = Object.fromEntries(Object.entries(outputs).filter(([name]) => !name.endsWith('.map')));
  const meta = { firstChunkBytes: firstChunkBytes(outputs), outputs: shown };
  writeFileSync(join(root, 'dist', 'meta.json'), JSON.stringify(meta, null, 1));
}

/** @param {Metafile['outputs']} outputs @returns {number} bytes of dist/extension.js and all it imports statically */
function firstChunkBytes(outputs) {
  const seen = new Set();
  const pending = ['dist/extension.js'];
  let bytes = 0;
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const output = outputs[file];
    if (seen.has(file) || output === undefined) continue;
    seen.add(file);
    bytes += output.bytes;
    for (const imported of output.imports) if (imported.kind === 'import-statement') pending.push(imported.path);
  }
  return bytes;
}

/**
 * A fingerprint of everything that the build reads: names, sizes and times of the sources, the lock file, the build.
 * @returns {string}
 */
export function sourceStamp() {
  /** @type {string[]} */
  const lines = [];
  /** @param {string} path */
  const visit = path => {
    const absolute = join(root, path);
    if (!existsSync(absolute)) return;
    const stat = statSync(absolute);
    if (!stat.isDirectory()) lines.push(`${path} ${stat.size} ${stat.mtimeMs}`);
    else for (const name of readdirSync(absolute).sort()) visit(join(path, name));
  };
  for (const path of ['src', 'scripts/build', 'scripts/build.mjs', 'package-lock.json', 'tsconfig.json']) visit(path);
  return lines.join('\n');
}
