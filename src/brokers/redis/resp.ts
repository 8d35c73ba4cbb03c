/**
 * RESP2 (redis.io/docs/latest/develop/reference/protocol-spec): commands to bytes, bytes to replies. ioredis makes an
 * object, a promise and several closures of every command: for the 80,000 short commands of a large overview that is
 * most of the work, and garbage collection that holds the event loop (docs/decisions/0010-replies-in-bulk.md).
 */
import { type Command, type Reply, ReplyFailure } from './port';

/** Longest run of text that is put together before it becomes bytes. */
const TEXT = 256 * 1024;
const CR = 13;
const [ARRAY, BULK, INTEGER, STATUS, ERROR] = [42, 36, 58, 43, 45] as const;

/** Commands as the bytes that are sent, in few pieces. */
export function encodeCommands(commands: readonly Command[]): Buffer[] {
  const pieces: Buffer[] = [];
  let text = '';
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const part of command) {
      if (typeof part === 'object') {
        pieces.push(Buffer.from(`${text}$${part.byteLength}\r\n`), bufferOf(part));
        text = '\r\n';
      } else {
        const written = typeof part === 'string' ? part : String(part);
        text += `$${Buffer.byteLength(written)}\r\n${written}\r\n`;
      }
    }
    if (text.length < TEXT) continue;
    pieces.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') pieces.push(Buffer.from(text));
  return pieces;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface Open {
  readonly items: Reply[];
  left: number;
}

/**
 * Reads replies from whatever pieces the network delivers. A long bulk string is collected and put together once, so
 * that its cost does not grow with the number of pieces.
 */
export class ReplyReader {
  readonly #deliver: (reply: Reply) => void;
  /** Arrays that are not complete, the outermost first. */
  readonly #open: Open[] = [];
  /** The beginning of a line whose end has not come. */
  #line: Buffer | null = null;
  /** A bulk string that has not come whole: what is there, and the bytes that are missing, with its line end. */
  #bulk: { readonly parts: Buffer[]; missing: number } | null = null;

  /** @param deliver is called for each whole reply, in order; errors are ReplyFailures, wherever they stand */
  constructor(deliver: (reply: Reply) => void) {
    this.#deliver = deliver;
  }

  /** @throws Error `Unknown RESP type …` for what is no RESP2; then nothing more can be read */
  write(piece: Buffer): void {
    let chunk = piece;
    let at = 0;
    if (this.#bulk !== null) {
      at = this.#collect(this.#bulk, chunk);
      if (this.#bulk !== null) return;
    }
    if (this.#line !== null) {
      chunk = Buffer.concat([this.#line, chunk]);
      this.#line = null;
    }
    while (at < chunk.length) {
      const end = lineEnd(chunk, at);
      if (end < 0) {
        expectType(chunk[at]!);
        this.#line = chunk.subarray(at);
        return;
      }
      at = this.#reply(chunk, at, end);
    }
  }

  /** The reply whose first line goes to `end`; answers where the next one begins. */
  #reply(chunk: Buffer, at: number, end: number): number {
    const next = end + 2;
    const type = chunk[at]!;
    switch (type) {
      case INTEGER:
        this.#emit(integer(chunk, at + 1, end));
        return next;
      case STATUS:
        this.#emit(chunk.subarray(at + 1, end));
        return next;
      case ERROR:
        this.#emit(new ReplyFailure(chunk.toString('utf8', at + 1, end)));
        return next;
      case BULK:
        return this.#bulkString(chunk, next, integer(chunk, at + 1, end));
      case ARRAY: {
        const left = integer(chunk, at + 1, end);
        if (left > 0) this.#open.push({ items: [], left });
        else this.#emit(left < 0 ? null : []);
        return next;
      }
      default:
        expectType(type);
        return next;
    }
  }

  #bulkString(chunk: Buffer, from: number, length: number): number {
    if (length < 0) {
      this.#emit(null);
      return from;
    }
    const to = from + length;
    if (to + 2 <= chunk.length) {
      this.#emit(chunk.subarray(from, to));
      return to + 2;
    }
    this.#bulk = { parts: [chunk.subarray(from)], missing: to + 2 - chunk.length };
    return chunk.length;
  }

  /** Adds to the bulk string under way; answers where what follows it begins. */
  #collect(bulk: { readonly parts: Buffer[]; missing: number }, chunk: Buffer): number {
    const taken = Math.min(bulk.missing, chunk.length);
    bulk.parts.push(chunk.subarray(0, taken));
    bulk.missing -= taken;
    if (bulk.missing > 0) return taken;
    this.#bulk = null;
    const whole = Buffer.concat(bulk.parts);
    this.#emit(whole.subarray(0, whole.length - 2));
    return taken;
  }

  #emit(value: Reply): void {
    let reply = value;
    for (;;) {
      const array = this.#open.at(-1);
      if (array === undefined) {
        this.#deliver(reply);
        return;
      }
      array.items.push(reply);
      if (--array.left > 0) return;
      this.#open.pop();
      reply = array.items;
    }
  }
}

/** Where the line's CR LF begins; -1 where it has not come whole. */
function lineEnd(chunk: Buffer, from: number): number {
  // Most lines are a few digits: looking by hand is faster than a call into native code.
  const near = Math.min(chunk.length - 1, from + 24);
  for (let at = from; at < near; at++) if (chunk[at] === CR) return at;
  const found = chunk.indexOf('\r\n', near);
  return found;
}

function integer(chunk: Buffer, from: number, end: number): number {
  let at = from;
  const negative = chunk[at] === 45;
  if (negative || chunk[at] === 43) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = chunk[at]! - 48;
    if (digit < 0 || digit > 9) throw new Error(`Unknown RESP number "${chunk.toString('latin1', from, end)}"`);
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

function expectType(type: number): void {
  if (type === ARRAY || type === BULK || type === INTEGER || type === STATUS || type === ERROR) return;
  throw new Error(`Unknown RESP type ${type} "${String.fromCharCode(type)}"`);
}
