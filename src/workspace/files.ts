import { lstat, opendir, readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { FileBytes } from '../model';

/** The open folder's files as this layer sees them; VS Code passes its own. Paths are relative, with `/`. */
export interface FolderFiles {
  /** Paths, sorted, of files whose name matches one of the patterns (`*` = any characters), in any subfolder. */
  list(names: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  /** Text of a file; null where there is none, or where it is too large or no text. */
  read(path: string, signal: AbortSignal): Promise<string | null>;
  /** A file as it is, up to so many bytes; null where there is none, or no plain file inside the folder. */
  bytes(path: string, maximum: number, signal: AbortSignal): Promise<FileBytes | null>;
}

/** Bounds of what is read of a folder. */
export const LIMITS = { files: 500, folders: 5000, depth: 8, bytes: 1024 * 1024, line: 1000 } as const;

/** Folders of other people's code, and of what tools make. */
const SKIPPED = new Set(
  `.git .hg .svn .tox .nox .venv venv env node_modules __pycache__ .mypy_cache .pytest_cache .ruff_cache site-packages
   dist build target .idea .eggs`.split(/\s+/),
);

/** A folder on disk. Symbolic links are followed only where they stay inside it. */
export function nodeFiles(root: string): FolderFiles {
  return {
    async list(names, signal) {
      const matches = matcher(names);
      const found: string[] = [];
      const folders: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
      for (let visited = 0; folders.length > 0 && visited < LIMITS.folders && found.length < LIMITS.files; visited++) {
        signal.throwIfAborted();
        const { path, depth } = folders.shift() ?? { path: '', depth: 0 };
        for (const entry of await entriesOf(join(root, path))) {
          const inside = path === '' ? entry.name : `${path}/${entry.name}`;
          if (entry.isDirectory()) {
            if (depth < LIMITS.depth && !SKIPPED.has(entry.name)) folders.push({ path: inside, depth: depth + 1 });
          } else if (matches(entry.name) && (entry.isFile() || (await staysInside(root, inside)))) found.push(inside);
        }
      }
      return found.slice(0, LIMITS.files).sort();
    },
    async read(path, signal) {
      signal.throwIfAborted();
      const place = join(root, path);
      if (!(await staysInside(root, path))) return null;
      try {
        const facts = await lstat(await realpath(place));
        if (!facts.isFile() || facts.size > LIMITS.bytes) return null;
        const text = await readFile(place, { encoding: 'utf8', signal });
        return text.includes('\0') ? null : text;
      } catch {
        signal.throwIfAborted();
        return null;
      }
    },
    async bytes(path, maximum, signal) {
      signal.throwIfAborted();
      if (!(await staysInside(root, path))) return null;
      try {
        const place = await realpath(join(root, path));
        const facts = await lstat(place);
        if (!facts.isFile()) return null;
        const bytes = facts.size > maximum ? null : await readFile(place, { signal });
        return { path, bytes, size: facts.size, modifiedAt: facts.mtime.toISOString() };
      } catch {
        signal.throwIfAborted();
        return null;
      }
    },
  };
}

/** A test of file names by patterns in which `*` stands for any characters. */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const escaped = patterns.map(pattern =>
    pattern
      .split('*')
      .map(part => part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`))
      .join('.*'),
  );
  const expression = new RegExp(`^(?:${escaped.join('|')})$`, 'i');
  return name => expression.test(name);
}

async function entriesOf(folder: string) {
  const entries = [];
  try {
    for await (const entry of await opendir(folder)) {
      entries.push(entry);
      // A folder of more files is no place for the few names we look for.
      if (entries.length >= LIMITS.folders) break;
    }
  } catch {
    // Gone or forbidden meanwhile: as if it were empty.
  }
  return entries;
}

async function staysInside(root: string, path: string): Promise<boolean> {
  try {
    const [top, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
    return real.startsWith(top.endsWith(sep) ? top : top + sep);
  } catch {
    return false;
  }
}

/** The folder of a relative path, '' for the top. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** A path as seen from a folder, with `.` and `..` resolved; null where it leads out of the top. */
export function resolveInside(folder: string, path: string): string | null {
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return null;
  const steps: string[] = [];
  for (const step of [...folder.split('/'), ...path.split(/[/\\]/)]) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) return null;
  }
  return steps.join('/');
}

/** The lines of a text. One that is too long to be written by a person is taken for empty: no pattern is run on it. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/).map(line => (line.length > LIMITS.line ? '' : line));
}
