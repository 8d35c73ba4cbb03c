import { describe, expect, it } from 'vitest';
import { parseLiteral } from '../../../../src/codecs/python/literal';
import { readPickle } from '../../../../src/codecs/python/reader';
import { reprText } from '../../../../src/codecs/python/repr';
import { writePickle } from '../../../../src/codecs/python/write';
import { cpython } from './cpython';

describe('a pickle of Python that is read and written again', () => {
  const made = cpython<{ pickle: string }[]>('./make_patches.py', { seed: 77, count: 700 });

  it.each([2, 4] as const)('loads to the same value (protocol %d)', protocol => {
    const pairs = made.map(({ pickle }) => {
      const { root } = readPickle(Buffer.from(pickle, 'base64'));
      return [pickle, writePickle(root, { protocol }).toString('base64')];
    });
    expect(cpython('./check_same.py', pairs)).toEqual([]);
  });
});

it.each([
  "('tasks.add', None, (1, -2.5, 10000000000000000000000), {'a': [True, None, b'\\x00\\xff', '\\ud800']})",
  "[{1, 2}, frozenset({3}), set(), frozenset(), bytearray(b'x'), ..., (1,), ()]",
  'datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc, fold=1)',
  "datetime.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo(key='Europe/Berlin'))",
  "datetime.time(1, 2, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=68400), 'EST'))",
  '(datetime.date(2026, 1, 2), datetime.timedelta(days=-1, seconds=3, microseconds=4))',
  "(Decimal('1.10'), Fraction(-1, 3), (1-2.5j), UUID('12345678-1234-5678-1234-567812345678'))",
  "OrderedDict([('a', 1), ((2, 3), None)])",
  'deque([1, 2], maxlen=3)',
  "Counter({'a': 2})",
  "[range(0, 3), range(1, 10, 2), PurePosixPath('/a/b')]",
])('what is shown can be typed: %s', text => {
  const node = parseLiteral(text);
  expect(reprText(parseLiteral(reprText(node)))).toBe(reprText(node));
  expect(parseLiteral(reprText(node))).toEqual(node);
});
