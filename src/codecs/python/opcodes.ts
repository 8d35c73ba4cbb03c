/**
 * The 68 opcodes of pickle protocols 0 to 5 (CPython 3.11, `Lib/pickle.py`; unchanged up to 3.14) and how the argument
 * that follows each of them is laid out.
 */

/** Layout of an argument: fixed width, text lines, or bytes behind a little-endian length of 1, 4 or 8 bytes. */
export type ArgumentForm = 0 | 1 | 2 | 4 | 8 | 'line' | 'two lines' | 'bytes1' | 'bytes4' | 'bytes8';

export interface Opcode {
  readonly byte: number;
  readonly name: string;
  readonly argument: ArgumentForm;
  /** Protocol that brought it. */
  readonly protocol: number;
}

export const OP = {
  MARK: 0x28,
  EMPTY_TUPLE: 0x29,
  STOP: 0x2e,
  POP: 0x30,
  POP_MARK: 0x31,
  DUP: 0x32,
  BINBYTES: 0x42,
  SHORT_BINBYTES: 0x43,
  FLOAT: 0x46,
  BINFLOAT: 0x47,
  INT: 0x49,
  BININT: 0x4a,
  BININT1: 0x4b,
  LONG: 0x4c,
  BININT2: 0x4d,
  NONE: 0x4e,
  PERSID: 0x50,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  STRING: 0x53,
  BINSTRING: 0x54,
  SHORT_BINSTRING: 0x55,
  UNICODE: 0x56,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  DICT: 0x64,
  APPENDS: 0x65,
  GET: 0x67,
  BINGET: 0x68,
  INST: 0x69,
  LONG_BINGET: 0x6a,
  LIST: 0x6c,
  OBJ: 0x6f,
  PUT: 0x70,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  PROTO: 0x80,
  NEWOBJ: 0x81,
  EXT1: 0x82,
  EXT2: 0x83,
  EXT4: 0x84,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
  LONG4: 0x8b,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE8: 0x8d,
  BINBYTES8: 0x8e,
  EMPTY_SET: 0x8f,
  ADDITEMS: 0x90,
  FROZENSET: 0x91,
  NEWOBJ_EX: 0x92,
  STACK_GLOBAL: 0x93,
  MEMOIZE: 0x94,
  FRAME: 0x95,
  BYTEARRAY8: 0x96,
  NEXT_BUFFER: 0x97,
  READONLY_BUFFER: 0x98,
} as const;

const ARGUMENTS: Readonly<Record<string, ArgumentForm>> = {
  BINBYTES: 'bytes4',
  SHORT_BINBYTES: 'bytes1',
  FLOAT: 'line',
  BINFLOAT: 8,
  INT: 'line',
  BININT: 4,
  BININT1: 1,
  LONG: 'line',
  BININT2: 2,
  PERSID: 'line',
  STRING: 'line',
  BINSTRING: 'bytes4',
  SHORT_BINSTRING: 'bytes1',
  UNICODE: 'line',
  BINUNICODE: 'bytes4',
  GLOBAL: 'two lines',
  GET: 'line',
  BINGET: 1,
  INST: 'two lines',
  LONG_BINGET: 4,
  PUT: 'line',
  BINPUT: 1,
  LONG_BINPUT: 4,
  PROTO: 1,
  EXT1: 1,
  EXT2: 2,
  EXT4: 4,
  LONG1: 'bytes1',
  LONG4: 'bytes4',
  SHORT_BINUNICODE: 'bytes1',
  BINUNICODE8: 'bytes8',
  BINBYTES8: 'bytes8',
  FRAME: 8,
  BYTEARRAY8: 'bytes8',
};

function protocolOf(byte: number): number {
  if (byte >= OP.BYTEARRAY8) return 5;
  if (byte >= OP.SHORT_BINUNICODE) return 4;
  if (byte === OP.BINBYTES || byte === OP.SHORT_BINBYTES) return 3;
  if (byte >= OP.PROTO) return 2;
  return TEXT_PROTOCOL.has(byte) ? 0 : 1;
}

/** The opcodes that protocol 0, a text format, was made of. */
const TEXT_PROTOCOL: ReadonlySet<number> = new Set<number>([
  OP.MARK,
  OP.STOP,
  OP.POP,
  OP.DUP,
  OP.FLOAT,
  OP.INT,
  OP.LONG,
  OP.NONE,
  OP.PERSID,
  OP.REDUCE,
  OP.STRING,
  OP.UNICODE,
  OP.APPEND,
  OP.BUILD,
  OP.GLOBAL,
  OP.DICT,
  OP.GET,
  OP.INST,
  OP.LIST,
  OP.PUT,
  OP.SETITEM,
  OP.TUPLE,
]);

/** Every opcode, ascending by byte. */
export const OPCODES: readonly Opcode[] = Object.entries(OP).map(([name, byte]) => ({
  byte,
  name,
  argument: ARGUMENTS[name] ?? 0,
  protocol: protocolOf(byte),
}));

const BY_BYTE: readonly (Opcode | undefined)[] = (() => {
  const table: (Opcode | undefined)[] = new Array(256).fill(undefined);
  for (const opcode of OPCODES) table[opcode.byte] = opcode;
  return table;
})();

/** The opcode of a byte, or undefined where there is none. */
export function opcodeOf(byte: number): Opcode | undefined {
  return BY_BYTE[byte];
}

/** One opcode in a pickle: it takes bytes `offset` to `end`, its argument `argument` to `end` (with length prefix or newlines). */
export interface OpcodeAt {
  readonly opcode: Opcode;
  readonly offset: number;
  readonly argument: number;
  readonly end: number;
}

/**
 * Walks the opcodes from `offset` up to and including STOP without interpreting them. Ends early, without an error,
 * where a byte is no opcode or an argument is cut short.
 */
export function* scanOpcodes(bytes: Uint8Array, offset = 0): Generator<OpcodeAt, void, void> {
  let at = offset;
  while (at < bytes.length) {
    const opcode = BY_BYTE[bytes[at]!];
    if (opcode === undefined) return;
    const end = endOfArgument(bytes, at + 1, opcode.argument);
    if (end > bytes.length) return;
    yield { opcode, offset: at, argument: at + 1, end };
    if (opcode.byte === OP.STOP) return;
    at = end;
  }
}

/** Where an argument ends; beyond `bytes.length` (maybe infinitely) when it is cut short. */
function endOfArgument(bytes: Uint8Array, at: number, form: ArgumentForm): number {
  if (typeof form === 'number') return at + form;
  if (form === 'line') return endOfLine(bytes, at);
  if (form === 'two lines') return endOfLine(bytes, endOfLine(bytes, at));
  const width = form === 'bytes1' ? 1 : form === 'bytes4' ? 4 : 8;
  if (at + width > bytes.length) return Number.POSITIVE_INFINITY;
  let length = 0;
  for (let i = width - 1; i >= 0; i--) length = length * 256 + bytes[at + i]!;
  return at + width + length;
}

function endOfLine(bytes: Uint8Array, at: number): number {
  const newline = at <= bytes.length ? bytes.indexOf(0x0a, at) : -1;
  return newline < 0 ? Number.POSITIVE_INFINITY : newline + 1;
}
