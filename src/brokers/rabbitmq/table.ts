/**
 * Field tables of AMQP 0-9-1, read and written with every type kept. The driver reads no tag `L` (py-amqp's 64-bit
 * integers), and writes small integers with tags that py-amqp reads as something else: `s` as a short string, `b` as
 * unsigned. Such a message stops every Celery worker that gets it (py-amqp 5.3.1 `serialization.py`). So headers pass the
 * driver as opaque bytes (frames.ts), and only this file knows their form.
 * Source of tags: RabbitMQ "AMQP 0-9-1 errata", section 3; py-amqp 5.3.1.
 */
import { InspectorError } from '../../model';

export type Table = Readonly<Record<string, unknown>>;

/** The exact bytes of tables as they were read: writing the very same object again writes these bytes again. */
const exact = new WeakMap<object, Uint8Array>();
/** Tables of which a part could not be read, and why. */
const broken = new WeakMap<object, string>();

/** Nesting beyond this is somebody's attack or mistake. */
const DEEPEST = 32;

/** Why a table could not be read to its end; null where it was. */
export const tableProblem = (table: Table | undefined): string | null =>
  (table === undefined ? undefined : broken.get(table)) ?? null;

/**
 * Reads a table (without its own length). Integers beyond 2^53 are rounded for showing; timestamps and decimals read
 * `{'!': 'timestamp', value}`; bytes stay bytes. The answer is frozen. Never throws: what stands before a broken part is
 * answered, and `tableProblem` says the rest.
 */
export function readTable(bytes: Uint8Array): Table {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const table = reader.table(bytes.length, 0);
  if (reader.problem !== null) broken.set(table, reader.problem);
  return table;
}

/**
 * Writes a table (without its own length): one that was read and is the same object as it was read, others with the
 * types that every client reads: integers as `I`, beyond 32 bits as `l`, other numbers as `d`, texts as `S`.
 * @throws InspectorError `bad-value` for what AMQP cannot hold
 */
export function writeTable(table: Table): Uint8Array {
  const problem = tableProblem(table);
  if (problem !== null) throw unwritable(`these headers could not be read whole: ${problem}`);
  return exact.get(table) ?? tableBytes(table, 0);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  problem: string | null = null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  table(end: number, depth: number): Table {
    const start = this.#at;
    // No prototype: a header may be called `__proto__`.
    const table: Record<string, unknown> = Object.create(null);
    while (this.#at < end && this.problem === null) {
      const length = this.#bytes[this.#at] ?? 0;
      const name = this.#text(this.#at + 1, length, end);
      if (name === null) break;
      this.#at += 1 + length;
      const value = this.#value(end, depth, name);
      if (this.problem === null || value !== undefined) table[name] = value;
    }
    if (this.problem === null) exact.set(table, this.#bytes.subarray(start, end));
    return Object.freeze(table);
  }

  #value(end: number, depth: number, name: string): unknown {
    const tag = String.fromCharCode(this.#bytes[this.#at++] ?? 0);
    const at = this.#at;
    const width = WIDTHS[tag];
    if (width !== undefined) {
      if (at + width > end) return this.#stop(`the value of "${name}" is cut off`);
      this.#at += width;
      return READ[tag]?.(this.#bytes, at);
    }
    if (!'SxFA'.includes(tag)) return this.#stop(`the value of "${name}" has the unknown type ${JSON.stringify(tag)}`);
    if (at + 4 > end) return this.#stop(`the value of "${name}" is cut off`);
    const length = this.#bytes.readUInt32BE(at);
    const stop = at + 4 + length;
    if (stop > end) return this.#stop(`the value of "${name}" is cut off`);
    if (depth >= DEEPEST) return this.#stop(`"${name}" is nested too deeply`);
    this.#at = at + 4;
    if (tag === 'F') return this.table(stop, depth + 1);
    if (tag === 'A') return this.#array(stop, depth + 1, name);
    this.#at = stop;
    return tag === 'S' ? this.#bytes.toString('utf8', at + 4, stop) : this.#bytes.subarray(at + 4, stop);
  }

  #array(end: number, depth: number, name: string): readonly unknown[] {
    const start = this.#at;
    const items: unknown[] = [];
    while (this.#at < end && this.problem === null) {
      const value = this.#value(end, depth, name);
      if (this.problem === null || value !== undefined) items.push(value);
    }
    if (this.problem === null) exact.set(items, this.#bytes.subarray(start, end));
    return Object.freeze(items);
  }

  #text(at: number, length: number, end: number): string | null {
    if (at + length <= end) return this.#bytes.toString('utf8', at, at + length);
    this.#stop('a name is cut off');
    return null;
  }

  #stop(problem: string): undefined {
    this.problem ??= problem;
    return undefined;
  }
}

