import { folderOf, linesOf, resolveInside } from './files';
import { type ConditionalRequirement, parseRequirement } from './requirements';

export const DOCKER_FILES = ['Dockerfile', 'Dockerfile.*', '*.Dockerfile', 'Containerfile', 'Containerfile.*'];

/** A stage of a Dockerfile that no later stage builds on: what an image is. */
export interface DockerStage {
  readonly python: { readonly version: string; readonly line: number } | null;
  /** Of `pip install name==1.0`; a later one replaces an earlier one. */
  readonly requirements: readonly ConditionalRequirement[];
  /** Of `pip install -r file`: where that file can lie in the folder, the likeliest first. */
  readonly includes: readonly (readonly string[])[];
}

export interface Instruction {
  readonly name: string;
  /** Everything behind the name, continued lines joined. */
  readonly text: string;
  readonly words: readonly { readonly text: string; readonly line: number }[];
  readonly line: number;
}

interface Stage {
  name: string | null;
  base: number | null;
  builtOn: boolean;
  python: { version: string; line: number } | null;
  requirements: ConditionalRequirement[];
  includes: string[][];
}

/** Reads a Dockerfile: stages, the Python of official images (`python:3.7-slim`), what pip installs. Runs nothing. */
export function parseDockerfile(text: string, file: string): DockerStage[] {
  const stages: Stage[] = [];
  const values = new Map<string, string>();
  let copied: string[] = [];
  for (const { name, words, line } of instructionsOf(text)) {
    const texts = words.map(word => expand(word.text, values));
    if (name === 'ARG' || name === 'ENV') rememberValues(texts, values);
    else if (name === 'FROM') {
      stages.push(stageFrom(texts, line, stages));
      copied = [];
    } else if (name === 'COPY' || name === 'ADD')
      copied.push(...texts.filter(word => !word.startsWith('--')).slice(0, -1));
    else if (name === 'RUN') {
      const stage = stages.at(-1);
      if (stage === undefined) continue;
      for (const install of installsOf(words.map((word, index) => ({ text: texts[index] ?? '', line: word.line })))) {
        for (const word of install.packages) {
          const requirement = parseRequirement(word.text, file, word.line);
          if (requirement !== null)
            stage.requirements = [...stage.requirements.filter(one => one.name !== requirement.name), requirement];
        }
        for (const path of install.files) stage.includes.push(placesOf(path, copied, file));
      }
    }
  }
  return stages
    .filter(stage => !stage.builtOn)
    .map(({ python, requirements, includes }) => ({ python, requirements, includes }));
}

function stageFrom(texts: readonly string[], line: number, stages: readonly Stage[]): Stage {
  const words = texts.filter(word => !word.startsWith('--'));
  const image = words[0] ?? '';
  const name = /^as$/i.test(words[1] ?? '') ? (words[2]?.toLowerCase() ?? null) : null;
  const base = stages.findLastIndex(stage => stage.name === image.toLowerCase());
  const below = stages[base];
  if (below === undefined) {
    const version = /(?:^|\/)python:(\d+(?:\.\d+)*)/.exec(image)?.[1];
    return {
      name,
      base: null,
      builtOn: false,
      python: version === undefined ? null : { version, line },
      requirements: [],
      includes: [],
    };
  }
  below.builtOn = true;
  return { ...below, name, base, builtOn: false, requirements: [...below.requirements], includes: [...below.includes] };
}

/** Instructions with their continuation lines; every word knows its own line. */
export function* instructionsOf(text: string): Generator<Instruction> {
  let name = '';
  let start = 0;
  let words: { text: string; line: number }[] = [];
  let texts: string[] = [];
  let goesOn = false;
  for (const [index, raw] of linesOf(text).entries()) {
    const line = index + 1;
    // A comment inside a continued instruction is left out; the instruction goes on.
    if (/^\s*#/.test(raw) || (goesOn && raw.trim() === '')) continue;
    const content = raw.trim().replace(/\\$/, '');
    let rest = content;
    if (!goesOn) {
      const match = /^([A-Za-z]+)\s*(.*)$/.exec(content);
      if (match === null) continue;
      name = (match[1] ?? '').toUpperCase();
      rest = match[2] ?? '';
      start = line;
      words = [];
      texts = [];
    }
    texts.push(rest.trim());
    for (const word of shellWords(rest)) words.push({ text: word, line });
    goesOn = raw.trimEnd().endsWith('\\');
    if (!goesOn) yield { name, words, text: texts.join(' '), line: start };
  }
  if (goesOn) yield { name, words, text: texts.join(' '), line: start };
}

/** Words as a shell splits them, quotes removed; `&&`, `;`, `|` stand alone, so do the words of an exec form. */
export function shellWords(text: string): string[] {
  const plain = /^\[\s*"/.test(text) ? text.replaceAll(/[[\],]/g, ' ') : text;
  const words = plain.match(/&&|\|\||[;|]|(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"';|&]|&(?!&))+/g) ?? [];
  return words.map(word =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_all, double, single) => double ?? single),
  );
}

function rememberValues(words: readonly string[], values: Map<string, string>): void {
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) values.set(word.slice(0, equals), word.slice(equals + 1));
  }
}

function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)/g,
    (_all, braced, otherwise, plain) => values.get(braced ?? plain) ?? otherwise ?? '',
  );
}

type Word = { readonly text: string; readonly line: number };

/** Options of `pip install` that take a value of their own. */
const WITH_VALUE =
  /^(-c|--constraint|-e|--editable|-t|--target|-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host|--root|--prefix|--src|--python|--progress-bar|--timeout|--retries|--cache-dir)$/;

function* installsOf(words: readonly Word[]): Generator<{ packages: Word[]; files: string[] }> {
  for (let index = 0; index < words.length; index++) {
    const isInstall = words[index]?.text === 'install' && /(^|\/)pip[\d.]*$/.test(words[index - 1]?.text ?? '');
    if (!isInstall) continue;
    const packages: Word[] = [];
    const files: string[] = [];
    for (index++; index < words.length; index++) {
      const word = words[index];
      if (word === undefined || /^(&&|\|\||[;|])$/.test(word.text)) break;
      const file = /^(?:-r|--requirement=)(.+)$/.exec(word.text)?.[1];
      if (file !== undefined) files.push(file);
      else if (word.text === '-r' || word.text === '--requirement') files.push(words[++index]?.text ?? '');
      else if (WITH_VALUE.test(word.text)) index++;
      else if (!word.text.startsWith('-') && !/^[./~]/.test(word.text)) packages.push(word);
    }
    yield { packages, files };
  }
}

/** In the image it may have been copied from anywhere: a copied file of that name first, then beside the Dockerfile. */
function placesOf(path: string, copied: readonly string[], dockerfile: string): string[] {
  const name = path.split('/').at(-1) ?? path;
  const relative = path.replace(/^\/+/, '');
  const sources = copied.filter(source => source.split('/').at(-1) === name);
  const folder = folderOf(dockerfile);
  const places = [...sources, relative, name].flatMap(source => {
    const plain = source.replace(/^\/+/, '');
    return [resolveInside(folder, plain), resolveInside('', plain)];
  });
  return [...new Set(places.filter(place => place !== null))];
}
