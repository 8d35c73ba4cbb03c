/**
 * Reads the one table of `dbm.sqlite3` (Lib/dbm/sqlite3.py, Python 3.13 and newer), `Dict (key BLOB UNIQUE NOT NULL,
 * value BLOB NOT NULL)`, from the bytes of the file and of its write-ahead log: enough of SQLite's format
 * (https://www.sqlite.org/fileformat2.html) for b-trees of tables, overflow pages and committed frames. Why our own:
 * docs/decisions/0013-beat-file.md.
 */

const MAGIC = 'SQLite format 3\0';
/** Pages that are visited, rows that are read, bytes of one row. */
const LIMITS = { pages: 20_000, rows: 10_000, bytes: 16 * 1024 * 1024, depth: 20 } as const;

type Value = null | number | string | Uint8Array;

export const isSqlite = (bytes: Uint8Array): boolean =>
  bytes.length >= 100 && Buffer.from(bytes.subarray(0, 16)).toString('latin1') === MAGIC;

/** Values by key (UTF-8) of the table `Dict`. @throws Error what of it is broken, or that it has no such table */
export function readSqliteDict(file: Uint8Array, log: Uint8Array | null): Map<string, Uint8Array> {
  const database = new Database(file, log);
  const schema = database.rows(1).find(([type, name]) => type === 'table' && name === 'Dict');
  const root = schema?.[3];
  if (typeof root !== 'number') throw new Error('it has no table Dict');
  const values = new Map<string, Uint8Array>();
  for (const [key, value] of database.rows(root)) {
    if (key instanceof Uint8Array && value instanceof Uint8Array) values.set(Buffer.from(key).toString('utf8'), value);
  }
  return values;
}

class Database {
  readonly #file: Buffer;
  readonly #size: number;
  readonly #usable: number;
  readonly #logged: ReadonlyMap<number, Buffer>;
  #visited = 0;

