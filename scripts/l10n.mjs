/** `node scripts/l10n.mjs`: writes l10n/bundle.l10n.json, the texts that translators start from. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

const CALL = /(?<![\w.])t\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/g;

/** The texts that a source hands to `t`. @param {string} text @returns {string[]} */
export function translatedTexts(text) {
  return [...text.matchAll(CALL)].map(([, literal = "''"]) => {
    const inner = literal.slice(1, -1).replaceAll("\\'", "'");
    return JSON.parse(`"${inner.replaceAll(/(?<!\\)"/g, '\\"')}"`);
  });
}

/** TypeScript files below a folder, relative to the root. @param {string} folder @returns {string[]} */
export function sourcesBelow(folder) {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const files = names.filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  return files.map(name => `${folder}/${name.replaceAll('\\', '/')}`).sort();
}

/** Every text of the sources, sorted. @returns {string[]} */
export function allTexts() {
  const files = sourcesBelow('src');
  const texts = files.flatMap(file => translatedTexts(readFileSync(join(root, file), 'utf8')));
  return [...new Set(texts)].sort();
}

if (process.argv[1]?.endsWith('l10n.mjs')) {
  const bundle = Object.fromEntries(allTexts().map(text => [text, text]));
  writeFileSync(join(root, 'l10n', 'bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);
}
