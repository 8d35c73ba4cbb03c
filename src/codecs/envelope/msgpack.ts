import { reduced } from '../python/make/call';
import { intNode, PyBytes, PyDict, PyFloat, PyList, type PyNode, PyStr2 } from '../python/value';
import { EnvelopeError } from './error';

/** Containers inside one another; Python's msgpack stops at 1024 (unpack_template.h, MSGPACK_EMBED_STACK_SIZE). */
const MAX_DEPTH = 1024;

type Frame = { readonly list: PyList; left: number } | { readonly dict: PyDict; left: number; key: PyNode | undefined };

/**
 * msgpack (its specification of 2017) as Python's `msgpack.unpackb` reads it, exactly: 1 and 1.0 stay apart, ints of 64
 * bits keep every digit, dicts may have any keys. Extension types become `msgpack.ext.ExtType(code, data)`, timestamps
 * `msgpack.ext.Timestamp(seconds, nanoseconds)`, text that is not UTF-8 a bytes-or-text node. Throws EnvelopeError.
 */
export function parseMsgpack(bytes: Uint8Array): PyNode {
  return new MsgpackReader(bytes).read();
}

class MsgpackReader {
  private readonly bytes: Buffer;
  private readonly frames: Frame[] = [];
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(): PyNode {
    for (;;) {
      let value = this.value();
      for (;;) {
        if (value === undefined) {
          break;
        }
        const frame = this.frames.at(-1);
        if (frame === undefined) {
          return this.finished(value);
        }
        value = this.add(frame, value);
      }
    }
  }

  private finished(value: PyNode): PyNode {
    if (this.at < this.bytes.length) {
      this.fail(`${this.bytes.length - this.at} bytes follow the value`);
    }
    return value;
  }

  /** The container where this ended it. */
  private add(frame: Frame, value: PyNode): PyNode | undefined {
    if ('list' in frame) {
      frame.list.items.push(value);
    } else if (frame.key === undefined) {
      frame.key = value;
      return undefined;
    } else {
      frame.dict.set(frame.key, value);
      frame.key = undefined;
    }
    if (--frame.left > 0) {
      return undefined;
    }
    this.frames.pop();
    return 'list' in frame ? frame.list : frame.dict;
  }

  /** The next value, or undefined where it opened a container that is not empty. */
  private value(): PyNode | undefined {
    const type = this.uint(1);
    if (type <= 0x7f) {
      return type;
    }
    if (type >= 0xe0) {
      return type - 0x100;
    }
    if (type <= 0x8f) {
      return this.map(type & 0x0f);
    }
    if (type <= 0x9f) {
      return this.array(type & 0x0f);
    }
    return type <= 0xbf ? this.text(type & 0x1f) : this.typed(type);
  }

  private typed(type: number): PyNode | undefined {
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return new PyBytes(this.span(this.length(type - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.extension(this.length(type - 0xc7));
      case 0xca:
        return new PyFloat(this.bytes.readFloatBE(this.move(4)));
      case 0xcb:
        return new PyFloat(this.bytes.readDoubleBE(this.move(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.length(type - 0xcc);
      case 0xcf:
        return intNode(this.bytes.readBigUInt64BE(this.move(8)));
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const width = 1 << (type - 0xd0);
        return this.bytes.readIntBE(this.move(width), width);
      }
      case 0xd3:
        return intNode(this.bytes.readBigInt64BE(this.move(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.extension(1 << (type - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.length(type - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.array(this.length(type - 0xdb));
      case 0xde:
      case 0xdf:
        return this.map(this.length(type - 0xdd));
      default:
        return this.fail(`byte 0x${type.toString(16)} begins no value`);
    }
  }

  private array(count: number): PyNode | undefined {
    const list = new PyList();
    return count === 0 ? list : this.open(count, { list, left: count });
  }

  private map(count: number): PyNode | undefined {
    const dict = new PyDict();
    return count === 0 ? dict : this.open(count * 2, { dict, left: count, key: undefined });
  }

  private open(parts: number, frame: Frame): undefined {
    if (parts > this.bytes.length - this.at) {
      this.fail('a container says that it holds more than there are bytes');
    }
    if (this.frames.length >= MAX_DEPTH) {
      this.fail(`more than ${MAX_DEPTH} containers inside one another`);
    }
    this.frames.push(frame);
  }

  private text(length: number): PyNode {
    const span = this.span(length);
    const text = span.toString('utf8');
    return text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(span) ? new PyStr2(span) : text;
  }

  private extension(length: number): PyNode {
    const code = this.bytes.readInt8(this.move(1));
    const data = this.span(length);
    return (code === -1 ? timestamp(data) : undefined) ?? reduced('msgpack.ext', 'ExtType', [code, new PyBytes(data)]);
  }

  /** 1, 2 or 4 bytes by the place of the type among its neighbours. */
  private length(power: number): number {
    return this.uint(1 << power);
  }

  private uint(width: number): number {
    return this.bytes.readUIntBE(this.move(width), width);
  }

  private span(length: number): Buffer {
    const start = this.move(length);
    return this.bytes.subarray(start, start + length);
  }

  private move(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) {
      this.fail('is cut short');
    }
    this.at += length;
    return start;
  }

  private fail(reason: string): never {
    throw new EnvelopeError('msgpack', 'damaged', `at byte ${this.at}: ${reason}`);
  }
}

/** The three layouts of extension type -1. */
function timestamp(data: Buffer): PyNode | undefined {
  const of = (seconds: bigint, nanoseconds: number): PyNode =>
    reduced('msgpack.ext', 'Timestamp', [intNode(seconds), nanoseconds]);
  switch (data.length) {
    case 4:
      return of(BigInt(data.readUInt32BE(0)), 0);
    case 8: {
      const both = data.readBigUInt64BE(0);
      return of(both & 0x3_ffff_ffffn, Number(both >> 34n));
    }
    case 12:
      return of(data.readBigInt64BE(4), data.readUInt32BE(0));
    default:
      return undefined;
  }
}
