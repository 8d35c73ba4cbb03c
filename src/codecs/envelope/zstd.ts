import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { asEnvelopeError } from './compression';
import { EnvelopeError } from './error';
import { BoundedSink } from './sink';

type NodeZstd = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

/** zstd by Node itself where it can (22.15 and later), else by fzstd. Throws EnvelopeError. */
export function unzstdBounded(bytes: Uint8Array, maxBytes: number): Buffer {
  const native = (zlib as { zstdDecompressSync?: NodeZstd }).zstdDecompressSync;
  return native === undefined ? unzstdByLibrary(bytes, maxBytes) : unzstdByNode(native, bytes, maxBytes);
}

function unzstdByNode(native: NodeZstd, bytes: Uint8Array, maxBytes: number): Buffer {
  try {
    return native(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    throw asEnvelopeError('zstd', bytes.length, maxBytes, error);
  }
}

/** Windows above 32 MB, which only `zstd --ultra` and `--long` make, are refused by the library. */
export function unzstdByLibrary(bytes: Uint8Array, maxBytes: number): Buffer {
  const sink = new BoundedSink('zstd', bytes.length, maxBytes);
  let finished = false;
  const stream = new Decompress((part, final) => {
    sink.add(Uint8Array.from(part));
    finished ||= final === true;
  });
  try {
    stream.push(Uint8Array.from(bytes), true);
  } catch (error) {
    if (error instanceof EnvelopeError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new EnvelopeError(
      'zstd',
      'damaged',
      `${bytes.length} bytes are damaged or cut short (${reason})`,
      sink.produced,
    );
  }
  if (!finished || bytes.length === 0) {
    throw new EnvelopeError('zstd', 'damaged', `${bytes.length} bytes are cut short`, sink.produced);
  }
  return sink.take();
}
