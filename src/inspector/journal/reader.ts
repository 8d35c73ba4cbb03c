/** Reads entries back for the list: the first line and the last lines, however long a run was. */
import { open } from 'node:fs/promises';
import type { ItemOutcome } from '../../model';
import { addCounts, type BeginLine, type Counts, type EndLine, noCounts, parseLine } from './lines';

/** An entry as its lines tell, without knowing whether it still runs. */
export interface ReadEntry {
  readonly begin: BeginLine;
  /** Absent while it runs, and where the run was cut off. */
  readonly end: EndLine | null;
  /** Of a run without an end: what its steps say; what had begun and has no answer is unknown. */
  readonly counts: Readonly<Counts>;
  readonly items: readonly ItemOutcome[];
}

/** The last line holds at most some thousand items. */
const TAIL = 4 << 20;
const HEAD = 64 << 10;
const MAX_ITEMS = 1_000;

/** @returns null for a file that is no entry */
export async function readEntry(path: string): Promise<ReadEntry | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = await textAt(file, 0, Math.min(size, HEAD));
    const begin = parseLine(head.split('\n', 1)[0] ?? '');
    if (begin?.line !== 'begin') return null;
    const tail = size <= HEAD ? head : await textAt(file, Math.max(0, size - TAIL), Math.min(size, TAIL));
    const last = parseLine(tail.trimEnd().split('\n').at(-1) ?? '');
    if (last?.line === 'end') return { begin, end: last, counts: last.counts, items: last.items };
    return { begin, end: null, ...fold(size <= TAIL ? tail : await textAt(file, 0, size)) };
  } finally {
    await file.close();
  }
}

function fold(text: string): { counts: Counts; items: ItemOutcome[] } {
  const counts = noCounts();
  const items: ItemOutcome[] = [];
  let begun: readonly string[] = [];
  const note = (item: ItemOutcome) => {
    if (items.length < MAX_ITEMS) items.push(item);
  };
  for (const part of text.split('\n')) {
    const line = parseLine(part);
    if (line?.line === 'about') begun = line.subjects;
    if (line?.line !== 'did') continue;
    begun = [];
    addCounts(counts, line.counts);
    for (const item of line.items) note(item);
  }
  counts.unknown += begun.length;
  for (const id of begun) note({ ref: null, id, outcome: 'unknown', reason: null });
  return { counts, items };
}

async function textAt(file: Awaited<ReturnType<typeof open>>, from: number, length: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, from);
  return buffer.toString('utf8', 0, bytesRead);
}
