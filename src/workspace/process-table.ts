import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ProcessFacts } from '../model';

/** A line of the process table. */
interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly defunct: boolean;
  readonly startedAt: string | null;
  readonly command: string;
}

/** Processes that are looked at for children. */
const MOST = 20_000;
/** Characters of a command line that are kept. */
const LONGEST = 500;

/**
 * What the process table says of a process: Linux reads /proc, elsewhere `ps`. Reads only, never signals.
 * @returns null where the table cannot be read (Windows)
 */
export async function processFacts(pid: number, signal: AbortSignal): Promise<ProcessFacts | null> {
  signal.throwIfAborted();
  if (!Number.isSafeInteger(pid) || pid < 1) return null;
  if (process.platform === 'win32') return null;
  const table = process.platform === 'linux' ? await procTable(signal) : await psTable(signal);
  return table === null ? null : factsOf(table, pid);
}

/** Judges one process by a whole table. */
function factsOf(table: ReadonlyMap<number, Entry>, pid: number): ProcessFacts {
  const entry = table.get(pid);
  if (entry === undefined) {
    return { pid, state: 'gone', parent: null, command: null, startedAt: null, orphaned: false, children: [] };
  }
  return {
    pid,
    state: entry.defunct ? 'defunct' : 'alive',
    parent: entry.parent,
    command: entry.command,
    startedAt: entry.startedAt,
    orphaned: isOrphan(table, entry),
    children: [...table.values()]
      .filter(({ parent }) => parent === pid)
      .map(child => ({ pid: child.pid, defunct: child.defunct, command: child.command })),
  };
}

/**
 * Taken over by process 1 after its starter ended. A daemon looks alike but for its session, whose leader it has left
 * behind on purpose; what somebody else started and left alone is still in a session that lives, in a process group
 * whose leader is gone.
 */
function isOrphan(table: ReadonlyMap<number, Entry>, { pid, parent, group, session }: Entry): boolean {
  if (parent !== 1 || group === pid || session === pid) return false;
  const leader = table.get(group);
  // Session 0 is one of outside of this container: its leader is not in our table, and lives.
  return (leader === undefined || leader.defunct) && (session === 0 || table.has(session));
}

/** From /proc/[pid]/stat and cmdline (proc(5)); times count in hundredths of a second since the start of the machine. */
async function procTable(signal: AbortSignal): Promise<Map<number, Entry> | null> {
  const names = await readdir('/proc').catch(() => null);
  if (names === null) return null;
  const boot = Number(/^btime (\d+)/m.exec(await textOf('/proc/stat'))?.[1] ?? Number.NaN);
  const pids = names.filter(name => /^\d+$/.test(name)).slice(0, MOST);
  const table = new Map<number, Entry>();
  // Few at once: each open file counts against a limit that the whole editor shares.
  for (let start = 0; start < pids.length; start += 64) {
    signal.throwIfAborted();
    const entries = await Promise.all(pids.slice(start, start + 64).map(pid => procEntry(pid, boot)));
    for (const entry of entries) if (entry !== null) table.set(entry.pid, entry);
  }
  return table;
}

async function procEntry(pid: string, boot: number): Promise<Entry | null> {
  const [stat, commandLine] = await Promise.all([textOf(`/proc/${pid}/stat`), textOf(`/proc/${pid}/cmdline`)]);
  // The name in brackets may hold brackets and spaces: the last one ends it.
  const match = /^\d+ \((.*)\) (\S) (.*)$/s.exec(stat);
  if (match === null) return null;
  const fields = (match[3] ?? '').split(' ').map(Number);
  const [parent = 0, group = 0, session = 0] = fields;
  const started = boot + (fields[18] ?? Number.NaN) / 100;
  const command = commandLine.replaceAll('\0', ' ').trim();
  return {
    pid: Number(pid),
    parent,
    group,
    session,
    defunct: match[2] === 'Z' || match[2] === 'X',
    startedAt: Number.isFinite(started) ? new Date(Math.round(started) * 1000).toISOString() : null,
    command: (command === '' ? (match[1] ?? '') : command).slice(0, LONGEST),
  };
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** From `ps` of macOS and the BSDs. */
async function psTable(signal: AbortSignal): Promise<Map<number, Entry> | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,pgid=,sess=,stat=,lstart=,command='], {
      timeout: 4000,
      maxBuffer: 16 * 1024 * 1024,
      signal,
      env: { ...process.env, LC_ALL: 'C' },
    });
    return parsePs(stdout);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Reads `ps -axo pid=,ppid=,pgid=,sess=,stat=,lstart=,command=`; `sess` is no number on macOS. */
export function parsePs(text: string): Map<number, Entry> {
  const table = new Map<number, Entry>();
  for (const line of text.split('\n').slice(0, MOST)) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\w{3} \w{3} [ \d]\d [\d:]{8} \d{4})\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid, parent, group, session, state = '', started = '', command = ''] = match;
    const at = Date.parse(started);
    table.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: /^\d+$/.test(session ?? '') ? Number(session) : 0,
      defunct: state.startsWith('Z'),
      startedAt: Number.isNaN(at) ? null : new Date(at).toISOString(),
      command: command.slice(0, LONGEST),
    });
  }
  return table;
}
