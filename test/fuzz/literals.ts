import { parseJson, parseTaggedJson } from '../../src/codecs/python/from-json';
import { LiteralError, parseArguments, parseKeywordArguments, parseLiteral } from '../../src/codecs/python/literal';
import { readPickle } from '../../src/codecs/python/reader';
import { reprText } from '../../src/codecs/python/repr';
import { writePickle } from '../../src/codecs/python/write';
import { fuzzLoop, textOf } from '../support/fuzz-loop';

/** Literals and JSON of random pieces: a value that can be written and read back the same, or a LiteralError. */

const PIECES = [
  ...'()[]{},:=+-.*"\'\\#\n 0129ejxb_é😀\ud800',
  '"""',
  "'''",
  'None',
  'True',
  '1_000',
  '0xff',
  '1e400',
  "'a'",
  "b'\\x00'",
  "r'\\'",
  '\\N{DOT}',
  '\\u1234',
  '{1: 2}',
  '(1,)',
  'datetime.datetime(2026, 1, 2)',
  'timedelta(days=',
  "Decimal('1.1')",
  'set()',
  'frozenset(',
  'UUID(int=5)',
  '{"$tuple": [1]}',
  '{"$datetime": "2026-01-02T03:04:05"}',
  '"$dict":',
  'null',
];
const READERS = [parseLiteral, parseArguments, parseKeywordArguments, parseJson, parseTaggedJson];

await fuzzLoop('literals', (random, note) => {
  const text = textOf(random, PIECES, 30, ['', '', ' ', ',']);
  note(text);
  for (const read of READERS) {
    try {
      const node = read(text);
      for (const protocol of [2, 4] as const) {
        const again = readPickle(writePickle(node, { protocol })).root;
        if (reprText(again) !== reprText(node)) {
          throw new Error(`written and read again it is ${reprText(again)}, not ${reprText(node)}`);
        }
      }
    } catch (error) {
      if (!(error instanceof LiteralError)) {
        throw error;
      }
    }
  }
});
