import { shellWords } from './dockerfile';
import { linesOf } from './files';

/** A command line of a script, with continued lines joined and comments left out. */
export interface CommandLine {
  readonly text: string;
  /** Where it begins. */
  readonly line: number;
}

/** Lines of a shell script, a Makefile or anything else that continues lines by a backslash. */
export function commandLines(text: string): CommandLine[] {
  const found: CommandLine[] = [];
  let open: { text: string; line: number } | null = null;
  for (const [index, raw] of linesOf(text).entries()) {
    const trimmed = raw.trim();
    if (open === null && (trimmed === '' || trimmed.startsWith('#'))) continue;
    const line: { text: string; line: number } = open ?? { text: '', line: index + 1 };
    line.text = `${line.text} ${trimmed.replace(/\\$/, '').trim()}`.trim();
    open = trimmed.endsWith('\\') ? line : null;
    if (open === null) found.push(line);
  }
  if (open !== null) found.push(open);
  return found;
}

export type Runs = 'worker' | 'beat';

/** A command that starts a worker or beat. */
export interface CeleryCall extends CommandLine {
  readonly runs: Runs;
  /** The shell replaces itself by it. */
  readonly exec: boolean;
}

/** Commands that replace themselves by the command behind them, and how many words of their own they take. */
const STEPS_ASIDE: Readonly<Record<string, number>> = {
  exec: 0,
  env: 0,
  nice: 0,
  ionice: 0,
  nohup: 0,
  setsid: 0,
  gosu: 1,
  'su-exec': 1,
  chpst: 0,
  stdbuf: 0,
};

/** A command without what steps aside before it: `exec env A=1 gosu app celery …` is `celery …`. */
export function withoutPrefixes(words: readonly string[]): string[] {
  let rest = [...words];
  for (;;) {
    const first = nameOf(rest[0]);
    if (/^\w+=/.test(rest[0] ?? '')) rest = rest.slice(1);
    else if (first in STEPS_ASIDE) {
      rest = rest.slice(1);
      while (rest[0]?.startsWith('-') === true) rest = rest.slice(/^-[nc]$/.test(rest[0]) ? 2 : 1);
      rest = rest.slice(STEPS_ASIDE[first]);
    } else return rest;
  }
}

/** `celery` for `/venv/bin/celery`. */
export const nameOf = (word: string | undefined): string => word?.split('/').at(-1) ?? '';

/** Whether these words are a worker or beat of Celery, started as such. */
export function runsCelery(words: readonly string[]): Runs | null {
  const command = withoutPrefixes(words);
  const module = /^(pypy|python)[\d.]*$/.test(nameOf(command[0])) && command[1] === '-m' && command[2] === 'celery';
  if (nameOf(command[0]) !== 'celery' && !module) return null;
  const verb = command.slice(module ? 3 : 1).find(word => word === 'worker' || word === 'beat' || word === 'multi');
  return verb === 'worker' || verb === 'beat' ? verb : null;
}

/** Where a shell script starts Celery. */
export function celeryCalls(text: string): CeleryCall[] {
  const calls: CeleryCall[] = [];
  for (const { text: line, line: number } of commandLines(text)) {
    for (const words of simpleCommands(line)) {
      const runs = runsCelery(words);
      if (runs !== null) calls.push({ text: line, line: number, runs, exec: words.includes('exec') });
    }
  }
  return calls;
}

/** The commands of a line, as words. */
export function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const word of shellWords(line)) {
    if (/^(&&|\|\||[;|&]|then|do|else|\{)$/.test(word)) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter(words => words.length > 0);
}
