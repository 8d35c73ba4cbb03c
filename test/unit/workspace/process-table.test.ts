import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { parsePs, processFacts } from '../../../src/workspace/process-table';

const never = new AbortController().signal;
const started: ChildProcess[] = [];
const orphans: number[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  // 0 would be this very process group.
  for (const pid of orphans.splice(0)) if (pid > 1) process.kill(pid, 'SIGKILL');
});

/** Python that prints pids on one line and then waits. */
async function python(program: string): Promise<number[]> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  started.push(child);
  let line = '';
  while (!line.includes('\n')) line += String((await once(child.stdout, 'data'))[0]);
  const pids = line.trim().split(/\s+/).map(Number);
  if (!pids.every(pid => pid > 1)) throw new Error(`No pids: ${line}`);
  return pids;
}

describe.runIf(process.platform === 'linux')('the process table', () => {
  it('tells a defunct child from a living one', async () => {
    const [parent = 0, ended = 0, alive = 0] = await python(`
import os, subprocess, sys
ended = os.fork()
if ended == 0: os._exit(0)
# Waits until it has ended, and leaves it defunct.
os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
alive = subprocess.Popen(['sleep', '60'])
print(os.getpid(), ended, alive.pid, flush=True)
sys.stdin.read()
alive.kill()`);
    orphans.push(alive);
    const facts = await processFacts(parent, never);
    expect(facts).toMatchObject({ pid: parent, state: 'alive', parent: process.pid, orphaned: false });
    expect(facts?.command).toContain('python3 -c');
    expect(Math.abs(Date.parse(facts?.startedAt ?? '') - Date.now())).toBeLessThan(60_000);
    expect(facts?.children).toEqual([
      { pid: ended, defunct: true, command: 'python3' },
      { pid: alive, defunct: false, command: 'sleep 60' },
    ]);
    expect((await processFacts(ended, never))?.state).toBe('defunct');
  });

  it('tells what a wrapper left behind from a daemon', async () => {
    // As supervisord does it: the wrapper leads a process group of its own, in the session of who supervises.
    const [orphan = 0, daemon = 0] = await python(`
import os, sys
os.setsid()
def started_by(prepare):
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        prepare()
        pid = os.fork()
        if pid == 0: os.execvp('sleep', ['sleep', '60'])
        os.write(write, str(pid).encode())
        os._exit(0)
    os.waitpid(middle, 0)
    return os.read(read, 20).decode()
print(started_by(lambda: os.setpgid(0, 0)), started_by(os.setsid), flush=True)
sys.stdin.read()`);
    orphans.push(orphan, daemon);
    const facts = await processFacts(orphan, never);
    expect(facts).toMatchObject({ state: 'alive', command: 'sleep 60', orphaned: facts?.parent === 1 });
    expect(await processFacts(daemon, never)).toMatchObject({ state: 'alive', parent: facts?.parent, orphaned: false });
  });

  it('says gone of a number that no process has, and nothing of what is no number', async () => {
    expect(await processFacts(2 ** 22 + 1, never)).toMatchObject({ state: 'gone', children: [] });
    expect(await processFacts(-1, never)).toBeNull();
    await expect(processFacts(1, AbortSignal.abort())).rejects.toThrow();
  });
});

it('reads what ps prints', () => {
  const table = parsePs(
    [
      '    1     0     1      0 Ss   Tue Dec  1 09:00:00 2026     /sbin/launchd',
      '  740     1   739      0 Z    Tue Dec  1 09:30:05 2026     (python3.11)',
      'no line of it',
    ].join('\n'),
  );
  expect([...table.keys()]).toEqual([1, 740]);
  expect(table.get(740)).toMatchObject({ parent: 1, group: 739, defunct: true, command: '(python3.11)' });
});
