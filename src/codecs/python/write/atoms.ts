import { OP } from '../opcodes';
import { PyGlobal, type PyHeapNode } from '../value';
import { ByteSink, encodePoints, encodeText } from './bytes';
import { PickleWriteError } from './error';
import { python2Name } from './python2';

/** 2 for Python 2; 3 only to put something into a pickle of protocol 3; 4 for everything else. */
export type WriteProtocol = 2 | 3 | 4;

const LATIN1 = 'latin1';

/** Everything without parts: numbers, text, bytes, names, and the memo's own opcodes. */
export class Atoms {
  readonly sink = new ByteSink();
  private readonly protocol: WriteProtocol;

  constructor(protocol: WriteProtocol) {
    this.protocol = protocol;
  }

  plain(node: null | boolean | number | bigint | string): void {
    switch (typeof node) {
      case 'object':
        this.sink.byte(OP.NONE);
        break;
      case 'boolean':
        this.sink.byte(node ? OP.NEWTRUE : OP.NEWFALSE);
        break;
      case 'string':
        this.utf8(encodeText(node));
        break;
      case 'bigint':
        this.long(node);
        break;
      case 'number':
        this.int(node);
        break;
    }
  }

  /** Writes a heap node that has no parts; false for all others. */
  heap(node: PyHeapNode): boolean {
    switch (node.kind) {
      case 'float':
        this.sink.byte(OP.BINFLOAT);
        this.sink.double(node.value);
        return true;
      case 'bytes':
        this.bytes(node.data);
        return true;
      case 'str2':
        this.counted(node.data, OP.SHORT_BINSTRING, OP.BINSTRING, undefined);
        return true;
      case 'surrogatestr':
        this.utf8(encodePoints(node.codePoints));
        return true;
      case 'global':
        this.global(node);
        return true;
      case 'ext':
        this.sink.byte(OP.EXT4);
        this.sink.int32(node.code);
        return true;
      default:
        return false;
    }
  }

  private int(value: number): void {
    if (!Number.isInteger(value)) {
      throw new PickleWriteError(`${value} is no int; a float is a PyFloat`);
    }
    if (value >= 0 && value <= 0xff) {
      this.sink.byte(OP.BININT1);
      this.sink.byte(value);
    } else if (value >= 0 && value <= 0xffff) {
      this.sink.byte(OP.BININT2);
      this.sink.uint(value, 2);
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      this.sink.byte(OP.BININT);
      this.sink.int32(value);
    } else {
      this.long(BigInt(value));
    }
  }

  /** Two's complement, little-endian, in as few bytes as hold the sign. */
  private long(value: bigint): void {
    const magnitude = value < 0n ? -value - 1n : value;
    const hex = magnitude.toString(16);
    const bits = (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)));
    const length = value === 0n ? 0 : Math.floor(bits / 8) + 1;
    const unsigned = value < 0n ? (1n << BigInt(8 * length)) + value : value;
    const digits = length === 0 ? '' : unsigned.toString(16).padStart(2 * length, '0');
    const bytes = Buffer.from(digits, 'hex').reverse();
    this.counted(bytes, OP.LONG1, OP.LONG4, undefined);
  }

  private utf8(bytes: Buffer): void {
    if (this.protocol === 4) {
      this.counted(bytes, OP.SHORT_BINUNICODE, OP.BINUNICODE, OP.BINUNICODE8);
    } else {
      this.counted(bytes, undefined, OP.BINUNICODE, undefined);
    }
  }

  /** Protocol 2 has no bytes: Python 3 writes `_codecs.encode(text, 'latin1')`, which gives a str in Python 2. */
  private bytes(data: Uint8Array): void {
    if (this.protocol >= 3) {
      this.counted(data, OP.SHORT_BINBYTES, OP.BINBYTES, this.protocol === 4 ? OP.BINBYTES8 : undefined);
      return;
    }
    if (data.length === 0) {
      this.globalLines('__builtin__', 'bytes');
      this.sink.byte(OP.EMPTY_TUPLE);
    } else {
      this.globalLines('_codecs', 'encode');
      this.latin1(data);
      this.plain(LATIN1);
      this.sink.byte(OP.TUPLE2);
    }
    this.sink.byte(OP.REDUCE);
  }

  bytearray(data: Uint8Array): void {
    this.global(new PyGlobal('builtins', 'bytearray'));
    if (this.protocol >= 3) {
      this.bytes(data);
      this.sink.byte(OP.TUPLE1);
    } else {
      this.latin1(data);
      this.plain('latin-1');
      this.sink.byte(OP.TUPLE2);
    }
    this.sink.byte(OP.REDUCE);
  }

  private latin1(data: Uint8Array): void {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.plain(bytes.toString('latin1'));
  }

  /** One opcode for short bytes, one for long, one for beyond 4 GB. */
  private counted(bytes: Uint8Array, short: number | undefined, long: number, huge: number | undefined): void {
    const { length } = bytes;
    if (short !== undefined && length < 256) {
      this.sink.byte(short);
      this.sink.byte(length);
    } else if (length <= 0x7fff_ffff) {
      this.sink.byte(long);
      this.sink.uint(length, 4);
    } else if (huge !== undefined) {
      this.sink.byte(huge);
      this.sink.uint(length, 8);
    } else {
      throw new PickleWriteError(`${length} bytes are too many for protocol ${this.protocol}`);
    }
    this.sink.bytes(bytes);
  }

  global(node: PyGlobal): void {
    const { module, qualname } = node;
    if (this.protocol === 4) {
      this.plain(module);
      this.plain(qualname);
      this.sink.byte(OP.STACK_GLOBAL);
      return;
    }
    // Below protocol 4 a name with dots is reached step by step.
    const [first = '', ...attributes] = qualname.split('.');
    for (const _ of attributes) {
      this.namedLines('builtins', 'getattr');
    }
    this.namedLines(module, first);
    for (const attribute of attributes) {
      this.plain(attribute);
      this.sink.byte(OP.TUPLE2);
      this.sink.byte(OP.REDUCE);
    }
  }

  /** Python 3 maps the old names only below protocol 3 (`find_class`, fix_imports). */
  private namedLines(module: string, name: string): void {
    this.globalLines(...(this.protocol === 2 ? python2Name(module, name) : ([module, name] as const)));
  }

  private globalLines(module: string, name: string): void {
    const lines = `${module}\n${name}\n`;
    if (/[^\x20-\x7e]/.test(module + name)) {
      throw new PickleWriteError(`${module}.${name} is no name that protocol 2 can hold`);
    }
    this.sink.byte(OP.GLOBAL);
    this.sink.bytes(Buffer.from(lines, 'ascii'));
  }

  get(index: number): void {
    if (index < 256) {
      this.sink.byte(OP.BINGET);
      this.sink.byte(index);
    } else {
      this.sink.byte(OP.LONG_BINGET);
      this.sink.uint(index, 4);
    }
  }

  put(index: number): void {
    if (this.protocol === 4) {
      this.sink.byte(OP.MEMOIZE);
    } else if (index < 256) {
      this.sink.byte(OP.BINPUT);
      this.sink.byte(index);
    } else {
      this.sink.byte(OP.LONG_BINPUT);
      this.sink.uint(index, 4);
    }
  }
}
