import { describe, expect, it } from 'vitest';
import { LiteralError, parseLiteral } from '../../../../src/codecs/python/literal';
import type { PyNode } from '../../../../src/codecs/python/value';
import { writePickle } from '../../../../src/codecs/python/write';
import { cpython } from './cpython';

type Made = readonly [text: string, accepted: boolean];
type Wrong = readonly [text: string, expected: string, got: string];

function tryParse(text: string): { node: PyNode } | LiteralError {
  try {
    return { node: parseLiteral(text) };
  } catch (error) {
    if (error instanceof LiteralError) {
      return error;
    }
    throw error;
  }
}

/** \N{…} is refused on purpose: it needs Unicode's list of names. */
function refusedOnPurpose(text: string): boolean {
  return text.includes('\\N');
}

describe('against the machine’s CPython', () => {
  const made = cpython<Made[]>('./make_literals.py', { seed: 20261121, count: 4500 });

  it('accepts and refuses what ast.literal_eval accepts and refuses', () => {
    const disagree: string[] = [];
    for (const [text, accepted] of made) {
      const parsed = tryParse(text);
      if (accepted === parsed instanceof LiteralError && !refusedOnPurpose(text)) {
        disagree.push(`${accepted ? 'refused' : 'accepted'}: ${JSON.stringify(text)} ${String(parsed)}`);
      }
    }
    expect(disagree).toEqual([]);
    expect(made.filter(([, accepted]) => accepted).length).toBeGreaterThan(2500);
    expect(made.filter(([, accepted]) => !accepted).length).toBeGreaterThan(700);
  });

  it.each([2, 4] as const)('reads them to the same values, written with protocol %d', protocol => {
    const pickles = made.flatMap(([text, accepted]) => {
      if (!accepted || refusedOnPurpose(text)) {
        return [];
      }
      return [[text, writePickle(parseLiteral(text), { protocol }).toString('base64')]];
    });
    expect(cpython<Wrong[]>('./check_pickles.py', pickles)).toEqual([]);
  });
});
