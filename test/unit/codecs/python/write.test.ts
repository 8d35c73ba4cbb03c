import { describe, expect, it } from 'vitest';
import { parseLiteral } from '../../../../src/codecs/python/literal';
import {
  PyBuffer,
  PyByteArray,
  PyBytes,
  PyCall,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyList,
  type PyNode,
  PySet,
  PyStr2,
  PyTuple,
} from '../../../../src/codecs/python/value';
import { PickleWriteError, writePickle, writeValueOpcodes } from '../../../../src/codecs/python/write';
import { cpython } from './cpython';

const PROTOCOLS = [2, 4] as const;

function holds(cases: readonly (readonly [expression: string, node: PyNode])[]): void {
  for (const protocol of PROTOCOLS) {
    const pickles = cases.map(([expression, node]) => [expression, writePickle(node, { protocol }).toString('base64')]);
    expect(cpython('./check_expressions.py', pickles)).toEqual([]);
  }
}

describe('identity', () => {
  it('keeps what is shared, shared', () => {
    const list = new PyList([1]);
    const tuple = new PyTuple([list, 2, 3, 4]);
    const bytes = new PyByteArray(Buffer.from('x'));
    holds([
      ['v[0] is v[1] and v[0] == [1]', new PyList([list, list])],
      [
        "v['a'] is v['b'][0] and v['a'][0] is v['c']",
        new PyDict()
          .set('a', tuple)
          .set('b', new PyList([tuple]))
          .set('c', list),
      ],
      ['v[0] is v[1] and v[0] == bytearray(b"x")', new PyTuple([bytes, bytes])],
      ['v[0] is v[1] and v[0] == {1}', tupleOfTwo(new PySet([1]))],
      ['v[0] is v[1] and v[0] == frozenset([1])', tupleOfTwo(new PyFrozenSet([1]))],
      ['v[0] is v[1] and v[0].year == 2026', tupleOfTwo(parseLiteral('datetime.date(2026, 1, 2)'))],
    ]);
  });

  it('keeps cycles', () => {
    const list = new PyList();
    list.items.push(list);
    const dict = new PyDict();
    dict.set('self', new PyTuple([dict]));
    const inner = new PyList();
    const tuple = new PyTuple([inner]);
    inner.items.push(tuple);
    const innerOfLong = new PyList();
    const long = new PyTuple([1, 2, 3, innerOfLong]);
    innerOfLong.items.push(long);
    const call = new PyCall('reduce', new PyGlobal('collections', 'OrderedDict'), []);
    call.dictItems = new PyDict().set('self', call);
    holds([
      ['v[0] is v', list],
      ["v['self'][0] is v", dict],
      ['v[0][0] is v and type(v) is tuple', tuple],
      ['v[3][0] is v and len(v) == 4', long],
      ["v['self'] is v", call],
    ]);
  });

  it('writes 300 shared lists: more than one byte of memo index', () => {
    const lists = Array.from({ length: 300 }, (_, index) => new PyList([index]));
    holds([['len(v) == 600 and all(v[i] is v[i + 300] for i in range(300))', new PyList([...lists, ...lists])]]);
  });
});

function tupleOfTwo(node: PyNode): PyTuple {
  return new PyTuple([node, node]);
}

it('writes every size of every opcode', () => {
  const ints = [0, 1, 255, 256, 65535, 65536, -1, -128, -129, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1];
  const bigs = [
    2n ** 63n,
    -(2n ** 63n),
    2n ** 64n - 1n,
    -(2n ** 64n),
    2n ** 2047n,
    2n ** 2048n,
    -(2n ** 2040n),
    127n ** 99n,
  ];
  const all = [...ints, 2 ** 53 - 1, -(2 ** 53 - 1), ...bigs];
  const big = 'é'.repeat(200);
  holds([
    ...all.map((n): [string, PyNode] => [`v == ${n} and type(v) is int`, n]),
    ['v == "x" * 255', 'x'.repeat(255)],
    ['v == "x" * 256', 'x'.repeat(256)],
    ['v == "é" * 200', big],
    ['v == b"y" * 300', new PyBytes(Buffer.alloc(300, 'y'))],
    ['v == b""', new PyBytes(Buffer.alloc(0))],
    ['v == bytes(range(256))', new PyBytes(Uint8Array.from({ length: 256 }, (_, i) => i))],
    ['v == "\\ud800"', '\ud800'],
    ['v == [0] * 5000', new PyList(Array.from({ length: 5000 }, () => 0))],
    ['v != v and type(v) is float', new PyFloat(Number.NaN)],
  ]);
});

