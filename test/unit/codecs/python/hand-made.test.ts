import { describe, expect, it } from 'vitest';
import { readPickle, reprText } from '../../../../src/codecs/python';
import { HAND_MADE } from './hand-made';

describe('hand-made pickles', () => {
  for (const { what, bytes, text } of HAND_MADE) {
    it(`reads ${what}`, () => {
      expect(reprText(readPickle(bytes).root)).toBe(text);
    });
  }
});
