import * as library from 'xz-decompress';
import { EnvelopeError } from './error';
import { BoundedSink } from './sink';

/** It is a CommonJS module, whose names Node sees under `default` alone and a bundler directly. */
const { XzReadableStream } = 'default' in library ? (library.default as typeof library) : library;

/** liblzma's errors (xz.h of xz-embedded), as the library numbers them. */
const UNSUPPORTED = /error code (?:4|6)\b/;

/**
 * xz, which is what Python's lzma.compress and so kombu's "lzma" make. The decompressor is WebAssembly: what hostile
 * data does to it stays inside. Rejects with EnvelopeError.
 */
export async function unxzBounded(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  const sink = new BoundedSink('xz', bytes.length, maxBytes);
  const input = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Uint8Array.from(bytes));
      controller.close();
    },
  });
  const reader = new XzReadableStream(input).getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      sink.add(Uint8Array.from(step.value));
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (error instanceof EnvelopeError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    const fault = UNSUPPORTED.test(reason) ? 'unsupported' : 'damaged';
    throw new EnvelopeError('xz', fault, `${bytes.length} bytes are ${fault} or cut short (${reason})`, sink.produced);
  }
  return sink.take();
}
