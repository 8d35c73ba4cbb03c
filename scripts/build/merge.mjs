/**
 * What activation reads, as one file. esbuild splits by who shares what, which cuts the 170 kB that come up with the
 * extension into 30 files, and in VS Code's extension host every import of a file is a question to another thread: one
 * file comes up in half the time (`npm run bench -- --only size`).
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { root } from '../setup/paths.mjs';

/** @typedef {import('esbuild').Metafile} Metafile */
/** @typedef {Metafile['outputs'][string]} Output */

/** The extension, and what it imports as soon as it is activated. */
const AT_ONCE = ['src/extension.ts', 'src/vscode/start.ts'];

/** An import of one of our files by another, as esbuild writes it when it minifies. */
const IMPORT = /import(?:\{([^}]*)\}from)?"(\.{1,2}\/[^"]+\.js)";?/g;

/**
 * Merges the files that activation reads into `dist/host/core-….js`, which `dist/extension.js` then stands for, and
 * lets the other files import from there.
 * @param {Metafile} metafile of the target `host`; brought up to date
 * @param {import('esbuild').BuildOptions} options of the target `host`
 */
export async function mergeActivation(metafile, options) {
  const { outputs } = metafile;
  const merged = atOnce(outputs);
  const others = Object.keys(outputs).filter(name => name.endsWith('.js') && !merged.has(name));
  /** What the others import of each merged file. @type {Map<string, Set<string>>} */
  const wanted = new Map([...merged].map(name => [name, new Set()]));
  for (const name of others)
    for (const { from, names } of importsOf(name)) for (const { name } of names) wanted.get(from)?.add(name);

  const core = await bundle(merged, wanted, options);
  for (const name of others) importFrom(core.name, name, merged);
  for (const name of merged) {
    if (name !== 'dist/extension.js') rmSync(join(root, name));
    rmSync(join(root, `${name}.map`), { force: true });
  }
  const entry = `export*from"./host/${basename(core.name)}";\n`;
  writeFileSync(join(root, 'dist', 'extension.js'), entry);
  describe(outputs, merged, core, Buffer.byteLength(entry));
}

/** @param {Metafile['outputs']} outputs @returns {Set<string>} what is imported statically from `AT_ONCE` on */
function atOnce(outputs) {
  const pending = Object.keys(outputs).filter(name => AT_ONCE.includes(outputs[name]?.entryPoint ?? ''));
  if (pending.length !== AT_ONCE.length) throw new Error(`${AT_ONCE.join(' and ')} should have files of their own.`);
  /** @type {Set<string>} */
  const found = new Set();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    for (const { path, kind } of outputs[name]?.imports ?? [])
      if (kind === 'import-statement' && outputs[path] !== undefined) pending.push(path);
  }
  return found;
}

/**
 * @param {string} file
 * @returns {{ from: string, names: { name: string, as: string }[], at: number, text: string }[]}
 */
function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(match => ({
    from: join(dirname(file), match[2] ?? ''),
    names: (match[1] ?? '')
      .split(',')
      .filter(Boolean)
      .map(each => each.split(' as '))
      .map(([name = '', as = name]) => ({ name, as })),
    at: match.index,
    text: match[0],
  }));
}

/** The name under which the merged file exports what one of its parts exported. @param {string} part @param {string} name */
const exported = (part, name) => `${basename(part, '.js').replace(/\W/g, '_')}_${name}`;

/**
 * @param {Set<string>} merged
 * @param {Map<string, Set<string>>} wanted
 * @param {import('esbuild').BuildOptions} options
 * @returns {Promise<{ name: string, output: Output }>}
 */
async function bundle(merged, wanted, options) {
  const { build } = await import('esbuild');
  const lines = [...wanted].flatMap(([part, names]) =>
    names.size === 0
      ? []
      : [`export{${[...names].map(name => `${name} as ${exported(part, name)}`).join()}}from"./${part}";`],
  );
  const { entryPoints, chunkNames, ...same } = options;
  const { metafile } = await build({
    ...same,
    stdin: { contents: `export*from"./dist/extension.js";${lines.join('')}`, resolveDir: root },
    splitting: false,
    entryNames: 'host/core-[hash]',
    plugins: [{ name: 'only what comes up', setup: builder => onlyThese(merged, builder) }],
  });
  const [name, output] = Object.entries(metafile?.outputs ?? {}).find(([name]) => name.endsWith('.js')) ?? [];
  if (name === undefined || output === undefined) throw new Error('esbuild named no merged file.');
  return { name, output };
}

/** @param {Set<string>} merged @param {import('esbuild').PluginBuild} builder */
function onlyThese(merged, builder) {
  builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
    const name = relative(root, resolve(resolveDir, path));
    return merged.has(name) ? undefined : { path: `./${basename(name)}`, external: true };
  });
  // Each part begins with the banner of its own; one is enough.
  builder.onLoad({ filter: /\.js$/ }, ({ path }) => {
    const text = readFileSync(path, 'utf8');
    const banner = builder.initialOptions.banner?.['js'] ?? '';
    return { contents: text.startsWith(banner) ? text.slice(banner.length) : text, loader: 'js' };
  });
}

/**
 * Lets a file import from the merged one. What it imported from the parts becomes blanks and the new import stands on
 * the line of the banner, so that its source map stays true.
 * @param {string} core @param {string} file @param {Set<string>} merged
 */
function importFrom(core, file, merged) {
  const mine = importsOf(file).filter(({ from }) => merged.has(from));
  if (mine.length === 0) return;
  const names = mine.flatMap(({ from, names }) => names.map(({ name, as }) => `${exported(from, name)} as ${as}`));
  const path = `./${relative(dirname(file), core)}`;
  let text = readFileSync(join(root, file), 'utf8');
  for (const { at, text: old } of mine) text = text.slice(0, at) + ' '.repeat(old.length) + text.slice(at + old.length);
  const end = text.indexOf('\n');
  const line = names.length === 0 ? `import"${path}";` : `import{${names.join()}}from"${path}";`;
  writeFileSync(join(root, file), text.slice(0, end) + line + text.slice(end));
}

/**
 * @param {Metafile['outputs']} outputs
 * @param {Set<string>} merged
 * @param {{ name: string, output: Output }} core
 * @param {number} entryBytes
 */
function describe(outputs, merged, core, entryBytes) {
  const inputs = Object.assign({}, ...[...merged].map(name => outputs[name]?.inputs));
  for (const name of merged) {
    delete outputs[name];
    delete outputs[`${name}.map`];
  }
  for (const output of Object.values(outputs)) {
    const kept = output.imports.filter(({ path }) => !merged.has(path));
    if (kept.length < output.imports.length) kept.push({ path: core.name, kind: 'import-statement' });
    output.imports = kept;
  }
  const imports = core.output.imports.map(each =>
    each.path.startsWith('./') ? { ...each, path: `dist/host/${basename(each.path)}` } : each,
  );
  outputs[core.name] = { ...core.output, imports, inputs };
  outputs[`${core.name}.map`] = { bytes: 0, inputs: {}, imports: [], exports: [] };
  outputs['dist/extension.js'] = {
    bytes: entryBytes,
    inputs: {},
    imports: [{ path: core.name, kind: 'import-statement' }],
    exports: ['activate'],
    entryPoint: 'src/extension.ts',
  };
}
