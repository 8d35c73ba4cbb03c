import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  callText,
  type PickleDocument,
  PickleError,
  readPickle,
  renderRepr,
  reprRow,
  toTaggedJson,
  treeAt,
  treeChildren,
  treeRoot,
} from '../../../../src/codecs/python';
import { OPCODES } from '../../../../src/codecs/python/opcodes';
import { ATTACKS } from './attacks';
import { HAND_MADE } from './hand-made';
import { HERE, runPython, samplesOf } from './python';

const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

function memory(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Reads, and shows the value in every way; the outcome, or the typed error. Anything else is thrown on. */
function readAndShow(bytes: Buffer): { document?: PickleDocument; shown: unknown[]; error?: PickleError } {
  let document: PickleDocument;
  try {
    document = readPickle(bytes);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    if (error.offset < 0 || error.offset > bytes.length || error.reason === '')
      throw new Error(`no place: ${error.message}`);
    return { error, shown: [] };
  }
  const { root } = document;
  const shown: unknown[] = [
    renderRepr(root).text,
    reprRow(root, 80),
    callText(root, root, 80),
    JSON.stringify(toTaggedJson(root)),
  ];
  let item = treeRoot(root);
  for (let level = 0; level < 50 && item.children > 0; level++) {
    const children = treeChildren(item, Math.max(0, item.children - 3), 3);
    item = children.at(-1)!;
    shown.push(children);
    if (treeAt(root, item.path)?.text !== item.text) throw new Error(`path ${item.path} leads elsewhere`);
  }
  return { document, shown };
}

describe('attacks', () => {
  it(`are ${ATTACKS.length}, all of different names`, () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(80);
    expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
  });

  for (const { name, bytes, becomes, warns } of ATTACKS) {
    it(name, () => {
      const input = bytes();
      const before = memory();
      const outcome = readAndShow(input);
      const grown = memory() - before;
      if (becomes === 'value') expect(outcome.error?.message).toBeUndefined();
      if (becomes instanceof RegExp) expect(outcome.error?.reason).toMatch(becomes);
      if (warns) expect(outcome.document?.notes.map(({ kind }) => kind)).toContain('dangerous-global');
      expect(grown / MB).toBeLessThan(64);
      expect(outcome.shown.length).toBeGreaterThanOrEqual(0);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });
  }

  it('find nothing in the reader that could run things', () => {
    const folder = join(HERE, '../../../../src/codecs/python');
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(file, 'utf8');
      expect(source).not.toMatch(/\beval\(|new Function\b|\bimport\(|\brequire\(|\bprocess\./);
      for (const [, module] of source.matchAll(/from '([^']+)'/g)) {
        expect(module).toMatch(/^(?:\.{1,2}(?:\/|$)|node:buffer$)/);
        if (module?.startsWith('.')) follow(existing(join(file, '..', module)));
      }
    };
    for (const part of ['reader', 'repr', 'json', 'tree']) follow(join(folder, `${part}.ts`));
    expect(seen.size).toBeGreaterThan(25);
  });
});

function existing(module: string): string {
  return existsSync(`${module}.ts`) ? `${module}.ts` : join(module, 'index.ts');
}

/** A small generator of pseudo-random numbers, the same everywhere (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe('damaged pickles', () => {
  let samples: Buffer[] = [];

  beforeAll(async () => {
    const made = [...samplesOf(await runPython('corpus.py', '7', '400'))].map(({ pickle }) => pickle);
    samples = [...HAND_MADE.map(({ bytes }) => bytes), ...made.filter(({ length }) => length > 20 && length < 600)];
  }, 60_000);

  it('are a typed error wherever they are cut', () => {
    expect(samples.length).toBeGreaterThan(200);
    let cuts = 0;
    for (const sample of samples.slice(0, 260)) {
      for (let length = 0; length < sample.length; length++) {
        const { error, document } = readAndShow(sample.subarray(0, length));
        // A STOP inside, as in text, may end it early; then it has been read up to there.
        if (error === undefined && document!.end > length) throw new Error('read beyond the end');
        cuts++;
      }
    }
    expect(cuts).toBeGreaterThan(20_000);
  }, 60_000);

  it('are a value or a typed error, 200,000 times', () => {
    const random = seeded(20261121);
    let values = 0;
    let errors = 0;
    for (let round = 0; round < 200_000; round++) {
      const mutant = mutate(samples[random(samples.length)]!, samples[random(samples.length)]!, random);
      if (round % 10 === 0) {
        if (readAndShow(mutant).error === undefined) values++;
        else errors++;
        continue;
      }
      try {
        if (reprRow(readPickle(mutant).root, 120).length > 120) throw new Error('longer than a row');
        values++;
      } catch (error) {
        if (!(error instanceof PickleError)) throw error;
        errors++;
      }
    }
    console.log(`200,000 mutated pickles: ${values} values, ${errors} typed errors`);
    expect(values).toBeGreaterThan(10_000);
    expect(errors).toBeGreaterThan(10_000);
  }, 120_000);
});

/** One to six changes: a byte replaced, inserted, removed, an opcode put in, or a piece of another pickle. */
function mutate(sample: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(sample);
  for (let changes = 1 + random(6); changes > 0 && bytes.length > 0; changes--) {
    const at = random(bytes.length);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256)]), bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        break;
      case 3:
        bytes[at] = OPCODES[random(OPCODES.length)]!.byte;
        break;
      default: {
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(40)), bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}

describe('properties', () => {
  it('any bytes are a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        readAndShow(Buffer.from(bytes));
      }),
      { numRuns: 5000, seed: 1 },
    );
  });

  it('any sequence of opcodes is a value or a typed error', () => {
    const argument = fc.oneof(
      fc.constant(''),
      fc.constantFrom('\x00', '\x01', '\x02ab', '1\n', "'a'\n", '\x01\0\0\0a', 'a\nb\n'),
    );
    const step = fc
      .tuple(fc.constantFrom(...OPCODES.map(({ byte }) => String.fromCharCode(byte))), argument)
      .map(parts => parts.join(''));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        readAndShow(Buffer.from(`${steps.join('')}.`, 'latin1'));
      }),
      { numRuns: 10_000, seed: 2 },
    );
  });

  it('no text is longer than asked for', () => {
    const value = fc.constantFrom(...HAND_MADE.map(({ bytes }) => bytes));
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 100 }), (bytes, max) => {
        const { root } = readPickle(bytes);
        for (const text of [reprRow(root, max), callText(root, null, max), renderRepr(root, { max }).text]) {
          if (text.length > max) throw new Error(`${text.length} characters of ${max}: ${text}`);
        }
      }),
      { numRuns: 3000, seed: 3 },
    );
  });
});
