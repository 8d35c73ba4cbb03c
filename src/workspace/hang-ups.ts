import type { HangUp, SupervisedProgram } from '../model';
import type { FolderFiles } from './files';
import { commandLines } from './shell';

/** Files in which people write how they restart things. */
const SCRIPT_FILES = [
  '*.sh',
  '*.bash',
  'Makefile',
  '*.mk',
  'tasks.py',
  'fabfile.py',
  'Procfile',
  '*.service',
  'Dockerfile*',
  'crontab*',
  '*.cron',
  'justfile',
  'deploy*.yml',
  'deploy*.yaml',
  'playbook*.yml',
];

/** `kill -HUP`, `kill -1`, `kill -s SIGHUP`, `supervisorctl signal HUP`, `docker kill --signal=HUP`, `systemctl kill -s HUP`. */
const HUP =
  /\b(?:(?:p|docker |systemctl |compose )?kill(?:all)?\b[^;|&]*?\s-{1,2}(?:s(?:ignal)?[ =]?)?(?:SIG)?(?:HUP|1)\b|supervisorctl\b[^;|&]*\bsignal\s+(?:SIG)?(?:HUP|1)\b)/;

/** Lines that send SIGHUP to Celery: those that name it, or stand in a file that speaks of it. */
export async function readHangUps(
  files: FolderFiles,
  supervised: readonly SupervisedProgram[],
  signal: AbortSignal,
): Promise<HangUp[]> {
  const found: HangUp[] = [];
  for (const path of await files.list(SCRIPT_FILES, signal)) {
    const text = await files.read(path, signal);
    if (text === null) continue;
    for (const { text: line, line: number } of commandLines(text)) {
      if (!HUP.test(line)) continue;
      const program = supervised.find(({ name }) => line.includes(name));
      const sure = /celery|\bworker|\bbeat\b/i.test(line) || program !== undefined || /signal\s+\S+\s+all\b/.test(line);
      const about = sure
        ? supervised.length > 0 || /celery/i.test(text) || program !== undefined
        : /celery/i.test(text);
      if (about) found.push({ file: path, line: number, text: line.slice(0, 200), sure });
    }
  }
  return found;
}
