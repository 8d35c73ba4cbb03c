/** Reads the exact copies of an entry back, the last step first, without holding the whole file. */
import { type FileHandle, open } from 'node:fs/promises';
import type { UndoUnit } from '../../model';
import { parseUndoLine, type UndoLine } from './lines';

const CHUNK = 1 << 20;
const NEWLINE = 10;

/**
 * The units of every step that may have changed something, last step first and the last unit of a step first. What a
 * step answered replaces what was kept before it; units of subjects that were not done are left out.
 */
export async function* copiesBackwards(path: string): AsyncGenerator<readonly UndoUnit[], void> {
  const file = await open(path, 'r');
  try {
    const lines = await lineEnds(file);
    const answered = new Map<string, UndoLine>();
    for (let i = lines.length - 1; i > 0; i--) {
      const line = parseUndoLine(await textBetween(file, lines[i - 1]!, lines[i]!));
      if (line === null) continue;
      if (line.phase === 'did') {
        answered.set(line.step, line);
        if (await isAboutBefore(file, lines, i, line.step)) continue;
      }
      const did = answered.get(line.step);
      answered.delete(line.step);
      const units = line.phase === 'did' ? merge([], line) : merge(line.units, did);
      if (units.length > 0) yield units.reverse();
    }
  } finally {
    await file.close();
  }
}

/** A step without copies of its own beforehand has no `about` line: then its answer is all there is. */
async function isAboutBefore(file: FileHandle, lines: readonly number[], at: number, step: string): Promise<boolean> {
  if (at < 2) return false;
  const start = lines[at - 2]!;
  const head = await textBetween(file, start, Math.min(lines[at - 1]!, start + 200 + step.length * 2));
  return head.startsWith(`{"step":${JSON.stringify(step)},"phase":"about"`);
}

function merge(about: readonly UndoUnit[], did: UndoLine | undefined): UndoUnit[] {
  if (did === undefined) return [...about];
  const answered = new Set(did.units.map(unit => unit.subject));
  const not = new Set(did.not);
  return [...about.filter(unit => !answered.has(unit.subject)), ...did.units].filter(unit => !not.has(unit.subject));
}

/** Offsets behind every line break, 0 first; what follows the last one was cut off while it was written. */
async function lineEnds(file: FileHandle): Promise<number[]> {
  const ends = [0];
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return ends;
    const chunk = buffer.subarray(0, bytesRead);
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) ends.push(position + at + 1);
    position += bytesRead;
  }
}

async function textBetween(file: FileHandle, from: number, to: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.toString('utf8', 0, bytesRead);
}
