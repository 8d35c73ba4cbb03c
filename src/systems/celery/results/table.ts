/**
 * What is remembered of each result: 16 bytes of its id, when its state was written, and numbers of its status, task and
 * queue. Columns of numbers in chunks that never move, so that growing copies nothing; about 50 bytes a result.
 */
import { createHash } from 'node:crypto';
import { bytesOf, textOf } from '../../reading/ids';

const BITS = 13;
const CHUNK = 1 << BITS;
const MASK = CHUNK - 1;
/** Parts of the look-up by id, which grow one by one, so that no growing takes long. */
const SHARDS = 256;

interface Chunk {
  readonly ids: Uint8Array;
  readonly dates: Float64Array;
  readonly statuses: Uint16Array;
  readonly tasks: Uint16Array;
  readonly queues: Uint16Array;
  /** The lap in which it was last seen. */
  readonly laps: Uint8Array;
  readonly long: Uint8Array;
  /** 0 = free or dead, 1 = the id is a UUID, 2 = any other text. */
  readonly kinds: Uint8Array;
}

/** A place in the table. */
export type Slot = number;

export interface Entry {
  /** Milliseconds since the epoch; NaN where none was recorded. */
  readonly date: number;
  readonly status: number;
  readonly task: number;
  readonly queue: number;
  /** Its value is longer than what one look asks for. */
  readonly long: boolean;
}

export class Table {
  readonly #chunks: Chunk[] = [];
  readonly #shards: Int32Array[] = Array.from({ length: SHARDS }, () => new Int32Array(16));
  readonly #used = new Int32Array(SHARDS);
  /** Ids that are no UUIDs; few, mostly none. */
  readonly #texts = new Map<Slot, string>();
  readonly #free: Slot[] = [];
  #next = 0;
  #size = 0;

  /** Results that are there. */
  get size(): number {
    return this.#size;
  }

  /** The slot of an id, or -1. */
  find(id: string): Slot {
    return this.#find(keyOf(id));
  }

  /** The same for an id in bytes: what stands behind `from`. */
  findBytes(bytes: Uint8Array, from: number): Slot {
    return this.#find(keyOfBytes(bytes, from));
  }

  /** A new entry; the id, which stands behind `from`, must not be there. */
  add(bytes: Uint8Array, from: number, entry: Entry, lap: number): Slot {
    const slot = this.#free.pop() ?? this.#next++;
    const at = slot & MASK;
    if (slot >> BITS === this.#chunks.length) this.#chunks.push(newChunk());
    const chunk = this.#chunk(slot);
    const uuid = keyOfBytes(bytes, from);
    chunk.ids.set(SCRATCH, at * 16);
    chunk.kinds[at] = uuid ? 1 : 2;
    if (!uuid) this.#texts.set(slot, textOf(bytes.subarray(from)));
    chunk.dates[at] = entry.date;
    chunk.statuses[at] = entry.status;
    chunk.tasks[at] = entry.task;
    chunk.queues[at] = entry.queue;
    chunk.long[at] = entry.long ? 1 : 0;
    chunk.laps[at] = lap;
    this.#insert(slot);
    this.#size++;
    return slot;
  }

  /** Takes an entry out of the look-up. Its slot is not used again before `reuse`: orders may still name it. */
  kill(slot: Slot): void {
    const chunk = this.#chunk(slot);
    const at = slot & MASK;
    if (chunk.kinds[at] === 0) return;
    this.#remove(slot);
    chunk.kinds[at] = 0;
    this.#size--;
  }

  /** A dead slot that nothing names any more. */
  reuse(slot: Slot): void {
    this.#texts.delete(slot);
    this.#free.push(slot);
  }

  isAlive = (slot: Slot): boolean => this.#chunk(slot).kinds[slot & MASK] !== 0;
  dateOf = (slot: Slot): number => this.#chunk(slot).dates[slot & MASK] ?? Number.NaN;
  statusOf = (slot: Slot): number => this.#chunk(slot).statuses[slot & MASK] ?? 0;
  taskOf = (slot: Slot): number => this.#chunk(slot).tasks[slot & MASK] ?? 0;
  queueOf = (slot: Slot): number => this.#chunk(slot).queues[slot & MASK] ?? 0;
  isLong = (slot: Slot): boolean => this.#chunk(slot).long[slot & MASK] === 1;
  lapOf = (slot: Slot): number => this.#chunk(slot).laps[slot & MASK] ?? 0;

  saw(slot: Slot, lap: number): void {
    this.#chunk(slot).laps[slot & MASK] = lap;
  }

  idOf(slot: Slot): string {
    const text = this.#texts.get(slot);
    if (text !== undefined) return text;
    const { ids } = this.#chunk(slot);
    const from = (slot & MASK) * 16;
    let id = '';
    for (let i = 0; i < 16; i++) id += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + HEX[ids[from + i]!]!;
    return id;
  }

  /** Orders two ids in a way that stays the same: for results of the same time. */
  compareIds(a: Slot, b: Slot): number {
    const [x, y] = [this.#chunk(a).ids, this.#chunk(b).ids];
    const [i, j] = [(a & MASK) * 16, (b & MASK) * 16];
    for (let n = 0; n < 16; n++) if (x[i + n] !== y[j + n]) return x[i + n]! - y[j + n]!;
    return 0;
  }

  /** The same for one that may not be there: its bytes by `orderBytes`. */
  compareTo(slot: Slot, bytes: Uint8Array): number {
    const { ids } = this.#chunk(slot);
    const from = (slot & MASK) * 16;
    for (let n = 0; n < 16; n++) if (ids[from + n] !== bytes[n]) return ids[from + n]! - bytes[n]!;
    return 0;
  }

  /** What an id is ordered by. */
  orderBytes(id: string): Uint8Array {
    keyOf(id);
    return SCRATCH.slice();
  }

  /** Slots that were ever used; some of them may be free. */
  get end(): Slot {
    return this.#next;
  }

  #chunk(slot: Slot): Chunk {
    return this.#chunks[slot >> BITS]!;
  }

  /** Looks for the id in SCRATCH. */
  #find(uuid: boolean): Slot {
    const hash = hashOf(SCRATCH, 0);
    const shard = this.#shards[hash >>> 24]!;
    const mask = shard.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const named = shard[at]!;
      if (named === 0) return -1;
      if (named > 0 && this.#holds(named - 1, uuid)) return named - 1;
    }
  }

