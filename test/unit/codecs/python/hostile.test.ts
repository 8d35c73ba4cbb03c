import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { callText, PickleError, readPickle, renderRepr, reprRow } from '../../../../src/codecs/python';
import { OPCODES } from '../../../../src/codecs/python/opcodes';
import { ATTACKS } from './attacks';
import { HAND_MADE } from './hand-made';
import { mutate, readAndShow, seeded } from './mutants';
import { HERE, runPython, samplesOf } from './python';

const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

function memory(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
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
