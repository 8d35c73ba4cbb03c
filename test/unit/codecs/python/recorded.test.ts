import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPickle, reprText } from '../../../../src/codecs/python';
import { HERE } from './python';

interface Recorded {
  readonly library: string;
  readonly name: string;
  readonly repr: string;
  readonly pickles: readonly { readonly protocols: readonly number[]; readonly base64: string }[];
}

const { values }: { values: Recorded[] } = JSON.parse(readFileSync(join(HERE, 'recorded', 'recorded.json'), 'utf8'));

/** Libraries whose classes are shown as class and state, with what must be in it. */
const INERT: Readonly<Record<string, readonly RegExp[]>> = {
  numpy: [/numpy\.dtype\('(?:i8|f8|b1|f4|U2|M8)', False, True\)/],
  pandas: [/^pandas\.[\w.]+\(/],
  pydantic: [/^shop\.models\.Order\(\)\{'__dict__': \{'id': 7, 'lines': \['a'\]\}, /],
};

/** What of these is shown as the library itself prints it. */
const SHOWN = ['numpy 2.4.6: int64', 'numpy 2.4.6: float64', 'numpy 2.4.6: bool'];

describe('recorded pickles of large libraries', () => {
  for (const { library, name, repr, pickles } of values) {
    it(`${library}: ${name}`, () => {
      expect(pickles.length).toBeGreaterThan(0);
      for (const { base64 } of pickles) {
        const text = reprText(readPickle(Buffer.from(base64, 'base64')).root);
        const patterns = SHOWN.includes(`${library}: ${name}`) ? undefined : INERT[library.split(' ')[0]!];
        if (patterns === undefined) expect(text).toBe(repr);
        else for (const pattern of patterns) expect(text).toMatch(pattern);
      }
    });
  }

  it('numpy: scalars of every width and order, as numpy 2 and numpy 1 print them', () => {
    const scalar = (module: string, type: string, order: string, bytes: string) =>
      reprText(
        readPickle(
          Buffer.from(
            `\x80\x03cnumpy.${module}.multiarray\nscalar\ncnumpy\ndtype\n(V${type}\nI00\nI01\ntR(K\x03V${order}\nNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbC${String.fromCharCode(bytes.length)}${bytes}\x86R.`,
            'latin1',
          ),
        ).root,
      );
    expect(scalar('_core', 'i1', '|', '\xff')).toBe('np.int8(-1)');
    expect(scalar('_core', 'i2', '>', '\xff\xfe')).toBe('np.int16(-2)');
    expect(scalar('_core', 'u4', '<', '\x01\x00\x00\x80')).toBe('np.uint32(2147483649)');
    expect(scalar('_core', 'u8', '<', '\xff'.repeat(8))).toBe('np.uint64(18446744073709551615)');
    expect(scalar('_core', 'f4', '<', '\xcd\xcc\x8c?')).toBe('np.float32(1.1)');
    expect(scalar('_core', 'f4', '<', '\0\0\0\x80')).toBe('np.float32(-0.0)');
    expect(scalar('_core', 'f4', '<', '\x08\xae\xef\x03')).toBe('np.float32(1.4087113e-36)');
    expect(scalar('_core', 'f8', '<', '\0\0\0\0\0\0\xf8\x7f')).toBe('np.float64(nan)');
    expect(scalar('_core', 'b1', '|', '\0')).toBe('np.False_');
    expect(scalar('core', 'i8', '<', '\x07\0\0\0\0\0\0\0')).toBe('7');
    expect(scalar('core', 'f4', '>', '?\x8c\xcc\xcd')).toBe('1.1');
    // Too few bytes, or a type that is not known: the form as it stands.
    expect(scalar('_core', 'i4', '<', '\x07')).toMatch(/^numpy\._core\.multiarray\.scalar\(/);
    expect(scalar('_core', 'M8', '<', '\0'.repeat(8))).toMatch(/^numpy\._core\.multiarray\.scalar\(/);
  });
});
