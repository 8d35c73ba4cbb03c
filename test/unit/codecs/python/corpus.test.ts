import { beforeAll, describe, expect, it } from 'vitest';
import {
  PRINTABLE_UNICODE_VERSION,
  readPickle,
  renderRepr,
  reprRow,
  toTaggedJson,
  treeChildren,
  treeRoot,
} from '../../../../src/codecs/python';
import { OPCODES, scanOpcodes } from '../../../../src/codecs/python/opcodes';
import { HAND_MADE } from './hand-made';
import { runPython, type Sample, samplesOf } from './python';

/** Values from the machine's own Python, read here: the text must be Python's, character by character. */

const SEED = 20261121;
const COUNT = 4200;

describe('what CPython pickles', () => {
  let samples: Sample[] = [];

  beforeAll(async () => {
    samples = [...samplesOf(await runPython('corpus.py', String(SEED), String(COUNT)))];
  }, 120_000);

  it('is rendered as CPython prints it, in every protocol', () => {
    const wrong: string[] = [];
    const perProtocol = new Map<number, number>();
    for (const { label, protocol, repr, pickle } of samples) {
      perProtocol.set(protocol, (perProtocol.get(protocol) ?? 0) + 1);
      const document = readPickle(pickle);
      expect(document.end).toBe(pickle.length);
      expect(document.protocol).toBe(protocol < 2 ? 0 : protocol);
      const { text, cut } = renderRepr(document.root, { max: 16_000_000 });
      const expected = repr.toString();
      if (expected !== '\0inert' && (text !== expected || cut)) {
        wrong.push(`${label}, protocol ${protocol}\n${difference(expected, text)}`);
      }
    }
    console.log(
      `${samples.length} pickles of CPython (${[...perProtocol.values()].join(' + ')} by protocol), ${wrong.length} differ; printable by Unicode ${PRINTABLE_UNICODE_VERSION}`,
    );
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(samples.length).toBeGreaterThan(3000 + 180);
  }, 60_000);

  it('fits a row, a tree and JSON without loss of order', () => {
    for (const { pickle } of samples) {
      const { root } = readPickle(pickle);
      for (const max of [1, 2, 12, 60]) expect(reprRow(root, max).length).toBeLessThanOrEqual(max);
      const full = renderRepr(root).text;
      const row = reprRow(root, 5000);
      if (full.length <= 2500) expect(row).toBe(full);
      expect(() => JSON.parse(JSON.stringify(toTaggedJson(root)))).not.toThrow();
      const item = treeRoot(root);
      expect(treeChildren(item, 0, 20)).toHaveLength(Math.min(20, item.children));
    }
  }, 60_000);

  it('together with the hand-made pickles has every opcode', () => {
    const byPython = new Set<number>();
    const byHand = new Set<number>();
    for (const { pickle } of samples) for (const { opcode } of scanOpcodes(pickle)) byPython.add(opcode.byte);
    for (const { bytes } of HAND_MADE) for (const { opcode } of scanOpcodes(bytes)) byHand.add(opcode.byte);
    const covered = OPCODES.filter(({ byte }) => byPython.has(byte) || byHand.has(byte));
    const onlyByHand = covered.filter(({ byte }) => !byPython.has(byte)).map(({ name }) => name);
    const missing = OPCODES.filter(opcode => !covered.includes(opcode)).map(({ name }) => name);
    console.log(
      `opcodes covered: ${covered.length} of ${OPCODES.length}; ${byPython.size} written by CPython here, by hand alone: ${onlyByHand.join(' ')}`,
    );
    expect(missing).toEqual([]);
    expect(OPCODES).toHaveLength(68);
  });
});

/** The two texts around the place where they part. */
function difference(python: string, here: string): string {
  let at = 0;
  while (at < python.length && python[at] === here[at]) at++;
  const from = Math.max(0, at - 60);
  return `  Python: ${python.slice(from, at + 60)}\n  here:   ${here.slice(from, at + 60)}`;
}
