import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reprText } from '../../../../src/codecs/python';
import { parseLiteral } from '../../../../src/codecs/python/literal';
import { scanOpcodes } from '../../../../src/codecs/python/opcodes';
import { PatchError, type Patched, type PatchStep, replaceValue, setKey } from '../../../../src/codecs/python/patch';
import { readPickle } from '../../../../src/codecs/python/reader';
import { PyDict, PyList, PyTuple } from '../../../../src/codecs/python/value';
import { PickleWriteError, writePickle } from '../../../../src/codecs/python/write';
import { cpython } from './cpython';

interface Case {
  readonly pickle: string;
  readonly path: readonly (string | number | { key: string } | { state: true })[];
  readonly kind: 'replace' | 'set';
  readonly key: string | null;
  readonly value: string;
  readonly shared: boolean;
}

function patch(made: Case): Patched {
  const bytes = Buffer.from(made.pickle, 'base64');
  const path = made.path.map(
    (step): PatchStep => (typeof step === 'object' && 'key' in step ? { key: parseLiteral(step.key) } : step),
  );
  const value = parseLiteral(made.value);
  return made.key === null ? replaceValue(bytes, path, value) : setKey(bytes, path, parseLiteral(made.key), value);
}

/** Without what was put in, and apart from the lengths of frames, nothing differs. */
function expectOnlyInserted(before: Buffer, { bytes, inserted, insertedAt }: Patched): void {
  expect(bytes.subarray(insertedAt, insertedAt + inserted.length)).toEqual(inserted);
  const rest = Buffer.concat([bytes.subarray(0, insertedAt), bytes.subarray(insertedAt + inserted.length)]);
  const differing: number[] = [];
  for (let at = 0; at < before.length; at++) {
    if (before[at] !== rest[at]) {
      differing.push(at);
    }
  }
  expect(rest.length).toBe(before.length);
  if (differing.length > 0) {
    const [first = 0] = differing;
    const frame =
      [...scanOpcodes(before)].findLast(op => op.opcode.name === 'FRAME' && op.offset < first)?.offset ?? -9;
    expect((differing.at(-1) ?? 0) - frame).toBeLessThanOrEqual(8);
    expect(bytes.readBigUInt64LE(frame + 1) - before.readBigUInt64LE(frame + 1)).toBe(BigInt(inserted.length));
  }
}

describe('against the machine’s CPython', () => {
  const made = cpython<Case[]>('./make_patches.py', { seed: 4, count: 1200 });

  it('one change, and every other byte stays', () => {
    const patched: (Case & { patched: string })[] = [];
    let refused = 0;
    for (const one of made) {
      try {
        const result = patch(one);
        expectOnlyInserted(Buffer.from(one.pickle, 'base64'), result);
        expect(one.shared).toBe(false);
        patched.push({ ...one, patched: result.bytes.toString('base64') });
      } catch (error) {
        if (!(error instanceof PatchError && one.shared)) {
          throw error;
        }
        expect(error.message).toMatch(/is stored once and used in \d+ places/);
        refused++;
      }
    }
    expect(cpython('./check_patches.py', patched)).toEqual([]);
    expect(patched.length).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(5);
    expect(new Set(patched.map(one => one.kind)).size).toBe(2);
  });
});

