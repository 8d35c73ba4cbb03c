import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LiteralError,
  parseArguments,
  parseKeywordArguments,
  parseLiteral,
} from '../../../../src/codecs/python/literal';
import { writePickle } from '../../../../src/codecs/python/write';
import { cpython } from './cpython';

/** Every type that a literal may name, in every form of its arguments. */
const CALLS = [
  'set()',
  'set([1, 2])',
  'frozenset()',
  'frozenset({1, (2, 3)})',
  'list((1, 2))',
  'tuple([1])',
  'dict()',
  "dict(a=1, b={'x': None})",
  "dict({'a': 1}, b=2)",
  "dict([('a', 1), (2, 3)])",
  "bytes(b'x')",
  'bytearray()',
  "bytearray(b'\\x00\\xff')",
  "float('nan')",
  "float('-inf')",
  "float(' Infinity ')",
  "float('1e3')",
  'float(3)',
  "-float('inf')",
  'complex(1, -2.5)',
  'complex(imag=1)',
  '-3j',
  '-1.5-2j',
  'range(3)',
  'range(1, 10, -2)',
  "OrderedDict([('b', 1), ('a', 2)])",
  "collections.OrderedDict({'b': 1})",
  'OrderedDict()',
  'deque([1, 2])',
  'collections.deque([1, 2, 3], maxlen=2)',
  'deque([], 0)',
  "Counter({'a': 2})",
  "PurePosixPath('/a/b')",
  "pathlib.PurePosixPath('c')",
  'datetime.date(2024, 2, 29)',
  'date(year=1, month=1, day=1)',
  'datetime.datetime(2026, 1, 2)',
  'datetime.datetime(2026, 1, 2, 3, 4, 5, 999999)',
  'datetime.datetime(9999, 12, 31, hour=23, fold=1)',
  'datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.timezone.utc)',
  'datetime.datetime(2026, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=2)))',
  "datetime.datetime(2026, 6, 2, 3, 4, tzinfo=ZoneInfo('Europe/Berlin'))",
  "datetime.datetime(2026, 6, 2, tzinfo=zoneinfo.ZoneInfo(key='America/Argentina/Buenos_Aires'))",
  'datetime.time()',
  'time(1, 2, 3, 4, fold=1)',
  'datetime.time(23, 59, tzinfo=datetime.timezone.utc)',
  'datetime.timezone.utc',
  "datetime.timezone(datetime.timedelta(days=-1, seconds=68400), 'EST')",
  'timedelta()',
  'timedelta(1)',
  'timedelta(-1, 3, -7)',
  'timedelta(days=1, hours=-25, weeks=2, minutes=3, milliseconds=1500)',
  'timedelta(days=0.1, seconds=1/3)'.replace('1/3', '0.3333333333333333'),
  'timedelta(microseconds=0.5)',
  'timedelta(microseconds=1.5)',
  'timedelta(microseconds=-2.5, milliseconds=0.0005)',
  'timedelta(seconds=0.0000005)',
  'datetime.timedelta(hours=1e-9, days=1.23456789)',
  "Decimal('1.10')",
  "decimal.Decimal('-1E+3')",
  "Decimal('0E-10')",
  "Decimal('.5')",
  "Decimal(' 1_000.50 ')",
  "Decimal('-0')",
  "Decimal('sNaN0123')",
  "Decimal('-Infinity')",
  "Decimal('123e-20')",
  "Decimal('123e5')",
  'Decimal(12345678901234567890123)',
  'Fraction(6, -4)',
  "Fraction('1/3')",
  'fractions.Fraction(7)',
  "UUID('12345678-1234-5678-1234-567812345678')",
  "uuid.UUID('{urn:uuid:12345678123456781234567812345678}')",
  "UUID(hex='00000000000000000000000000000001')",
  'UUID(int=1)',
  'Ellipsis',
];

