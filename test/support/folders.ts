import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll, send } from './process';

const open = new Set<string>();

process.once('exit', () => {
  // First what still writes there.
  killAll();
  open.forEach(removeFolder);
});

/** Folders of ours carry the id of their process, and Node's six random characters. */
const NAME = /^jqi-.+-(\d+)-\w{6}$/;

/** A folder that was not touched for this long, and whose process is gone, was left by one that was killed. */
const LEFT_BEHIND_MS = 24 * 3_600_000;

/** Removes what killed processes have left; a process that ends by itself leaves nothing. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    const folder = join(tmpdir(), name);
    try {
      if (pid > 0 && !send(pid, 0) && Date.now() - statSync(folder).mtimeMs > LEFT_BEHIND_MS) removeFolder(folder);
    } catch {
      // Another user's, or another run has just removed it.
    }
  }
}

/** A new folder below the system's temporary one, removed when this process ends, or earlier by `removeFolder`. */
export function temporaryFolder(name: string): string {
  if (open.size === 0) sweep();
  const folder = mkdtempSync(join(tmpdir(), `jqi-${name}-${process.pid}-`));
  open.add(folder);
  return folder;
}

/** Removes a temporary folder; one that is gone is no error. */
export function removeFolder(folder: string): void {
  open.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
