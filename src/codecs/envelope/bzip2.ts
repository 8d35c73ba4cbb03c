import bunzip from 'seek-bzip';
import { EnvelopeError } from './error';
import { BoundedSink } from './sink';

const CHUNK = 64 * 1024;

/** bzip2, also several streams one after the other, as Python's bz2.decompress takes them. Throws EnvelopeError. */
export function bunzip2Bounded(bytes: Uint8Array, maxBytes: number): Buffer {
  const sink = new BoundedSink('bzip2', bytes.length, maxBytes);
  let chunk = Buffer.allocUnsafe(CHUNK);
  let used = 0;
  if (!endsAsStream(bytes)) {
    throw new EnvelopeError(
      'bzip2',
      'damaged',
      `${bytes.length} bytes are cut short: the end of the stream is missing`,
    );
  }
  const output = {
    writeByte(byte: number): void {
      chunk[used++] = byte;
      if (used === CHUNK) {
        sink.add(chunk);
        chunk = Buffer.allocUnsafe(CHUNK);
        used = 0;
      }
    },
  };
  try {
    bunzip.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), output, true);
    sink.add(chunk.subarray(0, used));
  } catch (error) {
    if (error instanceof EnvelopeError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    const produced = sink.produced + used;
    throw new EnvelopeError('bzip2', 'damaged', `${bytes.length} bytes are damaged or cut short (${reason})`, produced);
  }
  return sink.take();
}

/** Square root of π in BCD, which ends every stream, then its checksum, then up to 7 bits to fill the byte. */
const END_OF_STREAM = 0x1772_4538_5090n;

/** The library takes a missing end for an end. */
function endsAsStream(bytes: Uint8Array): boolean {
  const tail = BigInt(`0x0${Buffer.from(bytes.subarray(-11)).toString('hex')}`);
  for (let fill = 0n; fill < 8n; fill++) {
    if (((tail >> (fill + 32n)) & 0xffff_ffff_ffffn) === END_OF_STREAM) {
      return true;
    }
  }
  return false;
}
