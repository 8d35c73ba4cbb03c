import type { FileBytes, Problem, ScheduleSummary, Surroundings } from '../../../../model';
import { summaryOf } from '../entry';
import { readDumb } from './dumb';
import { type BeatFile, readBeatValues } from './pickled';
import { isSqlite, readSqliteDict } from './sqlite';

/** Names that `--schedule` has unless told, and what each form of dbm adds. */
const NAMES = ['celerybeat-schedule*', 'celerybeat.schedule*'];
/** Bytes of a file: a thousand entries have some hundred kB. */
const LARGEST = 4 * 1024 * 1024;
const FILES = 10;

/** A schedule file of the open folder. */
export interface FoundBeatFile {
  readonly path: string;
  readonly modifiedAt: string;
  /** Null where it is of a form that is named and not read, or broken. */
  readonly content: BeatFile | null;
  readonly problem: string | null;
}

/** Files of celery beat in the open folder, as far as their form can be read. */
export async function readBeatFiles(surroundings: Surroundings, signal: AbortSignal): Promise<FoundBeatFile[]> {
  if (surroundings.fileBytes === undefined || surroundings.restricted !== null) return [];
  const files = new Map((await surroundings.fileBytes(NAMES, LARGEST, signal)).map(file => [file.path, file]));
  const found: FoundBeatFile[] = [];
  for (const file of files.values()) {
    if (found.length >= FILES) break;
    const read = readOne(file, files);
    if (read !== null) found.push(read);
  }
  return found;
}

/** Null for a file that is only part of another one. */
function readOne(file: FileBytes, all: ReadonlyMap<string, FileBytes>): FoundBeatFile | null {
  const { path, modifiedAt, bytes } = file;
  if (/\.(dat|bak)$|-(wal|shm|journal)$/.test(path)) return null;
  const dumb = path.endsWith('.dir');
  const name = dumb ? path.slice(0, -'.dir'.length) : path;
  const common = { path: name, modifiedAt };
  const data = dumb ? all.get(`${name}.dat`) : undefined;
  if (bytes === null || (data !== undefined && data.bytes === null)) {
    return { ...common, content: null, problem: `it is larger than ${LARGEST / 1024 / 1024} MB` };
  }
  try {
    if (dumb) {
      // ndbm has the same names, with binary contents.
      if (data === undefined || data.bytes === null) return null;
      return { ...common, content: readBeatValues(readDumb(bytes, data.bytes)), problem: null };
    }
    if (isSqlite(bytes)) {
      const log = all.get(`${path}-wal`)?.bytes ?? null;
      return { ...common, content: readBeatValues(readSqliteDict(bytes, log)), problem: null };
    }
  } catch (error) {
    return { ...common, content: null, problem: error instanceof Error ? error.message : 'it cannot be read' };
  }
  const form = formOf(bytes);
  return form === null ? null : { ...common, content: null, problem: `it is of the form ${form}, which is not read` };
}

/** Forms of dbm that are named, by their magic numbers (dbm.whichdb of Python). */
function formOf(bytes: Uint8Array): string | null {
  if (bytes.length < 16) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magics = [view.getUint32(0, true), view.getUint32(0, false)];
  if (magics.some(magic => magic === 0x13579ace || magic === 0x13579acd || magic === 0x13579acf)) return 'gdbm';
  const later = [view.getUint32(12, true), view.getUint32(12, false)];
  if (later.some(magic => magic === 0x00061561 || magic === 0x00053162)) return 'Berkeley DB';
  return null;
}

/** Entries of the files that could be read. */
export function fileSummaries(files: readonly FoundBeatFile[]): ScheduleSummary[] {
  return files.flatMap(({ path, modifiedAt, content }) =>
    (content?.entries ?? []).map((entry, index) =>
      summaryOf(entry, {
        id: `${path}#${entry.name ?? index}`,
        owner: `celery beat (${path})`,
        nextRun: entry.nextRun,
        source: path,
        more: [
          {
            name: 'Written',
            value: modifiedAt,
            format: 'instant',
            note: 'beat writes every three minutes and at its end',
          },
          ...(content?.version == null ? [] : [{ name: 'Celery', value: content.version, format: 'text' } as const]),
        ],
      }),
    ),
  );
}

export const fileProblems = (files: readonly FoundBeatFile[]): Problem[] =>
  files.flatMap(({ path, problem }) =>
    problem === null
      ? []
      : [{ part: 'schedules', reason: `${path} holds schedules of celery beat; ${problem}.`, offset: null }],
  );
