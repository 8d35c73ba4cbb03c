import { randomBytes } from 'node:crypto';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inflate } from '../../../../src/codecs/envelope/inflate';
import { inflateSmall } from '../../../../src/codecs/envelope/inflate-small';

/** Same every time: a failure can be looked at again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FIXED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FILTERED,
];

describe('short data', () => {
  test.each(strategies)('agrees with zlib, strategy %i', strategy => {
    const next = random(strategy + 7);
    for (let round = 0; round < 400; round++) {
      const length = Math.floor(next() * next() * 20_000);
      const letters = 1 + Math.floor(next() * 255);
      const plain = Buffer.from(Array.from({ length }, () => Math.floor(next() * letters)));
      const level = Math.floor(next() * 10);
      const packed = deflateSync(plain, { strategy, level });
      const mine = inflateSmall(packed);
      if (packed.length <= 4096) expect(mine?.equals(plain), `round ${round}`).toBe(true);
      else expect(mine).toBeNull();
    }
  });

  test('whatever is damaged is left to zlib, and never read as something else', () => {
    const next = random(99);
    const plain = Buffer.from('Traceback (most recent call last):\n  File "a.py", line 1, in f\n'.repeat(9));
    const packed = deflateSync(plain);
    for (let round = 0; round < 3000; round++) {
      const bad = Buffer.from(packed);
      bad[2 + Math.floor(next() * (bad.length - 2))] = Math.floor(next() * 256);
      const mine = inflateSmall(bad);
      if (mine !== null) expect(mine.equals(inflateSync(bad))).toBe(true);
    }
    for (let cut = 0; cut < packed.length; cut++) expect(inflateSmall(packed.subarray(0, cut))).toBeNull();
    for (let round = 0; round < 300; round++) {
      const noise = Buffer.concat([Buffer.from([0x78, 0x9c]), randomBytes(200)]);
      expect(() => inflateSmall(noise)).not.toThrow();
    }
  });
});

describe('inflate', () => {
  test('says what is wrong', () => {
    const packed = deflateSync(Buffer.alloc(100_000, 'ab'));
    expect(inflate(Buffer.from('plain'), 1e6)).toEqual({ kind: 'not-zlib' });
    expect(inflate(packed.subarray(0, -8), 1e6)).toEqual({ kind: 'broken', reason: 'the zlib data are cut short' });
    expect(inflate(deflateSync(Buffer.alloc(3e6)), 2 * 1024 * 1024)).toEqual({
      kind: 'broken',
      reason: 'it would inflate to more than 2 MB',
    });
    const whole = inflate(packed, 1e6);
    expect(whole.kind === 'inflated' && whole.bytes.length).toBe(100_000);
  });
});
