import { OP } from './opcodes';
import { PatchError } from './patch/error';
import { entryOf, follow, type PatchStep } from './patch/path';
import type { FrameSpan } from './patch/shape';
import { type Walked, walk } from './patch/walk';
import type { PyNode } from './value';
import { writeValueOpcodes } from './write';

export { PatchError } from './patch/error';
export type { PatchStep } from './patch/path';

/** A changed pickle and what was put into it; every other byte is as before, lengths of frames excepted. */
export interface Patched {
  readonly bytes: Buffer;
  readonly insertedAt: number;
  readonly inserted: Buffer;
}

/**
 * Changes one value of a pickle without touching what is not understood: the old value is still made, then dropped
 * (POP), then the new one pushed. Nothing in the memo moves, so that whatever refers to the old value elsewhere keeps it.
 * A list or dict that is used in several places changes in all of them, as in Python; a shared tuple is refused.
 *
 * @param path from the root to the value; empty for the root itself
 * @throws PatchError when the bytes are no pickle or the path leads nowhere
 * @throws PickleWriteError when the value cannot be written
 */
export function replaceValue(bytes: Uint8Array, path: readonly PatchStep[], value: PyNode): Patched {
  const walked = walk(bytes);
  const { insertAt } = follow(bytes, walked.root, path);
  const opcodes = writeValueOpcodes(value, { protocol: protocolFor(walked) });
  return insert(bytes, walked.frames, insertAt, Buffer.concat([Buffer.from([OP.POP]), opcodes]));
}

/**
 * `value[key] = …` for a dict in a pickle (or an object with dict entries, as an OrderedDict): the value under an
 * existing key is replaced, a new key comes last. Errors as for `replaceValue`.
 */
export function setKey(bytes: Uint8Array, path: readonly PatchStep[], key: PyNode, value: PyNode): Patched {
  const walked = walk(bytes);
  const { shape, insertAt } = follow(bytes, walked.root, path);
  if (shape.kind !== 'dict' && shape.entries.length === 0) {
    throw new PatchError(`a key can be set in a dict only, and this is a ${shape.kind}`);
  }
  const protocol = protocolFor(walked);
  const opcodes = writeValueOpcodes(value, { protocol });
  const existing = entryOf(bytes, shape, key);
  if (existing !== undefined) {
    return insert(bytes, walked.frames, existing.insertAt, Buffer.concat([Buffer.from([OP.POP]), opcodes]));
  }
  const item = [writeValueOpcodes(key, { protocol }), opcodes, Buffer.from([OP.SETITEM])];
  return insert(bytes, walked.frames, insertAt, Buffer.concat(item));
}

/** A pickle for Python 2 stays one; protocol 3 has bytes, and Python 3's names, but nothing of protocol 4. */
function protocolFor({ protocol }: Walked): 2 | 3 | 4 {
  return protocol >= 4 ? 4 : protocol === 3 ? 3 : 2;
}

function insert(bytes: Uint8Array, frames: readonly FrameSpan[], at: number, inserted: Buffer): Patched {
  const before = Buffer.from(bytes.subarray(0, at));
  // Frames lie one after the other; between two of them, and behind the last, opcodes stand without a frame.
  const frame = frames.find(({ start, end }) => at >= start && at < end);
  if (frame !== undefined) {
    before.writeBigUInt64LE(BigInt(frame.end - frame.start + inserted.length), frame.length);
  }
  return { bytes: Buffer.concat([before, inserted, bytes.subarray(at)]), insertedAt: at, inserted };
}
