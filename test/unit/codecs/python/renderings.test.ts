import { describe, expect, it } from 'vitest';
import {
  callText,
  isoDatetime,
  type JsonValue,
  PyBytes,
  PyCall,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyList,
  type PyNode,
  PySet,
  PyTuple,
  readPickle,
  renderRepr,
  reprRow,
  reprText,
  toTaggedJson,
  treeAt,
  treeChildren,
  treeRoot,
} from '../../../../src/codecs/python';

const tuple = (...items: PyNode[]): PyTuple => new PyTuple(items);
const list = (...items: PyNode[]): PyList => new PyList(items);
const dict = (...pairs: [PyNode, PyNode][]): PyDict =>
  pairs.reduce((made, [key, value]) => made.set(key, value), new PyDict());
const reduce = (name: string, ...args: PyNode[]): PyCall => {
  const dot = name.lastIndexOf('.');
  return new PyCall('reduce', new PyGlobal(name.slice(0, dot), name.slice(dot + 1)), args);
};
const moment = (...bytes: number[]): PyCall => reduce('datetime.datetime', new PyBytes(Uint8Array.from(bytes)));
const NOON = [7, 234, 1, 2, 12, 0, 0, 0, 0, 0];

describe('a row', () => {
  it.each<[PyNode, number, string]>([
    [list(1, 2, 3), 20, '[1, 2, 3]'],
    [list(...Array.from({ length: 50 }, (_, i) => i)), 20, '[0, 1, 2, 3, 4, …]'],
    [tuple('a'.repeat(100), 'EUR'), 40, "('aaaaaaaaaaaaaaaaaaaa…', 'EUR')"],
    ['x'.repeat(100), 20, "'xxxxxxxxxx…'"],
    ['\n'.repeat(100), 20, "'\\n\\n\\n\\n\\n…'"],
    [dict(['id', 7], ['name', 'a long name of a customer']), 30, "{'id': 7, 'name': 'a long n…'}"],
    [list(list(list(list(1, 2, 3, 4, 5, 6, 7)))), 16, '[[[[1, 2, …]]]]'],
    [new PyBytes(Buffer.alloc(100)), 20, "b'\\x00\\x00…'"],
    ['😀'.repeat(30), 12, "'😀😀😀😀…'"],
  ])('%# of %i characters', (node, max, text) => {
    const row = reprRow(node, max);
    expect(row.length).toBeLessThanOrEqual(max);
    expect(row.isWellFormed()).toBe(true);
    expect(row).toBe(text);
  });

  it('says whether it is cut', () => {
    expect(renderRepr(list(1, 2), { max: 6 })).toEqual({ text: '[1, 2]', cut: false });
    expect(renderRepr(list(1, 2, 3, 4), { max: 8 }).cut).toBe(true);
  });
});

describe('the text of a call', () => {
  it.each<[PyNode, PyNode, string]>([
    [tuple(4821, 'EUR'), dict(['retry', true]), "(4821, 'EUR', retry=True)"],
    [tuple(), dict(), '()'],
    [null, null, '()'],
    [tuple(1), null, '(1)'],
    [list(1, 2), dict(['a', list()]), '(1, 2, a=[])'],
    [tuple(), dict(['größe', 1]), '(größe=1)'],
    [tuple(1), dict(['not a name', 2]), "(1, **{'not a name': 2})"],
    [tuple(1), dict([3, 4]), '(1, **{3: 4})'],
    ['text', null, "(*'text')"],
  ])('%#', (args, kwargs, text) => {
    expect(callText(args, kwargs)).toBe(text);
  });

  it('is cut like a row', () => {
    expect(callText(tuple('a'.repeat(99), 2), dict(['b', 3]), 40)).toBe("('aaaaaaaaaaaaaaaaaaaa…', 2, b=3)");
  });
});

describe('deep and shared values', () => {
  it('are followed 1,000 containers down and marked beyond', () => {
    let deep: PyNode = 1;
    for (let i = 0; i < 1001; i++) deep = list(deep);
    expect(renderRepr(deep).cut).toBe(true);
    expect(reprText(deep)).toBe(`${'['.repeat(1000)}…${']'.repeat(1000)}`);
    let less: PyNode = 1;
    for (let i = 0; i < 990; i++) less = list(less);
    expect(reprText(less)).toBe(`${'['.repeat(990)}1${']'.repeat(990)}`);
  });

  it('are written as often as they appear, as far as there is room', () => {
    let doubled: PyNode = 'lol';
    for (let i = 0; i < 100; i++) doubled = list(doubled, doubled);
    const { text, cut } = renderRepr(doubled, { max: 100_000 });
    expect(cut).toBe(true);
    expect(text.length).toBeLessThanOrEqual(100_000);
    expect(JSON.stringify(toTaggedJson(doubled, { maxNodes: 1000 })).length).toBeLessThan(50_000);
  });
});

