/** The manifest and the code against each other: what one names, the other must know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { allTexts, sourcesBelow } from '../../scripts/l10n.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { ACTION_COMMANDS, ACTION_FLAGS } from '../../src/vscode/commands/action-table';
import { ROW_FLAGS, ROW_KINDS } from '../../src/vscode/tree/model/context-value';

const entry = v.looseObject({ command: v.optional(v.string()), when: v.optional(v.string()) });
const menuEntry = v.looseObject({ ...entry.entries, group: v.optional(v.string()), submenu: v.optional(v.string()) });
const property = v.looseObject({
  default: v.optional(v.unknown()),
  scope: v.optional(v.string()),
  markdownDescription: v.optional(v.string()),
});
const manifestSchema = v.looseObject({
  contributes: v.looseObject({
    commands: v.array(v.looseObject({ command: v.string(), title: v.string(), category: v.string() })),
    menus: v.record(v.string(), v.array(menuEntry)),
    keybindings: v.array(entry),
    views: v.record(v.string(), v.array(v.looseObject({ id: v.string() }))),
    viewsWelcome: v.array(v.looseObject({ view: v.string(), contents: v.string(), when: v.string() })),
    configuration: v.array(v.looseObject({ properties: v.record(v.string(), property) })),
    walkthroughs: v.array(
      v.looseObject({ steps: v.array(v.looseObject({ media: v.looseObject({ svg: v.string() }) })) }),
    ),
  }),
});

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const json = (path: string): unknown => JSON.parse(read(path));
const manifest = v.parse(manifestSchema, json('package.json'));
const { contributes } = manifest;
const nls = v.parse(v.record(v.string(), v.string()), json('package.nls.json'));
const commands = new Set(contributes.commands.map(({ command }) => command));
const sources = sourcesBelow('src');
const hostSources = sources.filter(path => !path.startsWith('src/webview/'));
const textOf = (paths: readonly string[]) => paths.map(read).join('\n');
const vscodeText = textOf(sources.filter(path => path.startsWith('src/vscode') || path === 'src/extension.ts'));

/** Ids that the command tables have: keys of object literals, and the ones made of a list. */
function tableCommands(): Set<string> {
  const table = textOf(sourcesBelow('src/vscode/commands'));
  const keys = [...table.matchAll(/^ {2}'(jobQueues\.[\w.]+)':/gm)].map(([, id]) => id ?? '');
  const environments = ['local', 'development', 'staging', 'production'].map(name => `jobQueues.environment.${name}`);
  return new Set([...keys, ...environments, ...ACTION_COMMANDS.map(({ command }) => command)]);
}

describe('commands', () => {
  test('the manifest and the table have the same ones', () => {
    expect([...tableCommands()].sort()).toEqual([...commands].sort());
  });

  test('each one that the code runs exists', () => {
    const named = [...vscodeText.matchAll(/'(jobQueues\.[A-Za-z][\w.]*)'/g)].map(([, id]) => id ?? '');
    const views = Object.values(contributes.views).flat();
    const others = new Set([
      ...views.flatMap(({ id }) => [id, `${id}.focus`]),
      ...[...read('src/vscode/context-keys.ts').matchAll(/'(jobQueues\.\w+)':/g)].map(([, key]) => key ?? ''),
      'jobQueues.status',
      'jobQueues.start',
      'jobQueues.connections',
    ]);
    expect(named.filter(id => !commands.has(id) && !others.has(id))).toEqual([]);
  });

  test('menus and keys name only commands that exist', () => {
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
    // A key acts on the row with the focus, which has to be selected first: the extension is told the selection alone.
    const inOrder = [...JSON.stringify(contributes.keybindings).matchAll(/"list\.selectAndPreserveFocus","([^"]+)"/g)];
    const named = [...used.map(({ command }) => command), ...inOrder.map(([, command]) => command)];
    const missing = named.filter(id => id !== undefined && id !== 'runCommands' && !commands.has(id));
    expect(missing).toEqual([]);
  });

  test('those that need a row are hidden from the palette', () => {
    const hidden = contributes.menus['commandPalette']?.map(({ command, when }) => `${command} ${when}`) ?? [];
    for (const { command } of ACTION_COMMANDS) expect(hidden).toContain(`${command} false`);
  });

  test('no key is taken outside of our views', () => {
    for (const { when } of contributes.keybindings)
      expect(when).toMatch(/^focusedView == jobQueues\.\w+ && !inputFocus/);
  });

  test('palette entries are in sentence case', () => {
    const titles = contributes.commands.map(({ title }) => nls[title.slice(1, -1)] ?? '');
    for (const title of titles) expect(title).toMatch(/^[A-Z][^A-Z]*(?:(?:URL|JSON|Python|Markdown|id)[^A-Z]*)*$/);
  });
});

