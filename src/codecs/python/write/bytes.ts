/** Bytes that grow at the end. */
export class ByteSink {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  bytes(source: Uint8Array): void {
    this.reserve(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
  }

  /** Little-endian, unsigned. */
  uint(value: number, width: 1 | 2 | 4 | 8): void {
    this.reserve(width);
    if (width === 8) {
      this.buffer.writeBigUInt64LE(BigInt(value), this.length);
    } else {
      this.buffer.writeUIntLE(value, this.length, width);
    }
    this.length += width;
  }

  int32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32LE(value, this.length);
  }

  /** Big-endian, as BINFLOAT has it. */
  double(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleBE(value, this.length);
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  get size(): number {
    return this.length;
  }

  private reserve(more: number): void {
    if (this.length + more > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
  }
}

/** UTF-8 in which a lone surrogate is encoded by itself (Python's `surrogatepass`). */
export function encodeText(text: string): Buffer {
  return text.isWellFormed()
    ? Buffer.from(text, 'utf8')
    : encodePoints(Array.from(text, character => character.codePointAt(0) ?? 0));
}

/** Code points as UTF-8, surrogates each by itself. */
export function encodePoints(points: Iterable<number>): Buffer {
  const sink = new ByteSink();
  for (const point of points) {
    if (point < 0x80) {
      sink.byte(point);
    } else if (point < 0x800) {
      sink.byte(0xc0 | (point >> 6));
      sink.byte(0x80 | (point & 0x3f));
    } else {
      if (point < 0x10000) {
        sink.byte(0xe0 | (point >> 12));
      } else {
        sink.byte(0xf0 | (point >> 18));
        sink.byte(0x80 | ((point >> 12) & 0x3f));
      }
      sink.byte(0x80 | ((point >> 6) & 0x3f));
      sink.byte(0x80 | (point & 0x3f));
    }
  }
  return sink.take();
}
