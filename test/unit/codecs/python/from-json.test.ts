import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, fromTaggedJson, parseJson, parseTaggedJson } from '../../../../src/codecs/python/from-json';
import { toTaggedJson } from '../../../../src/codecs/python/json';
import { LiteralError, parseLiteral } from '../../../../src/codecs/python/literal';
import { ValueRefused } from '../../../../src/codecs/python/make/call';
import { PyFloat, PyList } from '../../../../src/codecs/python/value';

describe('JSON text', () => {
  it.each([
    ['1', '1'],
    ['1.0', '1.0'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['1e2', '100.0'],
    ['9007199254740993', '9007199254740993'],
    ['[NaN]', "[float('nan')]"],
    ['[Infinity, -Infinity]', "[float('inf'), float('-inf')]"],
    ['{"a": 1, "b": {"a": []}, "a": null}', "{'a': None, 'b': {'a': []}}"],
    [' {"__proto__": {"x": true}} ', "{'__proto__': {'x': True}}"],
    ['"\\ud83d\\ude00 \\u00e9\\n"', "'😀 é\\n'"],
  ])('%s is %s', (json, literal) => {
    expect(parseJson(json)).toEqual(parseLiteral(literal));
  });

  it.each([
    ['', 1, /ends where/],
    ['[1,]', 4, /JSON value was expected/],
    ['[1 2]', 4, /, or \] was expected/],
    ["{'a': 1}", 2, /double quotes/],
    ['{"a" 1}', 6, /: was expected/],
    ['None', 1, /JSON writes null/],
    ['[True]', 2, /JSON writes true/],
    ['01', 2, /ends before/],
    ['"a\nb"', 1, /control character/],
    ['1 1', 3, /ends before/],
    ['9'.repeat(4301), 1, /digits/],
  ] as [string, number, RegExp][])('%j is refused', (json, column, reason) => {
    expect(() => parseJson(json)).toThrow(reason);
    expect(() => parseJson(json)).toThrow(`column ${column}:`);
  });

  it('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
        const text = JSON.stringify(value);
        // A whole number that JavaScript no longer holds exactly is where the two must differ.
        fc.pre(!/\d{16}/.test(text));
        expect(parseJson(text)).toEqual(fromJson(JSON.parse(text)));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\eE+-.01tfn u') }), text => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) {
          parseJson(text);
        } else {
          expect(() => parseJson(text)).toThrow(LiteralError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('has no depth that is too deep', () => {
    const depth = 200_000;
    let node = parseJson('['.repeat(depth) + ']'.repeat(depth));
    let seen = 0;
    for (; node instanceof PyList && node.items[0] !== undefined; node = node.items[0]) {
      seen++;
    }
    expect(seen).toBe(depth - 1);
  });
});

describe('JSON values', () => {
  it('takes whole numbers for ints while they are exact', () => {
    expect(fromJson([1, 1.5, 2 ** 53, 10n ** 30n, -0])).toEqual(
      new PyList([1, new PyFloat(1.5), new PyFloat(2 ** 53), 10n ** 30n, 0]),
    );
    expect(() => fromJson({ a: undefined })).toThrow(ValueRefused);
  });
});

describe('tags', () => {
  const LITERALS = [
    "(1, [2], {3}, frozenset({4}), {'a': 1, 5: (6,)})",
    "{'$a': 1, '__proto__': 2}",
    '123456789012345678901234567890',
    "[1.0, 1.5, -0.0, float('inf'), float('-inf'), 1e300]",
    "(b'\\x00\\xff', bytearray(b'x'))",
    "'\\ud83d\\ude00'",
    'datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=-2, minutes=-30)))',
    'datetime.datetime(2026, 1, 2, 3, 4, fold=1)',
    "datetime.datetime(2026, 1, 2, tzinfo=ZoneInfo('Europe/Berlin'))",
    '(datetime.date(1, 1, 1), datetime.time(1, 2, 3, 4), datetime.time(5, 6, tzinfo=timezone.utc))',
    'timedelta(-1, 2, 3)',
    "(Decimal('1.10'), Fraction(-1, 3), 1+2.5j, UUID('12345678-1234-5678-1234-567812345678'))",
  ];
  it.each(LITERALS)('%s goes to JSON and back', literal => {
    const node = parseLiteral(literal);
    const json = toTaggedJson(node);
    expect(fromTaggedJson(json)).toEqual(node);
    expect(parseTaggedJson(JSON.stringify(json))).toEqual(node);
  });

  it.each([
    ['{"$object": {"class": "os.system", "args": ["x"]}}', /only data/],
    ['{"$global": "os.system"}', /only data/],
    ['{"$cut": null, "of": 3}', /left out/],
    ['{"$ref": 1}', /inside itself/],
    ['{"$foo": 1}', /no tag/],
    ['{"$tuple": [1], "x": 2}', /other keys/],
    ['{"$date": "2026-13-01"}', /month must be/],
    ['[{"$int": "x"}]', /column 2: .*digits/],
    ['{"$datetime": "now"}', /reads like/],
    ['{"$bytes": "!"}', /base64/],
    ['{"$dict": [[1]]}', /pairs/],
  ] as [string, RegExp][])('%s is refused', (json, reason) => {
    expect(() => parseTaggedJson(json)).toThrow(LiteralError);
    expect(() => parseTaggedJson(json)).toThrow(reason);
  });
});
