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

describe('recorded pickles of large libraries', () => {
  for (const { library, name, repr, pickles } of values) {
    it(`${library}: ${name}`, () => {
      expect(pickles.length).toBeGreaterThan(0);
      for (const { base64 } of pickles) {
        const text = reprText(readPickle(Buffer.from(base64, 'base64')).root);
        const patterns = INERT[library.split(' ')[0]!];
        if (patterns === undefined) expect(text).toBe(repr);
        else for (const pattern of patterns) expect(text).toMatch(pattern);
      }
    });
  }
});