describe('tagged JSON', () => {
  const self = list(1);
  self.items.push(dict(['me', self]));
  it.each<[string, PyNode, JsonValue]>([
    ['plain values', list(null, true, 1, 'a', new PyFloat(1.5)), [null, true, 1, 'a', 1.5]],
    ['whole floats', list(new PyFloat(1), new PyFloat(-0)), [{ $float: '1.0' }, { $float: '-0.0' }]],
    [
      'odd floats',
      list(new PyFloat(Number.NaN), new PyFloat(Number.NEGATIVE_INFINITY)),
      [{ $float: 'nan' }, { $float: '-inf' }],
    ],
    ['large ints', 2n ** 64n, { $int: '18446744073709551616' }],
    ['bytes', new PyBytes(Buffer.from([0, 255])), { $bytes: 'AP8=' }],
    [
      'tuples and sets',
      tuple(new PySet([1]), new PyFrozenSet(['a'])),
      { $tuple: [{ $set: [1] }, { $frozenset: ['a'] }] },
    ],
    ['dicts', dict(['a', 1], ['b', tuple()]), { a: 1, b: { $tuple: [] } }],
    [
      'dicts of other keys',
      dict([1, 'a'], [tuple(2), 'b']),
      {
        $dict: [
          [1, 'a'],
          [{ $tuple: [2] }, 'b'],
        ],
      },
    ],
    ['what looks like a tag', dict(['$tuple', list(1)]), { $dict: [['$tuple', [1]]] }],
    ['__proto__', dict(['__proto__', dict(['polluted', 1])]), { $dict: [['__proto__', { polluted: 1 }]] }],
    ['names', new PyGlobal('__builtin__', 'unicode'), { $global: 'builtins.str' }],
    ['datetimes', moment(...NOON), { $datetime: '2026-01-02T12:00:00' }],
    ['dates', reduce('datetime.date', new PyBytes(Uint8Array.from([7, 234, 1, 2]))), { $date: '2026-01-02' }],
    ['durations', reduce('datetime.timedelta', 1, 2, 3), { $timedelta: { days: 1, seconds: 2, microseconds: 3 } }],
    ['decimals', reduce('decimal.Decimal', '1.10'), { $decimal: '1.10' }],
    ['unknown objects', reduce('shop.Order', 1), { $object: { class: 'shop.Order', args: [1] } }],
    ['a list in itself', self, [1, { me: { $ref: 2 } }]],
  ])('%s', (_, node, json) => {
    expect(toTaggedJson(node)).toEqual(json);
  });

  it('tells the offset of a datetime or names its zone', () => {
    const bytes = new PyBytes(Uint8Array.from(NOON));
    const utc = reduce('datetime.timezone', reduce('datetime.timedelta', 0, 0, 0));
    const west = reduce('datetime.timezone', reduce('datetime.timedelta', -1, 68_400, 0));
    const berlin = reduce('zoneinfo.ZoneInfo._unpickle', 'Europe/Berlin', 1);
    expect(toTaggedJson(reduce('datetime.datetime', bytes, utc))).toEqual({ $datetime: '2026-01-02T12:00:00+00:00' });
    expect(isoDatetime(reduce('datetime.datetime', bytes, west))).toBe('2026-01-02T12:00:00-05:00');
    expect(
      toTaggedJson(reduce('datetime.datetime', bytes, reduce('pytz._p', 'Europe/Berlin', 3600, 0, 'CET'))),
    ).toEqual({
      $datetime: '2026-01-02T12:00:00+01:00',
      zone: 'Europe/Berlin',
    });
    expect(toTaggedJson(reduce('datetime.datetime', bytes, berlin))).toMatchObject({
      $datetime: '2026-01-02T12:00:00',
    });
  });

  it('says what it leaves out', () => {
    expect(toTaggedJson(list(1, 2, 3), { maxNodes: 3 })).toEqual([1, 2, { $cut: null, of: 3 }]);
    expect(toTaggedJson('abcdef', { maxText: 4 })).toEqual({ $cut: 'abcd', of: 6 });
  });
});

describe('a tree', () => {
  const order = new PyCall('newobj', new PyGlobal('shop.models', 'Order'), []);
  order.state = dict(['id', 7], ['lines', list('a', 'b')]);
  const root = dict(['order', order], [tuple(1, 2), moment(...NOON)]);

  it('unfolds step by step', () => {
    const top = treeRoot(root, 'kwargs');
    expect(top).toMatchObject({ path: '', label: 'kwargs', type: 'dict', children: 2 });
    const [first, second] = treeChildren(top);
    expect(first).toMatchObject({ path: '0', label: "'order'", type: 'shop.models.Order', children: 2 });
    expect(second).toMatchObject({
      label: '(1, 2)',
      type: 'datetime',
      text: 'datetime.datetime(2026, 1, 2, 12, 0)',
      children: 0,
    });
    const lines = treeChildren(first!)[1]!;
    expect(lines).toMatchObject({ path: '0/1', label: 'lines', type: 'list', text: "['a', 'b']" });
    expect(treeChildren(lines, 1, 5).map(({ path, label, text }) => [path, label, text])).toEqual([
      ['0/1/1', '1', "'b'"],
    ]);
  });

  it('finds an item by its path, and nothing where there is none', () => {
    expect(treeAt(root, '0/1/0')).toMatchObject({ path: '0/1/0', label: '0', text: "'a'" });
    for (const path of ['5', '0/9', '0/1/0/0', 'x', '0//1', '-1']) expect(treeAt(root, path)).toBeUndefined();
  });

  it('unfolds a value in itself without end', () => {
    const { root: loop } = readPickle(Buffer.from('\x80\x02]q\x00h\x00a.', 'latin1'));
    expect(treeAt(loop, Array(50).fill('0').join('/'))).toMatchObject({ text: '[[...]]', children: 1 });
  });
});
