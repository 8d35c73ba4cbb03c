import {
  callText,
  type PickleDocument,
  PickleError,
  readPickle,
  renderRepr,
  reprRow,
  toTaggedJson,
  treeAt,
  treeChildren,
  treeRoot,
} from '../../../../src/codecs/python';
import { OPCODES } from '../../../../src/codecs/python/opcodes';

/** Reads, and shows the value in every way; the outcome, or the typed error. Anything else is thrown on. */
export function readAndShow(bytes: Buffer): { document?: PickleDocument; shown: unknown[]; error?: PickleError } {
  let document: PickleDocument;
  try {
    document = readPickle(bytes);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    if (error.offset < 0 || error.offset > bytes.length || error.reason === '')
      throw new Error(`no place: ${error.message}`);
    return { error, shown: [] };
  }
  const { root } = document;
  const shown: unknown[] = [
    renderRepr(root).text,
    reprRow(root, 80),
    callText(root, root, 80),
    JSON.stringify(toTaggedJson(root)),
  ];
  let item = treeRoot(root);
  for (let level = 0; level < 50 && item.children > 0; level++) {
    const children = treeChildren(item, Math.max(0, item.children - 3), 3);
    item = children.at(-1)!;
    shown.push(children);
    if (treeAt(root, item.path)?.text !== item.text) throw new Error(`path ${item.path} leads elsewhere`);
  }
  return { document, shown };
}

/** A small generator of pseudo-random numbers, the same everywhere (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** One to six changes: a byte replaced, inserted, removed, an opcode put in, or a piece of another pickle. */
export function mutate(sample: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(sample);
  for (let changes = 1 + random(6); changes > 0 && bytes.length > 0; changes--) {
    const at = random(bytes.length);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([random(256)]), bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
        break;
      case 3:
        bytes[at] = OPCODES[random(OPCODES.length)]!.byte;
        break;
      default: {
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(40)), bytes.subarray(at)]);
      }
    }
  }
  return bytes;
}