  constructor(file: Uint8Array, log: Uint8Array | null) {
    if (!isSqlite(file)) throw new Error('it is no SQLite file');
    this.#file = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    const size = this.#file.readUInt16BE(16);
    this.#size = size === 1 ? 65_536 : size;
    if (this.#size < 512 || (this.#size & (this.#size - 1)) !== 0) throw new Error('its page size is none');
    this.#logged = log === null ? new Map() : committedPages(log, this.#size);
    this.#usable = this.#size - (this.#page(1)[20] ?? 0);
    if (this.#page(1).readUInt32BE(56) > 1) throw new Error('its text is not UTF-8');
  }

  /** Rows of the table whose b-tree begins on this page. */
  rows(root: number): Value[][] {
    const rows: Value[][] = [];
    this.#walk(root, 0, rows);
    return rows;
  }

  #walk(number: number, depth: number, rows: Value[][]): void {
    if (depth > LIMITS.depth) throw new Error('its tree is too deep');
    const page = this.#page(number);
    const at = number === 1 ? 100 : 0;
    const type = page[at];
    const cells = page.readUInt16BE(at + 3);
    if (type === 5) {
      for (let i = 0; i < cells; i++)
        this.#walk(page.readUInt32BE(page.readUInt16BE(at + 12 + i * 2)), depth + 1, rows);
      this.#walk(page.readUInt32BE(at + 8), depth + 1, rows);
    } else if (type === 13) {
      for (let i = 0; i < cells; i++) {
        if (rows.length >= LIMITS.rows) throw new Error('it has too many rows');
        rows.push(recordOf(this.#payload(page, page.readUInt16BE(at + 8 + i * 2))));
      }
    } else throw new Error(`page ${number} is none of a table`);
  }

  /** What a cell of a leaf holds, with what of it lies on further pages. */
  #payload(page: Buffer, start: number): Buffer {
    const [length, afterLength] = varint(page, start);
    const [, at] = varint(page, afterLength);
    if (length > LIMITS.bytes) throw new Error('a row is too large');
    const most = this.#usable - 35;
    if (length <= most) return slice(page, at, length);
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const wanted = least + ((length - least) % (this.#usable - 4));
    const local = wanted <= most ? wanted : least;
    const parts = [slice(page, at, local)];
    let left = length - local;
    let next = page.readUInt32BE(at + local);
    while (left > 0) {
      const overflow = this.#page(next);
      const part = slice(overflow, 4, Math.min(left, this.#usable - 4));
      parts.push(part);
      left -= part.length;
      next = overflow.readUInt32BE(0);
    }
    return Buffer.concat(parts);
  }

  #page(number: number): Buffer {
    if (++this.#visited > LIMITS.pages) throw new Error('it goes round in circles');
    const logged = this.#logged.get(number);
    if (logged !== undefined) return logged;
    const start = (number - 1) * this.#size;
    if (number < 1 || start + this.#size > this.#file.length) throw new Error(`page ${number} is missing`);
    return this.#file.subarray(start, start + this.#size);
  }
}

function slice(page: Buffer, at: number, length: number): Buffer {
  if (at + length > page.length) throw new Error('a row goes over the end of its page');
  return page.subarray(at, at + length);
}

/** Up to nine bytes, the highest bits first; beyond 2^53 it is no size of ours. */
function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes.readUInt8(at + i);
    if (i === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value, at + 9];
}

/** Columns of a record: a header of serial types, then the values. */
function recordOf(payload: Buffer): Value[] {
  const [headerSize, first] = varint(payload, 0);
  const values: Value[] = [];
  let body = headerSize;
  for (let at = first; at < headerSize; ) {
    const [type, next] = varint(payload, at);
    at = next;
    const [value, size] = columnOf(payload, body, type);
    values.push(value);
    body += size;
  }
  return values;
}

const INTEGERS = [0, 1, 2, 3, 4, 6, 8];

function columnOf(payload: Buffer, at: number, type: number): [Value, number] {
  if (type === 0) return [null, 0];
  if (type === 8 || type === 9) return [type - 8, 0];
  const size = type < 7 ? (INTEGERS[type] ?? 0) : type === 7 ? 8 : Math.floor((type - 12) / 2);
  const bytes = slice(payload, at, Math.max(0, size));
  if (type < 7) return [size <= 6 ? bytes.readIntBE(0, size) : Number(bytes.readBigInt64BE()), size];
  if (type === 7) return [bytes.readDoubleBE(), size];
  return [type % 2 === 0 ? bytes : bytes.toString('utf8'), size];
}

/**
 * Pages that the write-ahead log holds beyond the file: frames up to the last commit whose salts and running checksum
 * are those of the log's header. A log that was begun anew has old frames behind: their salts tell.
 */
function committedPages(bytes: Uint8Array, pageSize: number): Map<number, Buffer> {
  const log = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const committed = new Map<number, Buffer>();
  if (log.length < 32 || (log.readUInt32BE(0) & 0xfffffffe) !== 0x377f0682 || log.readUInt32BE(8) !== pageSize) {
    return committed;
  }
  const big = (log.readUInt32BE(0) & 1) === 1;
  let sum = checksum(log.subarray(0, 24), big, [0, 0]);
  if (sum[0] !== log.readUInt32BE(24) || sum[1] !== log.readUInt32BE(28)) return committed;
  const open = new Map<number, Buffer>();
  for (let at = 32; at + 24 + pageSize <= log.length; at += 24 + pageSize) {
    if (!log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) break;
    const page = log.subarray(at + 24, at + 24 + pageSize);
    sum = checksum(page, big, checksum(log.subarray(at, at + 8), big, sum));
    if (sum[0] !== log.readUInt32BE(at + 16) || sum[1] !== log.readUInt32BE(at + 20)) break;
    open.set(log.readUInt32BE(at), page);
    // The size of the database, in the last frame of a transaction alone.
    if (log.readUInt32BE(at + 4) > 0) {
      for (const [number, content] of open) committed.set(number, content);
      open.clear();
    }
  }
  return committed;
}

function checksum(bytes: Buffer, big: boolean, [from0, from1]: readonly [number, number]): [number, number] {
  let [s0, s1] = [from0, from1];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    s0 = (s0 + (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + s1) >>> 0;
    s1 = (s1 + (big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + s0) >>> 0;
  }
  return [s0, s1];
}