it('writes names, classes and objects with state', () => {
  const error = new PyCall('reduce', new PyGlobal('builtins', 'ValueError'), ['x']);
  error.state = new PyDict().set('note', 1);
  const complex = new PyCall(
    'newobj_ex',
    new PyGlobal('builtins', 'complex'),
    [],
    new PyDict().set('imag', new PyFloat(2)),
  );
  holds([
    ['v.__name__ == "fromkeys"', new PyGlobal('collections', 'OrderedDict.fromkeys')],
    ['type(v) is ValueError and v.note == 1 and v.args == ("x",)', error],
    ['v is range', new PyGlobal('builtins', 'range')],
    ['v is __import__("queue").Queue', new PyGlobal('queue', 'Queue')],
  ]);
  const p4 = writePickle(complex, { protocol: 4 });
  expect(cpython('./check_expressions.py', [['v == 2j', p4.toString('base64')]])).toEqual([]);
  expect(() => writePickle(complex, { protocol: 2 })).toThrow(PickleWriteError);
});

it('protocol 2 uses the names of Python 2 and no newer opcode', () => {
  const node = parseLiteral("(b'x', {1}, bytearray(b'y'), 'é', range(3), frozenset())");
  const text = writePickle(node, { protocol: 2 }).toString('latin1');
  expect(text).toContain('c_codecs\nencode\n');
  expect(text).toContain('c__builtin__\nset\n');
  expect(text).toContain('c__builtin__\nxrange\n');
  expect(text).not.toContain('builtins\n'.replace('__', '\x00'));
  expect(text).not.toMatch(/cbuiltins/);
  expect(writePickle(new PyGlobal('builtins', 'KeyError'), { protocol: 2 }).toString()).toContain(
    'exceptions\nKeyError',
  );
});

it('is the smallest form: no FRAME, no memo', () => {
  expect(writePickle(parseLiteral("('f', None, (1, 300), {})"), { protocol: 4 }).toString('hex')).toBe(
    '8004288c0166' + '4e' + '4b014d2c0186' + '7d' + '742e',
  );
  expect(writePickle(new PyStr2(Buffer.from([0xe9])), { protocol: 2 }).toString('hex')).toBe('80025501e92e');
});

it('nests as deep as memory allows', () => {
  let node: PyNode = null;
  for (let depth = 0; depth < 200_000; depth++) {
    node = new PyList([node]);
  }
  expect(writePickle(node, { protocol: 4 }).length).toBeGreaterThan(600_000);
});

describe('opcodes for an existing pickle', () => {
  it('write shared values out', () => {
    const list = new PyList([1]);
    expect(writeValueOpcodes(new PyTuple([list, list]), { protocol: 4 }).toString('hex')).toBe(
      '5d284b01655d284b016586',
    );
  });

  it('refuse cycles and explosions', () => {
    const list = new PyList();
    list.items.push(new PyTuple([list]));
    expect(() => writeValueOpcodes(list, { protocol: 4 })).toThrow(PickleWriteError);
    let node: PyNode = new PyList([1]);
    for (let i = 0; i < 60; i++) {
      node = new PyList([node, node]);
    }
    expect(() => writeValueOpcodes(node, { protocol: 4 })).toThrow(/containers/);
    expect(writePickle(node, { protocol: 4 }).length).toBeLessThan(500);
  });
});

it('refuses what lies outside of the pickle', () => {
  expect(() => writePickle(new PyBuffer(0, false), { protocol: 4 })).toThrow(/buffer cannot be written/);
});
