/**
 * Takes the headers of messages past the driver: on the way in, a message's table becomes a table with a single entry
 * that holds the exact bytes; on the way out the entry becomes the table again. Both only touch content header frames;
 * everything else passes as it is, without a copy.
 * Source: AMQP 0-9-1 specification, 2.3.5 (frames), 2.3.5.2 (content header), RabbitMQ 3.10.
 */
import type { Duplex } from 'node:stream';

/** Name of the entry: no client sends a header of this name. */
export const RAW = '\u0000raw';

const HEAD = 7;
const CONTENT_HEADER = 2;
/** Frames have 128 KiB unless a server allows more; beyond this one, the driver may have it as it is. */
const LARGEST = 16 * 1024 * 1024;

/** Puts both directions between a driver's connection and its socket. @throws TypeError for a driver of another shape */
export function passHeadersBy(connection: unknown): void {
  const stream = (connection as { readonly stream?: Duplex }).stream;
  if (typeof stream?.read !== 'function' || typeof stream.write !== 'function')
    throw new TypeError('This release of amqplib hides its socket; headers could not be read exactly.');
  const [read, write] = [stream.read.bind(stream), stream.write.bind(stream)];
  const incoming = new Translator(wrapTable);
  const outgoing = new Translator(unwrapTable);
  stream.read = size => {
    for (;;) {
      const chunk: unknown = read(size);
      if (!Buffer.isBuffer(chunk)) return chunk;
      const translated = incoming.push(chunk);
      if (translated.length > 0) return translated;
    }
  };
  const writeFrames = (chunk: unknown, ...rest: readonly unknown[]): boolean =>
    (write as (...args: readonly unknown[]) => boolean)(Buffer.isBuffer(chunk) ? outgoing.push(chunk) : chunk, ...rest);
  stream.write = writeFrames as typeof stream.write;
}

/** Cuts a stream into frames, whatever its chunks are. Exported for tests. */
export class Translator {
  readonly #translate: (table: Buffer) => Buffer;
  /** The beginning of a frame of which more must come. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the frame under way that pass as they are. */
  #passing = 0;

  constructor(translate: (table: Buffer) => Buffer) {
    this.#translate = translate;
  }

  push(chunk: Buffer): Buffer {
    const input = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const out: Buffer[] = [];
    let at = 0;
    while (at < input.length) {
      if (this.#passing > 0) {
        const length = Math.min(this.#passing, input.length - at);
        out.push(input.subarray(at, at + length));
        this.#passing -= length;
        at += length;
        continue;
      }
      if (input.length - at < HEAD) break;
      const size = input.readUInt32BE(at + 3);
      const total = HEAD + size + 1;
      if (input[at] !== CONTENT_HEADER || size > LARGEST) {
        this.#passing = total;
        continue;
      }
      if (input.length - at < total) break;
      out.push(contentHeader(input.subarray(at, at + total), this.#translate));
      at += total;
    }
    this.#pending = input.subarray(at);
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }
}

/** One frame with its table of headers translated; unchanged where it has none, or is not as it should be. */
function contentHeader(frame: Buffer, translate: (table: Buffer) => Buffer): Buffer {
  // Class, weight, size of the body; then flags, of which the lowest says that more flags follow (nobody does so).
  const flagsAt = HEAD + 12;
  const end = frame.length - 1;
  if (flagsAt + 2 > end) return frame;
  const flags = frame.readUInt16BE(flagsAt);
  if ((flags & 0x2001) !== 0x2000) return frame;
  let at = flagsAt + 2;
  // Before the headers stand the content type and the content encoding, as short strings.
  for (const bit of [0x8000, 0x4000]) if ((flags & bit) !== 0) at += 1 + (frame[at] ?? 0);
  if (at + 4 > end) return frame;
  const stop = at + 4 + frame.readUInt32BE(at);
  if (stop > end) return frame;
  const old = frame.subarray(at + 4, stop);
  const table = translate(old);
  if (table === old) return frame;
  const whole = Buffer.concat([frame.subarray(0, at + 4), table, frame.subarray(stop)]);
  whole.writeUInt32BE(table.length, at);
  whole.writeUInt32BE(whole.length - HEAD - 1, 3);
  return whole;
}

const ENTRY = Buffer.concat([Buffer.from([RAW.length]), Buffer.from(RAW), Buffer.from('x')]);

/** The table as a table with one entry of bytes. */
export function wrapTable(table: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(table.length);
  return Buffer.concat([ENTRY, length, table]);
}

/** The other way round. */
export function unwrapTable(table: Buffer): Buffer {
  const start = ENTRY.length + 4;
  if (table.length < start || !table.subarray(0, ENTRY.length).equals(ENTRY)) return table;
  return table.readUInt32BE(ENTRY.length) === table.length - start ? table.subarray(start) : table;
}
