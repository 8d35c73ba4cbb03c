/**
 * Keeps the layers apart: who may import whom, who may import a driver or `vscode`, and how long a file may be.
 * What is allowed stands in the tables below and nowhere else; docs/architecture.md says why.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..');

/** Layer → the layers that it may import, itself aside. `types` = only what is erased. */
const MAY_IMPORT: Readonly<Record<string, Readonly<Record<string, 'all' | 'types'>>>> = {
  model: {},
  codecs: { model: 'all' },
  brokers: { model: 'all', codecs: 'all' },
  systems: { model: 'all', codecs: 'all', brokers: 'all' },
  inspector: { model: 'all', codecs: 'all', brokers: 'all', systems: 'all' },
  workspace: { model: 'all' },
  cli: { model: 'all', codecs: 'all', systems: 'all', inspector: 'all', workspace: 'all' },
  protocol: { model: 'types' },
  webview: { protocol: 'types', model: 'types' },
  vscode: {
    ...{ model: 'all', codecs: 'all', brokers: 'all', systems: 'all', inspector: 'all', workspace: 'all' },
    protocol: 'all',
  },
  /** The composition root knows everybody. */
  'extension.ts': { model: 'all', systems: 'all', inspector: 'all', workspace: 'all', vscode: 'all' },
  'inspect.ts': { cli: 'all' },
};

/** Package → the layers that may import it; what is not named is allowed nowhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  vscode: ['vscode', 'extension.ts'],
  ioredis: ['brokers'],
  amqplib: ['brokers'],
  lit: ['webview'],
  '@vscode/l10n': ['inspector', 'systems', 'workspace', 'vscode', 'extension.ts', 'webview'],
  valibot: ['codecs', 'brokers', 'systems', 'inspector', 'workspace', 'cli', 'vscode'],
  yaml: ['codecs', 'workspace'],
  '@msgpack/msgpack': ['codecs'],
  fzstd: ['codecs'],
  'seek-bzip': ['codecs'],
  'xz-decompress': ['codecs'],
};

/** Node's own modules: none where there is no I/O, some where only bytes are handled. */
const NODE: Readonly<Record<string, readonly string[] | 'all'>> = {
  model: [],
  protocol: [],
  webview: [],
  // node:net for its test of addresses (isIP) alone.
  codecs: ['node:zlib', 'node:buffer', 'node:util', 'node:stream', 'node:net'],
};

const LONGEST = 400;

interface Import {
  readonly from: string;
  readonly types: boolean;
}

/** Imports and exports of a source file: static, re-exported, dynamic, and in types. */
function importsOf(source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/^\s*\/\/.*$/gm, ' ');
  const found: Import[] = [];
  const statics = /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w$*{][^;'"]*?\sfrom\s*)?'([^']+)'/gm;
  for (const [whole, type, from = ''] of code.matchAll(statics))
    found.push({ from, types: type !== undefined || onlyTypes(whole) });
  for (const [, from = ''] of code.matchAll(/(?<!typeof )\bimport\(\s*'([^']+)'\s*\)(?!\s*\.\s*[A-Z])/g))
    found.push({ from, types: false });
  return found;
}

/** `import { type A, type B } from` is erased too. */
function onlyTypes(statement: string): boolean {
  const names =
    /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(',')
      .map(name => name.trim()) ?? [];
  const given = names.filter(name => name !== '');
  return given.length > 0 && given.every(name => name.startsWith('type ')) && !/^\s*import\s+\w/.test(statement);
}

const layerOf = (path: string) => relative(join(root, 'src'), path).split(sep)[0] ?? '';
const shown = (path: string) => relative(root, path).split(sep).join('/');
const sources = files('src', /(?<!\.d)\.ts$/);

/** Every file below a folder of the project whose name fits. */
function files(folder: string, name: RegExp): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && name.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name));
}

function layerFaults(path: string): string[] {
  const layer = layerOf(path);
  const faults: string[] = [];
  for (const { from, types } of importsOf(readFileSync(path, 'utf8'))) {
    const fault = from.startsWith('.') ? insideFault(path, layer, from, types) : outsideFault(layer, from);
    if (fault !== null) faults.push(`${shown(path)} imports ${from}: ${fault}`);
  }
  return faults;
}

function insideFault(path: string, layer: string, from: string, types: boolean): string | null {
  const target = resolve(dirname(path), from);
  if (!target.startsWith(join(root, 'src') + sep)) return types ? null : 'it lies outside src';
  const other = layerOf(target).replace(/\.ts$/, '');
  if (other === layer) return siblingFault(path, target, layer);
  const allowed = MAY_IMPORT[layer]?.[other];
  if (allowed === undefined) return `${layer} may not import ${other}`;
  return allowed === 'types' && !types ? `${layer} may import only types of ${other}` : null;
}

/** What systems share (how declared actions run, how replies and names are read), and what brokers share. */
const SHARED: Readonly<Record<string, readonly string[]>> = { systems: ['acting', 'reading'], brokers: ['common'] };

