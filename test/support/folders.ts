import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll } from './process';

const open = new Set<string>();

process.once('exit', () => {
  // First what still writes there.
  killAll();
  open.forEach(removeFolder);
});

/** A new folder below the system's temporary one, removed when this process ends, or earlier by `removeFolder`. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `jqi-${name}-`));
  open.add(folder);
  return folder;
}

/** Removes a temporary folder; one that is gone is no error. */
export function removeFolder(folder: string): void {
  open.delete(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}