const WIDTHS: Readonly<Record<string, number>> = {
  ...{ b: 1, B: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, d: 8, l: 8, L: 8, T: 8, D: 5, V: 0 },
};

const READ: Readonly<Record<string, (bytes: Buffer, at: number) => unknown>> = {
  b: (bytes, at) => bytes.readInt8(at),
  B: (bytes, at) => bytes.readUInt8(at),
  t: (bytes, at) => bytes[at] !== 0,
  s: (bytes, at) => bytes.readInt16BE(at),
  u: (bytes, at) => bytes.readUInt16BE(at),
  I: (bytes, at) => bytes.readInt32BE(at),
  i: (bytes, at) => bytes.readUInt32BE(at),
  f: (bytes, at) => bytes.readFloatBE(at),
  d: (bytes, at) => bytes.readDoubleBE(at),
  l: (bytes, at) => Number(bytes.readBigInt64BE(at)),
  L: (bytes, at) => Number(bytes.readBigInt64BE(at)),
  T: (bytes, at) => ({ '!': 'timestamp', value: Number(bytes.readBigUInt64BE(at)) }),
  D: (bytes, at) => ({ '!': 'decimal', value: { places: bytes[at], digits: bytes.readUInt32BE(at + 1) } }),
  V: () => null,
};

function tableBytes(table: Table, depth: number): Buffer {
  if (depth > DEEPEST) throw unwritable('they are nested too deeply');
  const parts: Uint8Array[] = [];
  for (const [name, value] of Object.entries(table)) {
    if (value === undefined) continue;
    const key = Buffer.from(name);
    if (key.length > 255) throw unwritable(`the name "${name.slice(0, 40)}…" is longer than 255 bytes`);
    parts.push(Buffer.from([key.length]), key, valueBytes(value, name, depth));
  }
  return Buffer.concat(parts);
}

function valueBytes(value: unknown, name: string, depth: number): Uint8Array {
  if (value === null) return Buffer.from('V');
  switch (typeof value) {
    case 'string':
      return long('S', Buffer.from(value));
    case 'boolean':
      return Buffer.from([0x74, value ? 1 : 0]);
    case 'number':
      return numberBytes(value);
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw unwritable(`${name} is a number beyond 64 bits`);
      return fixed('l', 8, bytes => bytes.writeBigInt64BE(value, 1));
    case 'object':
      return objectBytes(value, name, depth);
    default:
      throw unwritable(`${name} is a ${typeof value}`);
  }
}

function numberBytes(value: number): Buffer {
  if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 63)
    return fixed('d', 8, bytes => bytes.writeDoubleBE(value, 1));
  if (value >= -(2 ** 31) && value < 2 ** 31) return fixed('I', 4, bytes => bytes.writeInt32BE(value, 1));
  return fixed('l', 8, bytes => bytes.writeBigInt64BE(BigInt(value), 1));
}

function objectBytes(value: object, name: string, depth: number): Uint8Array {
  if (value instanceof Uint8Array) return long('x', value);
  const known = exact.get(value);
  if (Array.isArray(value)) {
    const items = known ?? Buffer.concat(value.map(item => valueBytes(item ?? null, name, depth + 1)));
    return long('A', items);
  }
  if (known !== undefined) return long('F', known);
  const marked = value as { readonly '!'?: unknown; readonly value?: unknown };
  if (marked['!'] === 'timestamp' && typeof marked.value === 'number') {
    const seconds = BigInt(Math.trunc(marked.value));
    return fixed('T', 8, bytes => bytes.writeBigUInt64BE(BigInt.asUintN(64, seconds), 1));
  }
  if (marked['!'] === 'double' && typeof marked.value === 'number') {
    const double = marked.value;
    return fixed('d', 8, bytes => bytes.writeDoubleBE(double, 1));
  }
  if (marked['!'] === 'decimal') return decimalBytes(marked.value, name);
  return long('F', tableBytes(value as Table, depth + 1));
}

function decimalBytes(value: unknown, name: string): Buffer {
  const { places, digits } = (value ?? {}) as { readonly places?: unknown; readonly digits?: unknown };
  if (typeof places !== 'number' || typeof digits !== 'number') throw unwritable(`${name} is no decimal`);
  return fixed('D', 5, bytes => {
    bytes.writeUInt8(places, 1);
    bytes.writeUInt32BE(digits, 2);
  });
}

function fixed(tag: string, width: number, write: (bytes: Buffer) => unknown): Buffer {
  const bytes = Buffer.alloc(1 + width);
  bytes.write(tag, 'latin1');
  write(bytes);
  return bytes;
}

function long(tag: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(tag, 'latin1');
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

function unwritable(why: string): InspectorError {
  return new InspectorError('bad-value', {
    message: `These headers cannot be written: ${why}. Nothing was published.`,
    tried: 'writing the headers of a message',
    answer: why,
    remedy: 'Change the headers, or leave the message where it is.',
  });
}
