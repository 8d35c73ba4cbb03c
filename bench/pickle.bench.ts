import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPickle, reprRow, reprText } from '../src/codecs/python';
import type { BenchResult } from './result';

/**
 * The pickle reader against CPython, both in the same minute: bytes → full text and bytes → the row of a table against
 * `repr(pickle.loads(b))`, which is C, and against the pure-Python unpickler. A ratio of 1 is CPython's own speed.
 */

const FOLDER = join('bench', 'pickles');
const ROW = 100;
const ROUNDS = 3;

/** A flat text for whatever was read. */
const KINDS: Readonly<Record<string, string>> = { object: 'object', string: 'string' };

interface PythonTimes {
  readonly c: number;
  readonly pure: number;
}

interface Payload {
  readonly file: string;
  readonly name: string;
  /** Least speed in terms of CPython's C implementation. */
  readonly bound: number;
}

const PAYLOADS: readonly Payload[] = [
  { file: 'rq-tuple.pickle', name: 'RQ tuple, 68 bytes', bound: 1 / 3 },
  { file: 'rows-10kb.pickle', name: '130 dicts, 10 kB', bound: 1 / 2 },
  { file: 'text-1mb.pickle', name: 'string, 1 MB', bound: 1 / 2 },
];

/** Keeps results from being optimized away. */
const sink = { value: 0 };

/** Nanoseconds of one call, the best of many. The text is made flat, as a reader of it would. */
function best(action: () => string, budgetMs = 300): number {
  const measure = (loops: number): number => {
    const started = process.hrtime.bigint();
    for (let i = 0; i < loops; i++) {
      const text = action();
      sink.value ^= text.charCodeAt(text.length >> 1);
    }
    return Number(process.hrtime.bigint() - started) / loops;
  };
  const warm = performance.now() + budgetMs;
  while (performance.now() < warm) measure(1);
  const loops = Math.max(1, Math.floor(2_000_000 / measure(1)));
  let fastest = Number.POSITIVE_INFINITY;
  const end = performance.now() + budgetMs;
  while (performance.now() < end) fastest = Math.min(fastest, measure(loops));
  return fastest;
}

function pythonTimes(): Record<string, PythonTimes> {
  const files = PAYLOADS.map(({ file }) => join(FOLDER, file));
  return JSON.parse(execFileSync('python3', [join(FOLDER, 'measure.py'), ...files], { encoding: 'utf8' }));
}

function micro(nanoseconds: number): string {
  return `${(nanoseconds / 1000).toFixed(2)} µs`;
}

export async function run(): Promise<BenchResult[]> {
  const payloads = PAYLOADS.map(payload => ({ ...payload, bytes: readFileSync(join(FOLDER, payload.file)) }));
  const full = payloads.map(() => Number.POSITIVE_INFINITY);
  const row = payloads.map(() => Number.POSITIVE_INFINITY);
  const c = payloads.map(() => Number.POSITIVE_INFINITY);
  const pure = payloads.map(() => Number.POSITIVE_INFINITY);
  const read = payloads.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    const python = pythonTimes();
    for (const [i, { file, bytes }] of payloads.entries()) {
      c[i] = Math.min(c[i]!, python[file]!.c);
      pure[i] = Math.min(pure[i]!, python[file]!.pure);
      full[i] = Math.min(
        full[i]!,
        best(() => reprText(readPickle(bytes).root)),
      );
      read[i] = Math.min(
        read[i]!,
        best(() => KINDS[typeof readPickle(bytes).root]!),
      );
      row[i] = Math.min(
        row[i]!,
        best(() => reprRow(readPickle(bytes).root, ROW)),
      );
    }
  }
  const results = payloads.flatMap(({ name, bound }, i): BenchResult[] => [
    {
      name: `pickle to text: ${name}`,
      ratio: c[i]! / full[i]!,
      bound,
      better: 'higher',
      detail: `${micro(full[i]!)}, CPython's C ${micro(c[i]!)}`,
    },
    {
      name: `pickle to row: ${name}`,
      ratio: c[i]! / row[i]!,
      bound,
      better: 'higher',
      detail: `${micro(row[i]!)}, CPython's C ${micro(c[i]!)}`,
    },
  ]);
  // The pure-Python unpickler hands a single string over to C as a whole, so that only the others compare readers.
  for (const i of [0, 1]) {
    results.push({
      name: `pickle read, against pickle._loads: ${payloads[i]!.name}`,
      ratio: pure[i]! / read[i]!,
      bound: 10,
      better: 'higher',
      detail: `${micro(read[i]!)}, pickle._loads ${micro(pure[i]!)}`,
    });
  }
  results.push(copies(payloads[2]!.bytes));
  return results;
}

/** Memory that a large string takes, read and rendered, in terms of its own size: 1 is one copy. */
function copies(bytes: Buffer): BenchResult {
  const used = (): number => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const kept: unknown[] = [];
  const before = used();
  for (let i = 0; i < 8; i++) {
    const { root } = readPickle(bytes);
    kept.push(root, reprText(root), reprRow(root, ROW));
  }
  const ratio = (used() - before) / 8 / bytes.length;
  sink.value ^= kept.length;
  return {
    name: 'pickle of 1 MB string: copies kept for value and texts',
    ratio,
    bound: 1.2,
    better: 'lower',
    detail: `value, full text and row together${globalThis.gc === undefined ? ' (no gc: run by npm run bench)' : ''}`,
  };
}
