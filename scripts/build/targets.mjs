import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

/** @typedef {import('esbuild').BuildOptions} BuildOptions */
/** @typedef {{ name: string, options: BuildOptions }} Target */

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/** @type {BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  sourcemap: true,
  legalComments: 'none',
  loader: { '.lua': 'text', '.svg': 'text' },
  logLevel: 'silent',
};

/** @type {BuildOptions} */
const forNode = {
  ...common,
  platform: 'node',
  format: 'esm',
  minify: true,
  keepNames: true,
  outdir: 'dist',
  banner: { js: REQUIRE },
};

/**
 * Everything that is built, as far as its source exists.
 * - `host`: the extension. Dynamic imports become files of their own below dist/host, read when first needed.
 * - `inspect`: the same without VS Code, for the command line.
 * - `webview`: one script and one style sheet for each page, for Chromium as old as VS Code 1.105 has it (138).
 * @returns {Target[]}
 */
export function targets() {
  const pages = webviewPages();
  /** @type {Target[]} */
  const all = [
    {
      name: 'host',
      options: {
        ...forNode,
        entryPoints: ['src/extension.ts'],
        target: 'node22',
        splitting: true,
        chunkNames: 'host/[name]-[hash]',
        external: ['vscode'],
      },
    },
    {
      name: 'inspect',
      options: {
        ...forNode,
        entryPoints: ['src/inspect.ts'],
        target: 'node20',
        splitting: true,
        chunkNames: 'inspect/[name]-[hash]',
      },
    },
    {
      name: 'webview',
      options: {
        ...common,
        entryPoints: pages.map(page => ({ in: `src/webview/${page}/index.ts`, out: page })),
        platform: 'browser',
        format: 'iife',
        target: 'chrome120',
        minify: true,
        outdir: 'dist/webview',
      },
    },
  ];
  return all.filter(({ options }) => entryFiles(options).some(file => existsSync(join(root, file))));
}

/** The pages: folders of src/webview with an `index.ts`. @returns {string[]} */
function webviewPages() {
  const folder = join(root, 'src', 'webview');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(name => existsSync(join(folder, name, 'index.ts')));
}

/** @param {BuildOptions} options @returns {string[]} */
function entryFiles({ entryPoints }) {
  if (!Array.isArray(entryPoints)) return [];
  return entryPoints.map(entry => (typeof entry === 'string' ? entry : entry.in));
}