describe('menus of rows', () => {
  const rowMenus = contributes.menus['view/item/context'] ?? [];
  const flags = new Set<string>([...ROW_KINDS, ...ROW_FLAGS, ...ACTION_FLAGS, 'finding']);

  test('when-clauses ask only for flags that rows have', () => {
    const asked = rowMenus.flatMap(({ when = '' }) => [
      ...[...when.matchAll(/\/\^;([\w-]+);/g)].map(([, kind]) => kind ?? ''),
      ...[...when.matchAll(/\)\?([\w-]+);\//g)].map(([, flag]) => flag ?? ''),
    ]);
    expect(asked.length).toBeGreaterThan(60);
    expect(asked.filter(flag => !flags.has(flag))).toEqual([]);
  });

  test('each command of a declared action stands in the menus of the rows it acts on, behind its flag', () => {
    for (const { command, action, on } of ACTION_COMMANDS) {
      const own = rowMenus.filter(menu => menu.command === command && menu.group?.startsWith('inline') !== true);
      const kinds = own.map(({ when = '' }) => /\/\^;([\w-]+);/.exec(when)?.[1]);
      for (const kind of kinds) expect(on as readonly (string | undefined)[], command).toContain(kind);
      for (const { when } of own) expect(when, command).toContain(`?${action};/`);
      expect(own.length, command).toBeGreaterThan(0);
    }
  });

  test('a when-clause finds a flag wherever it stands', () => {
    const pattern = /^;job;(.*;)?retry;/;
    for (const value of [';job;retry;', ';job;busy;retry;delete;', ';job;delete;retry;'])
      expect(value).toMatch(pattern);
    for (const value of [';job;', ';job;retry-all;', ';state;retry;']) expect(value).not.toMatch(pattern);
  });

  test('at most two buttons are inline on a row', () => {
    const kinds = rowMenus
      .filter(({ group }) => group?.startsWith('inline') === true)
      .map(({ when = '', group }) => `${/\/\^;([\w-]+);/.exec(when)?.[1]} ${group}`);
    for (const kind of ROW_KINDS) {
      const places = new Set(kinds.filter(line => line.startsWith(`${kind} `)));
      expect(places.size, kind).toBeLessThanOrEqual(2);
    }
  });
});

describe('settings', () => {
  const declared = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Record<
    string,
    v.InferOutput<typeof property>
  >;

  test('the code and the manifest have the same ones, with the same defaults', async () => {
    const block = /export const SETTING_DEFAULTS: SettingValues = (\{[\s\S]*?\n\});/.exec(
      read('src/vscode/settings.ts'),
    );
    const defaults = new Function(`return ${block?.[1]}`)() as Record<string, unknown>;
    const manifestDefaults = Object.fromEntries(
      Object.entries(declared).map(([name, { default: value }]) => [name.replace('jobQueues.', ''), value]),
    );
    expect(manifestDefaults).toEqual(defaults);
  });

  test('each is explained and has a scope; what leads to a broker is never the folder’s to say', () => {
    for (const [name, { markdownDescription, scope }] of Object.entries(declared)) {
      expect(markdownDescription, name).toBeDefined();
      expect(scope, name).toBeDefined();
    }
    for (const name of ['connections', 'access.default', 'refresh.interval']) {
      expect(declared[`jobQueues.${name}`]?.scope).toBe('machine');
    }
  });
});

describe('context keys', () => {
  test('those that when-clauses ask for are set somewhere', () => {
    const keys = [...read('src/vscode/context-keys.ts').matchAll(/'(jobQueues\.\w+)':/g)].map(([, key]) => key ?? '');
    const views = Object.values(contributes.views).flatMap(all => all.map(({ id }) => id));
    const text = JSON.stringify([
      contributes.menus,
      contributes.viewsWelcome.map(({ when }) => when),
      contributes.keybindings,
      contributes.walkthroughs,
    ]);
    const asked = [...text.matchAll(/(?:"when":"|&& |!|onContext:|\[")(?:[^"]*?[ !(])?!?(jobQueues\.\w+)/g)].map(
      ([, key]) => key ?? '',
    );
    const known = new Set([...keys, ...views, ...commands, 'jobQueues.job']);
    expect(asked.filter(key => !known.has(key))).toEqual([]);
    for (const key of keys) expect(vscodeText.split(`'${key}'`).length, key).toBeGreaterThan(2);
  });
});

describe('translations', () => {
  test('package.json and package.nls.json have the same keys', () => {
    const used = [...read('package.json').matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key ?? '');
    expect([...new Set(used)].sort()).toEqual(Object.keys(nls).sort());
  });

  test('no text of the contributions stands in the manifest itself', () => {
    const literal: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) look(item, `${path}[${index}]`);
      } else if (typeof value === 'object' && value !== null) {
        for (const [key, item] of Object.entries(value)) look(item, `${path}.${key}`);
      } else if (
        /\.(title|name|label|contents|description|markdownDescription|altText|category|contextualTitle)$/.test(path)
      ) {
        if (typeof value === 'string' && !/^%.+%$/.test(value)) literal.push(path);
      }
    };
    look(contributes, '');
    expect(literal).toEqual([]);
  });

  test('welcome texts run only commands that exist', () => {
    const linked = Object.values(nls).flatMap(text =>
      [...text.matchAll(/\(command:([\w.]+)\)/g)].map(([, id]) => id ?? ''),
    );
    expect(linked.filter(id => id.startsWith('jobQueues.') && !commands.has(id))).toEqual([]);
  });

  test('the bundle has every text that the code translates, and no other', () => {
    const bundle = Object.keys(v.parse(v.record(v.string(), v.string()), json('l10n/bundle.l10n.json')));
    expect(bundle).toEqual(allTexts());
  });

  test('nothing reaches the user untranslatable', () => {
    const shown =
      /show(?:Information|Warning|Error)Message\(\s*(?:['"]|`[A-Za-z])|\b(?:placeholder|placeHolder|prompt|title|label|detail|description):\s*'[A-Z][a-z]+ [^']*'/g;
    const found = hostSources
      .filter(path => path.startsWith('src/vscode/'))
      .flatMap(path => [...read(path).matchAll(shown)].map(([text]) => `${path}: ${text}`));
    expect(found).toEqual([]);
  });
});

test('every picture of the walkthrough exists', () => {
  for (const { steps } of contributes.walkthroughs)
    for (const { media } of steps) expect(read(media.svg)).toContain('<svg');
});