describe('a patch', () => {
  const RQ = writePickle(parseLiteral("('tasks.add', None, (1, 2), {'a': [1]})"), { protocol: 4 });

  it.each([
    [[2, 0], '7', "('tasks.add', None, (7, 2), {'a': [1]})"],
    [[3, 'a', 0], "'x'", "('tasks.add', None, (1, 2), {'a': ['x']})"],
    [[3], '{}', "('tasks.add', None, (1, 2), {})"],
    [[], 'None', 'None'],
  ] as [PatchStep[], string, string][])('of %j', (path, value, expected) => {
    const { bytes } = replaceValue(RQ, path, parseLiteral(value));
    expect(reprText(readPickle(bytes).root)).toBe(expected);
  });

  it('reaches the arguments of an object', () => {
    const bytes = writePickle(parseLiteral('[Fraction(1, 3), UUID(int=5)]'), { protocol: 4 });
    expect(reprText(readPickle(replaceValue(bytes, [0, { argument: 1 }], 7).bytes).root)).toContain('Fraction(1, 7)');
    const uuid = replaceValue(bytes, [1, { state: true }, 'int'], 6).bytes;
    expect(reprText(readPickle(uuid).root)).toContain("UUID('00000000-0000-0000-0000-000000000006')");
  });

  it('of a protocol 2 pickle holds nothing newer', () => {
    const bytes = writePickle(parseLiteral("{'a': 1}"), { protocol: 2 });
    const { inserted } = setKey(bytes, [], 'b', parseLiteral("(b'x', 'y')"));
    expect(inserted.toString('latin1')).toContain('c_codecs\nencode\n');
    expect(inserted.includes(0x8c)).toBe(false);
  });

  it('applies to what was patched before', () => {
    let bytes = Buffer.from(
      '8005951100000000000000 7d9428 8c0161 944b01 8c0162 944b02 752e'.replaceAll(' ', ''),
      'hex',
    );
    bytes.writeBigUInt64LE(BigInt(bytes.length - 11), 3);
    for (let i = 0; i < 50; i++) {
      bytes = Buffer.from(setKey(bytes, [], 'a', i).bytes);
      bytes = Buffer.from(setKey(bytes, [], `k${i}`, i).bytes);
    }
    const root = readPickle(bytes).root as PyDict;
    expect([root.size, root.get('a'), root.get('k49')]).toEqual([52, 49, 49]);
    const ok = cpython('./check_expressions.py', [
      ["v['a'] == 49 and len(v) == 52 and v['k0'] == 0", bytes.toString('base64')],
    ]);
    expect(ok).toEqual([]);
  });

  it('that leads nowhere is refused', () => {
    expect(() => replaceValue(RQ, [9], 1)).toThrow('[9] is not in the pickle');
    expect(() => replaceValue(RQ, [3, 'nope'], 1)).toThrow('[3]["nope"] is not in the pickle');
    expect(() => replaceValue(RQ, [0, 'x'], 1)).toThrow(PatchError);
    expect(() => setKey(RQ, [2], 'x', 1)).toThrow(/in a dict only/);
    const cyclic = new PyList();
    cyclic.items.push(cyclic);
    expect(() => replaceValue(RQ, [1], cyclic)).toThrow(PickleWriteError);
  });

  it('of a shared list changes it everywhere, of a shared tuple is refused', () => {
    const list = new PyList([1]);
    const tuple = new PyTuple([1, 2, 3, 4]);
    const bytes = writePickle(new PyDict().set('a', list).set('b', list).set('c', tuple).set('d', tuple), {
      protocol: 4,
    });
    expect(reprText(readPickle(replaceValue(bytes, ['b', 0], 9).bytes).root)).toContain("'a': [9], 'b': [9]");
    expect(() => replaceValue(bytes, ['d', 0], 9)).toThrow(/used in 2 places/);
    expect(reprText(readPickle(replaceValue(bytes, ['d'], 9).bytes).root)).toContain("'c': (1, 2, 3, 4), 'd': 9");
  });
});

it('of any bytes: PatchError or a pickle that still reads', () => {
  const base = cpython<Case[]>('./make_patches.py', { seed: 9, count: 60 }).filter(one => one.pickle.length < 4000);
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (pick, damage) => {
      const one = base[pick % base.length] as Case;
      const bytes = Buffer.from(one.pickle, 'base64');
      for (const [at, byte] of damage) {
        bytes[at % bytes.length] = byte;
      }
      try {
        patch({ ...one, pickle: bytes.toString('base64') });
      } catch (error) {
        expect(error).toBeInstanceOf(PatchError);
      }
    }),
    { numRuns: 4000 },
  );
});