/** A system knows no other one, a broker neither; only the list of systems names them. */
function siblingFault(path: string, target: string, layer: string): string | null {
  const shared = SHARED[layer];
  if (shared === undefined) return null;
  const [one, other] = [path, target].map(each => shown(each).split('/')[2]);
  if (one === undefined || one === 'index.ts' || other === undefined || one === other) return null;
  return shared.includes(other) ? null : `one of ${layer} may not import another`;
}

function outsideFault(layer: string, from: string): string | null {
  if (from.startsWith('node:')) {
    const allowed = NODE[layer] ?? 'all';
    return allowed === 'all' || allowed.includes(from) ? null : `${layer} does no I/O`;
  }
  const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/');
  const layers = PACKAGES[name];
  if (layers === undefined) return `${name} is not in the table of packages`;
  return layers.includes(layer) ? null : `only ${layers.join(', ')} may`;
}

test('every file of src belongs to a layer', () => {
  expect(sources.map(layerOf).filter(layer => MAY_IMPORT[layer] === undefined)).toEqual([]);
  expect(sources.length).toBeGreaterThan(50);
});

test('nobody imports what its layer may not know', () => {
  expect(sources.flatMap(layerFaults)).toEqual([]);
});

test(`no file is longer than ${LONGEST} lines`, () => {
  const all = ['src', 'test', 'scripts', 'bench'].flatMap(folder => files(folder, /\.(?:ts|mjs|lua|css)$/));
  const long = all
    .filter(path => !shown(path).startsWith('test/workspaces/'))
    .map(path => ({ path: shown(path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST);
  expect(long).toEqual([]);
});

test('what comes up with the extension loads no driver', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const pending = ['src/extension.ts', 'src/vscode/start.ts'].map(path => join(root, path));
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    // What is imported when it is needed stays a chunk of its own.
    const source = readFileSync(path, 'utf8').replace(/\bimport\(\s*'[^']+'\s*\)/g, '');
    for (const { from, types } of importsOf(source)) {
      if (types) continue;
      if (!from.startsWith('.')) packages.add(from);
      else {
        const target = resolve(dirname(path), from);
        const file = [`${target}.ts`, join(target, 'index.ts')].find(each => existsSync(each));
        if (file !== undefined) pending.push(file);
      }
    }
  }
  expect(seen.size).toBeGreaterThan(50);
  expect([...packages].filter(name => !name.startsWith('node:')).sort()).toEqual(['@vscode/l10n', 'valibot', 'vscode']);
});

describe('the reader of imports', () => {
  test.each([
    ["import { a } from './a';", [{ from: './a', types: false }]],
    ["import type { A } from './a';", [{ from: './a', types: true }]],
    ["import { type A, type B } from './a';", [{ from: './a', types: true }]],
    ["import { type A, b } from './a';", [{ from: './a', types: false }]],
    ["import x, { type A } from './a';", [{ from: './a', types: false }]],
    ["import {\n  a,\n  b,\n} from './a';", [{ from: './a', types: false }]],
    [
      "export * from './a';\nexport { b } from './b';",
      [
        { from: './a', types: false },
        { from: './b', types: false },
      ],
    ],
    ["export type * from './a';", [{ from: './a', types: true }]],
    ["import './a.css';", [{ from: './a.css', types: false }]],
    ["const a = await import('./a');", [{ from: './a', types: false }]],
    ["let a: typeof import('./a');", []],
    ["// import { a } from './a';\n/* import './b' */", []],
    ["export const text = 'from here';", []],
  ])('%j', (source, imports) => {
    expect(importsOf(source)).toEqual(imports);
  });

  test('faults are seen', () => {
    expect(outsideFault('systems', 'ioredis')).not.toBeNull();
    expect(outsideFault('webview', 'node:fs')).not.toBeNull();
    expect(outsideFault('inspector', 'vscode')).not.toBeNull();
    expect(insideFault(join(root, 'src/model/job.ts'), 'model', '../codecs/python', false)).not.toBeNull();
    expect(insideFault(join(root, 'src/systems/rq/act/x.ts'), 'systems', '../../celery/keys', false)).not.toBeNull();
    expect(insideFault(join(root, 'src/systems/rq/act/x.ts'), 'systems', '../keys', false)).toBeNull();
    expect(insideFault(join(root, 'src/brokers/rabbitmq/x.ts'), 'brokers', '../redis/tls', false)).not.toBeNull();
    expect(insideFault(join(root, 'src/brokers/rabbitmq/x.ts'), 'brokers', '../common/tls', false)).toBeNull();
    expect(insideFault(join(root, 'src/systems/acting/x.ts'), 'systems', '../rq/keys', false)).not.toBeNull();
    expect(insideFault(join(root, 'src/systems/index.ts'), 'systems', './rq', false)).toBeNull();
  });
});