  #holds(slot: Slot, uuid: boolean): boolean {
    const { ids, kinds } = this.#chunk(slot);
    const at = slot & MASK;
    if (kinds[at] !== (uuid ? 1 : 2)) return false;
    for (let i = 0, from = at * 16; i < 16; i++) if (ids[from + i] !== SCRATCH[i]) return false;
    return true;
  }

  #insert(slot: Slot): void {
    const hash = hashOf(this.#chunk(slot).ids, (slot & MASK) * 16);
    const number = hash >>> 24;
    let shard = this.#shards[number]!;
    // At most half full, taken places counted too, so that a search ends soon.
    if (++this.#used[number]! * 2 > shard.length) {
      shard = this.#grown(number, shard);
      this.#shards[number] = shard;
    }
    place(shard, slot, hash);
  }

  #grown(number: number, old: Int32Array): Int32Array {
    const alive = old.filter(named => named > 0);
    let length = 16;
    while (length < (alive.length + 1) * 4) length *= 2;
    const shard = new Int32Array(length);
    for (const named of alive) place(shard, named - 1, hashOf(this.#chunk(named - 1).ids, ((named - 1) & MASK) * 16));
    this.#used[number] = alive.length + 1;
    return shard;
  }

  #remove(slot: Slot): void {
    const hash = hashOf(this.#chunk(slot).ids, (slot & MASK) * 16);
    const shard = this.#shards[hash >>> 24]!;
    const mask = shard.length - 1;
    for (let at = hash & mask; shard[at] !== 0; at = (at + 1) & mask) {
      if (shard[at] !== slot + 1) continue;
      shard[at] = TAKEN_OUT;
      return;
    }
  }
}

const TAKEN_OUT = -1;

function place(shard: Int32Array, slot: Slot, hash: number): void {
  const mask = shard.length - 1;
  let at = hash & mask;
  while (shard[at]! > 0) at = (at + 1) & mask;
  shard[at] = slot + 1;
}

/** All bytes count: of UUIDs made of a time or of a machine's address, only some differ. */
function hashOf(ids: Uint8Array, from: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < from + 16; i++) hash = Math.imul(hash ^ ids[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function newChunk(): Chunk {
  return {
    ids: new Uint8Array(CHUNK * 16),
    dates: new Float64Array(CHUNK),
    statuses: new Uint16Array(CHUNK),
    tasks: new Uint16Array(CHUNK),
    queues: new Uint16Array(CHUNK),
    long: new Uint8Array(CHUNK),
    laps: new Uint8Array(CHUNK),
    kinds: new Uint8Array(CHUNK),
  };
}

const HEX = Array.from({ length: 256 }, (_value, byte) => byte.toString(16).padStart(2, '0'));

const SCRATCH = new Uint8Array(16);

/** Puts the 16 bytes of an id into SCRATCH. @returns true where it is a UUID in its usual form, as nearly all are */
function keyOf(id: string): boolean {
  return keyOfBytes(Buffer.from(bytesOf(id)), 0);
}

function keyOfBytes(bytes: Uint8Array, from: number): boolean {
  if (bytes.length - from === 36 && readUuid(bytes, from)) return true;
  SCRATCH.set(createHash('sha256').update(bytes.subarray(from)).digest().subarray(0, 16));
  return false;
}

/** Where the pairs of digits of a UUID begin. */
const PAIRS = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
/** Values of digits; small letters only, since the same digits in capitals are another id. */
const DIGITS = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) DIGITS['0123456789abcdef'.charCodeAt(i)] = i;

function readUuid(bytes: Uint8Array, from: number): boolean {
  if (bytes[from + 8] !== 0x2d || bytes[from + 13] !== 0x2d || bytes[from + 18] !== 0x2d || bytes[from + 23] !== 0x2d)
    return false;
  for (let i = 0; i < 16; i++) {
    const at = from + PAIRS[i]!;
    const value = (DIGITS[bytes[at]!]! << 4) | DIGITS[bytes[at + 1]!]!;
    if (value < 0) return false;
    SCRATCH[i] = value;
  }
  return true;
}
