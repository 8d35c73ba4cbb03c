import type { SupervisedProgram } from '../model';
import { shellWords } from './dockerfile';
import { type FolderFiles, linesOf } from './files';
import { startOf } from './starts';

/** Where programs of supervisord stand; what else has such a name has no section of one. */
const SUPERVISOR_FILES = ['*.conf', '*.ini', '*supervisor*'];

interface Section {
  readonly name: string;
  readonly values: Map<string, { readonly text: string; readonly line: number }>;
}

/** Programs of supervisord that run Celery (supervisord's configuration, an INI file). */
export async function readSupervised(files: FolderFiles, signal: AbortSignal): Promise<SupervisedProgram[]> {
  const programs: SupervisedProgram[] = [];
  for (const path of await files.list(SUPERVISOR_FILES, signal)) {
    const text = await files.read(path, signal);
    if (text === null || !text.includes('[program:')) continue;
    for (const { name, values } of sectionsOf(text)) {
      const command = values.get('command');
      if (command === undefined) continue;
      const words = shellWords(command.text);
      const start = await startOf({ words, file: path, line: command.line, text: command.text }, files, signal);
      if (start === null) continue;
      const stopAsGroup = isTrue(values.get('stopasgroup')?.text);
      programs.push({
        name,
        runs: start.runs,
        file: path,
        line: command.line,
        command: command.text,
        wrapper: start.wrapper,
        stopAsGroup,
        // supervisord takes the first for the second unless told otherwise.
        killAsGroup: values.has('killasgroup') ? isTrue(values.get('killasgroup')?.text) : stopAsGroup,
      });
    }
  }
  return programs;
}

const isTrue = (text: string | undefined): boolean => /^(true|yes|on|1)$/i.test(text ?? '');

function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  let current: Section | null = null;
  let last: string | null = null;
  for (const [index, raw] of linesOf(text).entries()) {
    if (/^\s*[;#]/.test(raw) || raw.trim() === '') continue;
    const head = /^\[(?:program:([^\]]+)|[^\]]*)\]/.exec(raw.trim());
    if (head !== null) {
      current = head[1] === undefined ? null : { name: head[1].trim(), values: new Map() };
      if (current !== null) sections.push(current);
      last = null;
      continue;
    }
    if (current === null) continue;
    const before = last === null ? undefined : current.values.get(last);
    if (/^\s/.test(raw) && last !== null && before !== undefined) {
      current.values.set(last, { ...before, text: `${before.text} ${valueIn(raw)}`.trim() });
      continue;
    }
    const pair = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(raw);
    if (pair === null) continue;
    last = (pair[1] ?? '').toLowerCase();
    current.values.set(last, { text: valueIn(pair[2] ?? ''), line: index + 1 });
  }
  return sections;
}

/** A comment at the end of a line begins with a semicolon after a space. */
const valueIn = (text: string): string => text.replace(/\s;.*$/, '').trim();