it.each([2, 4] as const)('every call means what Python means by it (protocol %d)', protocol => {
  const pickles = CALLS.map(text => [text, writePickle(parseLiteral(text), { protocol }).toString('base64')]);
  expect(cpython('./check_pickles.py', pickles)).toEqual([]);
});

it('floats of timedelta are rounded as CPython rounds them', () => {
  const random = fc.sample(
    fc.record({
      days: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      seconds: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
      microseconds: fc.integer({ min: -9, max: 9 }).map(n => n / 2),
      minutes: fc.integer({ min: -100, max: 100 }),
    }),
    { numRuns: 400, seed: 7 },
  );
  const texts = random.map(parts => {
    const float = (n: number) => (Number.isInteger(n) ? n.toFixed(1) : String(n));
    return `timedelta(days=${float(parts.days)}, seconds=${float(parts.seconds)}, microseconds=${float(parts.microseconds)}, minutes=${parts.minutes})`;
  });
  const pickles = texts.map(text => [text, writePickle(parseLiteral(text), { protocol: 4 }).toString('base64')]);
  expect(cpython('./check_pickles.py', pickles)).toEqual([]);
});

describe('a wrong literal says where and why', () => {
  const WRONG: [string, number, number, RegExp][] = [
    ['', 1, 1, /ends where a value was expected/],
    ['true', 1, 1, /true is JSON’s; Python writes True/],
    ['{"a": null}', 1, 7, /None/],
    ['[1,\n 2,\n nan]', 3, 2, /float\('nan'\)/],
    ['tasks.add', 1, 1, /names of your code/],
    ['open("x")', 1, 1, /none of the types/],
    ['os.system("x")', 1, 1, /none of the types/],
    ['(1, 2', 1, 6, /, or \) was expected/],
    ['[1 2]', 1, 4, /, or \] was expected here, not a number/],
    ['1 2', 1, 3, /the value ends before a number/],
    ['{1: 2, 3}', 1, 9, /: was expected/],
    ['{[1]: 2}', 1, 2, /cannot hash/],
    ['{(1, {2}): 3}', 1, 2, /a set can be no key/],
    ['1 + 2', 1, 3, /a sum is no literal/],
    ["'a' + 'b'", 1, 5, /complex/],
    ["'abc", 1, 1, /no closing '/],
    ["'''abc", 1, 1, /no closing '''/],
    ["'a' b'b'", 1, 5, /side by side/],
    ["b'é'", 1, 3, /ASCII only/],
    ["f'{x}'", 1, 1, /f-string/],
    ["'\\N{BULLET}'", 1, 2, /list of names/],
    ["'\\x4'", 1, 2, /two hexadecimal/],
    ["'\\U00110000'", 1, 2, /last code point/],
    ['0777', 1, 1, /0o/],
    ['1__0', 1, 1, /no number/],
    ['12abc', 1, 1, /no number/],
    ['9'.repeat(4301), 1, 1, /4300/],
    ['“a”', 1, 1, /no quote in Python/],
    ['<Foo object at 0x7f>', 1, 1, /only describes an object/],
    ['-True', 1, 2, /sign/],
    ['*a', 1, 1, /unpacking/],
    ['[x for x in y]', 1, 2, /name/],
    ['datetime.date(2023, 2, 29)', 1, 1, /day of 2023-2 must be in 1..28/],
    ['datetime.datetime(2026, 1, 2, 24)', 1, 1, /hour must be in 0..23/],
    ['datetime.date(2023, 2)', 1, 1, /day is missing/],
    ['datetime.date(2023, 2, 1, 4)', 1, 27, /at most 3/],
    ['timedelta(year=1)', 1, 11, /no argument year/],
    ['timedelta(days=1, days=2)', 1, 19, /given twice/],
    ['datetime.datetime(2026, 1, 2, tzinfo=5)', 1, 1, /tzinfo/],
    ['timezone(timedelta(days=1))', 1, 1, /less than 24 hours/],
    ["ZoneInfo('../etc/passwd')", 1, 1, /name of a time zone/],
    ['Decimal(1.1)', 1, 1, /as text/],
    ["Decimal('1.1.1')", 1, 1, /no Decimal/],
    ["UUID('xyz')", 1, 1, /32 hexadecimal/],
    ['Fraction(1, 0)', 1, 1, /must not be 0/],
    [`${'('.repeat(201)}${')'.repeat(201)}`, 1, 201, /200 brackets/],
  ];
  it.each(WRONG)('%j', (text, line, column, reason) => {
    let caught: unknown;
    try {
      parseLiteral(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(LiteralError);
    const error = caught as LiteralError;
    expect(error.reason).toMatch(reason);
    expect([error.line, error.column]).toEqual([line, column]);
    expect(error.message).toBe(`line ${line}, column ${column}: ${error.reason}`);
  });
});

describe('fields for arguments', () => {
  const ARGUMENTS: [string, string][] = [
    ['', '()'],
    ['1', '(1,)'],
    ['1, 2', '(1, 2)'],
    ['(1, 2)', '(1, 2)'],
    ['(1)', '(1,)'],
    ['[1, 2]', '(1, 2)'],
    ['([1, 2],)', '([1, 2],)'],
    ['(1, 2), 3', '((1, 2), 3)'],
    ["'a' 'b',", "('ab',)"],
  ];
  it.each(ARGUMENTS)('%j are %s', (text, meant) => {
    expect(parseArguments(text)).toEqual(parseLiteral(meant));
  });

  const KEYWORDS: [string, string][] = [
    ['', '{}'],
    [' # nothing', '{}'],
    ["a=1, b='x'", "{'a': 1, 'b': 'x'}"],
    ['a = [1,\n 2],', "{'a': [1, 2]}"],
    ["{'a': 1, 'not a name': 2}", "{'a': 1, 'not a name': 2}"],
    ['dict(a=1)', "{'a': 1}"],
    ['größe=1', "{'größe': 1}"],
  ];
  it.each(KEYWORDS)('%j are the keyword arguments %s', (text, meant) => {
    expect(parseKeywordArguments(text)).toEqual(parseLiteral(meant));
  });

  it.each([
    ['1', 1, /keyword arguments were expected/],
    ['a=1, 2', 6, /without a name/],
    ['a=1, a=2', 6, /given twice/],
    ['{1: 2}', 1, /must be text/],
    ['class=1', 1, /word of Python's own/],
    ['a=1 b=2', 5, /the value ends before/],
    ['a', 1, /names of your code/],
  ] as [string, number, RegExp][])('%j are none', (text, column, reason) => {
    expect(() => parseKeywordArguments(text)).toThrow(reason);
    expect(() => parseKeywordArguments(text)).toThrow(`column ${column}:`);
  });

  it('keyword arguments among positional ones are pointed out', () => {
    expect(() => parseArguments('1, a=2')).toThrow(/column 4: .*names of your code/);
  });
});

it('never throws anything but LiteralError', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      '[',
      '{',
      '}',
      ',',
      ':',
      "'",
      '"',
      '\\',
      'b',
      '1',
      '-',
      '.',
      'e',
      'j',
      '_',
      '=',
      'set',
      'datetime.date',
      'None',
      '\n',
      '#',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      for (const read of [parseLiteral, parseArguments, parseKeywordArguments]) {
        try {
          read(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(LiteralError);
        }
      }
    }),
    { numRuns: 5000 },
  );
});

it.each([
  ["'", "'", '\\x41'],
  ['(', ')', '1,'],
  ['', '', '#\n'],
  ['"""', '"""', '"a'],
  ["b'", "'", '\\0'],
  ['0x', '', 'f_f'],
  ['', '', "'a' "],
])('a megabyte between %j and %j of %j takes linear time', (left, right, body) => {
  const text = left + body.repeat(1_000_000 / body.length) + right;
  const started = performance.now();
  try {
    parseLiteral(text);
  } catch (error) {
    expect(error).toBeInstanceOf(LiteralError);
  }
  expect(performance.now() - started).toBeLessThan(8000);
});
