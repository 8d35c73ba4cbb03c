import type { Wrapper } from '../model';
import { type FolderFiles, folderOf, resolveInside } from './files';
import { celeryCalls, nameOf, type Runs, runsCelery, simpleCommands, withoutPrefixes } from './shell';

/** How a command comes to run Celery. */
export interface Start {
  readonly runs: Runs;
  readonly wrapper: Wrapper | null;
  /** Where Celery is named. */
  readonly at: { readonly file: string; readonly line: number; readonly text: string };
}

const SHELLS = /^(ba|da|a|z|k)?sh$/;
/** Tools that start what their file says as a child and wait for it, and where that stands. */
const RUNNERS: Readonly<Record<string, readonly string[]>> = {
  invoke: ['tasks.py', '__init__.py'],
  inv: ['tasks.py', '__init__.py'],
  fab: ['fabfile.py'],
  make: ['Makefile', 'GNUmakefile', 'makefile'],
  npm: ['package.json'],
  honcho: ['Procfile'],
};

/** Words, and where they stand. */
export interface Command {
  readonly words: readonly string[];
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/**
 * Whether a command runs Celery: by itself, through a shell with `-c`, through a script of the folder, or through a
 * runner such as invoke. Reads scripts, runs nothing.
 */
export async function startOf(command: Command, files: FolderFiles, signal: AbortSignal): Promise<Start | null> {
  const { words, file, line, text } = command;
  const direct = runsCelery(words);
  const at = { file, line, text };
  if (direct !== null) return { runs: direct, wrapper: null, at };
  const plain = withoutPrefixes(words);
  const name = nameOf(plain[0]);
  if (name in RUNNERS) return throughRunner(name, at, files, signal);
  const inline = SHELLS.test(name) ? plain[plain.findIndex(word => /^-\w*c$/.test(word)) + 1] : undefined;
  if (SHELLS.test(name) && plain.some(word => /^-\w*c$/.test(word)) && inline !== undefined) {
    const call = celeryCalls(inline)[0];
    if (call === undefined) return null;
    // A shell that is given a single command replaces itself by it; of a list, only newer ones do.
    const only = simpleCommands(inline).length === 1;
    return { runs: call.runs, at, wrapper: call.exec || only ? null : { ...at, name, sure: false } };
  }
  const script = SHELLS.test(name) ? plain.slice(1).find(word => !word.startsWith('-')) : plain[0];
  const found = script === undefined ? null : await readScript(script, file, files, signal);
  const call = found === null ? undefined : celeryCalls(found.text)[0];
  if (found === null || call === undefined) return null;
  const place = { file: found.path, line: call.line, text: call.text };
  const shell = SHELLS.test(name) ? name : shellOf(found.text);
  return { runs: call.runs, at: place, wrapper: call.exec ? null : { ...place, name: shell, sure: true } };
}

async function throughRunner(
  name: string,
  at: Start['at'],
  files: FolderFiles,
  signal: AbortSignal,
): Promise<Start | null> {
  const paths = await files.list([...(RUNNERS[name] ?? [])], signal);
  for (const path of [...paths].sort((a, b) => nearness(a, at.file) - nearness(b, at.file)).slice(0, 20)) {
    const text = await files.read(path, signal);
    for (const [index, line] of (text ?? '').split('\n').entries()) {
      if (line.length > 1000 || /^\s*#/.test(line)) continue;
      const runs = /\bcelery\b.*?\b(worker|beat)\b/.exec(line)?.[1];
      if (runs !== 'worker' && runs !== 'beat') continue;
      const place = { file: path, line: index + 1, text: line.trim() };
      return { runs, at: place, wrapper: { ...place, name, sure: true } };
    }
  }
  return null;
}

/** Folders of a path that are not those of the other. */
function nearness(path: string, other: string): number {
  const [a, b] = [folderOf(path).split('/'), folderOf(other).split('/')];
  return a.filter((part, index) => part !== b[index]).length;
}

const shellOf = (script: string): string => /^#!.*?(\w+)\s*$/m.exec(script.split('\n', 1)[0] ?? '')?.[1] ?? 'sh';

/** A script of the folder: beside who calls it, from the top, or wherever a file of that name is alone. */
export async function readScript(
  word: string,
  from: string,
  files: FolderFiles,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly text: string } | null> {
  const name = nameOf(word);
  if (name === '' || !/^[\w.-]+$/.test(name) || /^-/.test(name)) return null;
  const plain = word.replace(/^\/+/, '');
  for (const place of [
    resolveInside(folderOf(from), plain),
    resolveInside('', plain),
    resolveInside(folderOf(from), name),
  ]) {
    if (place === null) continue;
    const text = await files.read(place, signal);
    if (text !== null) return { path: place, text };
  }
  // In the image it lies where COPY put it; here, where its name is.
  const named = await files.list([name], signal);
  if (named.length !== 1 || named[0] === undefined) return null;
  const text = await files.read(named[0], signal);
  return text === null ? null : { path: named[0], text };
}
