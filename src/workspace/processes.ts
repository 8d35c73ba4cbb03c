import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

export type ListensOn = { readonly port: number } | { readonly unixSocket: string };

/**
 * Whether a process of this machine listens there: true, false, or null where it cannot be told. On Linux the process
 * table decides; elsewhere `ps` shows the title that Redis gives itself (`redis-server 127.0.0.1:6379`).
 */
export async function processIsOurs(pid: number, listensOn: ListensOn): Promise<boolean | null> {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  if (process.platform === 'linux') return onLinux(pid, listensOn);
  return process.platform === 'win32' ? null : byTitle(pid, listensOn);
}

async function onLinux(pid: number, listensOn: ListensOn): Promise<boolean | null> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => null);
  if (command === null) return false;
  const listening =
    'port' in listensOn ? await tcpListeners(listensOn.port) : await unixListeners(listensOn.unixSocket);
  if (listening.size === 0) return false;
  const sockets = await socketsOf(pid);
  if (sockets !== null) return sockets.some(inode => listening.has(inode));
  // Another user's process does not show its sockets; its owner, and the title it gives itself, do.
  const owner = /^Uid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1').catch(() => ''))?.[1];
  if (owner === undefined || ![...listening.values()].includes(owner)) return false;
  return 'port' in listensOn && (titleNames(command, listensOn.port) || isRabbit(command)) ? true : null;
}

/** An Erlang node names no port; that its owner listens there has been seen by then. */
const isRabbit = (command: string) => /^\S*beam\S* .*\brabbit\b/.test(command.replaceAll('\0', ' '));

/** Inode → user of the sockets that listen on a port (state 0A in /proc/net/tcp). */
async function tcpListeners(port: number): Promise<Map<string, string>> {
  const listeners = new Map<string, string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'latin1').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, , , , user, , inode] = line.trim().split(/\s+/);
      if (state === '0A' && Number.parseInt(local.split(':').at(-1) ?? '', 16) === port && inode !== undefined)
        listeners.set(inode, user ?? '');
    }
  }
  return listeners;
}

async function unixListeners(path: string): Promise<Map<string, string>> {
  const listeners = new Map<string, string>();
  const text = await readFile('/proc/net/unix', 'latin1').catch(() => '');
  for (const line of text.split('\n').slice(1)) {
    const [, , , , , , inode, ...rest] = line.trim().split(/\s+/);
    if (inode !== undefined && rest.join(' ') === path) listeners.set(inode, '');
  }
  return listeners;
}

/** Inodes of the sockets that a process holds; null where its files may not be seen. */
async function socketsOf(pid: number): Promise<string[] | null> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => null);
  if (names === null) return null;
  const targets = await Promise.all(names.map(name => readlink(`${folder}/${name}`).catch(() => '')));
  return targets.flatMap(target => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

async function byTitle(pid: number, listensOn: ListensOn): Promise<boolean | null> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='], { timeout: 2000 });
    if (stdout.trim() === '') return false;
    return 'port' in listensOn && titleNames(stdout, listensOn.port) ? true : null;
  } catch (thrown) {
    // ps ends with 1 where there is no such process.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 1 ? false : null;
  }
}

function titleNames(command: string, port: number): boolean {
  return new RegExp(`(redis|valkey|keydb)\\S*\\s.*:${port}(\\D|$)`).test(command.replaceAll('\0', ' '));
}
