import { faceOf, globalText } from './faces';
import type { ReprSink } from './faces/face';
import { floatText, intText } from './number-text';
import { quoteBytes, quotePoints, quoteText } from './quote';
import {
  isKind,
  type PyByteArray,
  type PyBytes,
  type PyCall,
  type PyDict,
  type PyHeapNode,
  type PyNode,
  type PyStr2,
} from './value';

/** How much is written. */
export interface ReprOptions {
  /** Characters at most, UTF-16 code units. What is cut off is marked by `…`. Default 8 million. */
  readonly max?: number;
  /** Characters at most of a single string or bytes, quotes not counted; `max` by default. */
  readonly maxText?: number;
}

const DEFAULT_MAX = 8_000_000;
/**
 * Nesting that is followed: CPython's own repr gives up (RecursionError) at about as many levels. Calls weigh more, for
 * they take more of JavaScript's stack.
 */
const MAX_DEPTH = 1000;
const CALL_WEIGHT = 3;
/** The rope of collected text is flattened in pieces of this size: a rope of single parts takes 32 bytes for each. */
const PIECE = 16_384;
const CUT = '…';
/** A little more than the longest escape. */
const ROOM_FOR_ESCAPES = 24;

/** A text and whether anything of the value is missing from it. */
export interface ReprResult {
  readonly text: string;
  readonly cut: boolean;
}

/**
 * Python's own `repr` of a value, character by character, as CPython 3.11 prints it; what has none that the bytes tell
 * (instances of the application's classes) as `module.Class(args){state}`. Never longer than `max`; nested deeper than
 * CPython could print, or cut, it has `…` where something is missing.
 */
export function renderRepr(node: PyNode, options: ReprOptions = {}): ReprResult {
  const max = options.max ?? DEFAULT_MAX;
  const writer = new ReprWriter(max, options.maxText ?? max);
  writer.node(node);
  return writer.result();
}

/** The text of `renderRepr`. */
export function reprText(node: PyNode, options?: ReprOptions): string {
  return renderRepr(node, options).text;
}

/** A value in one line of a table: at most `maxChars`, long strings shortened so that their neighbours are seen too. */
export function reprRow(node: PyNode, maxChars: number): string {
  return renderRepr(node, { max: maxChars, maxText: rowText(maxChars) }).text;
}

/**
 * Arguments as they stand in a call: `(4821, 'EUR', retry=True)`.
 *
 * @param args a tuple or list, or None for no arguments; anything else is written as `*value`
 * @param kwargs a dict, or None for no arguments; keys that are no strings are written as `**{…}`
 * @param maxChars characters at most
 */
export function callText(args: PyNode, kwargs: PyNode, maxChars = DEFAULT_MAX): string {
  const writer = new ReprWriter(maxChars, maxChars === DEFAULT_MAX ? maxChars : rowText(maxChars));
  writer.call(args, kwargs);
  return writer.result().text;
}

function rowText(maxChars: number): number {
  return Math.max(8, Math.floor(maxChars / 2));
}

class ReprWriter implements ReprSink {
  private readonly max: number;
  private readonly maxText: number;
  private out = '';
  private readonly pieces: string[] = [];
  private piecesLength = 0;
  lastFlattened = 0;
  /** The containers around the place being written. */
  private readonly path: PyHeapNode[] = [];
  private depth = 0;
  private weight = 0;
  private cut = false;
  /** The room is used up: nothing but closing brackets follow. */
  full = false;

  constructor(max: number, maxText: number) {
    this.max = max;
    this.maxText = maxText;
  }

  result(): ReprResult {
    let text = this.pieces.length === 0 ? this.out : `${this.pieces.join('')}${this.out}`;
    if (text.length > this.max) {
      this.cut = true;
      text = `${wholeCharacters(text.slice(0, Math.max(0, this.max - 1)))}${this.max > 0 ? CUT : ''}`;
    }
    return { text, cut: this.cut };
  }

  raw(text: string): void {
    if (this.full && !CLOSERS.test(text)) return;
    this.out += text;
  }

  list(items: readonly PyNode[]): void {
    for (let i = 0; i < items.length; i++) {
      if (!this.next(i)) return;
      this.node(items[i]!);
    }
  }

  node(node: PyNode): void {
    switch (typeof node) {
      case 'string':
        this.text(node);
        return;
      case 'number':
        this.out += node;
        return;
      case 'boolean':
        this.out += node ? 'True' : 'False';
        return;
      case 'bigint':
        this.out += intText(node);
        return;
      default:
        if (node === null) this.out += 'None';
        else this.heap(node);
    }
  }

  call(args: PyNode, kwargs: PyNode): void {
    this.out += '(';
    let count = 0;
    if (isKind(args, 'tuple') || isKind(args, 'list')) {
      this.list(args.items);
      count = args.items.length;
    } else if (args !== null) {
      this.raw('*');
      this.node(args);
      count = 1;
    }
    this.keywords(kwargs, count);
    this.out += ')';
  }

  private keywords(kwargs: PyNode, before: number): void {
    if (kwargs === null || (isKind(kwargs, 'dict') && kwargs.size === 0)) return;
    if (!isKind(kwargs, 'dict') || !kwargs.keys.every(isIdentifier)) {
      if (this.next(before)) {
        this.out += '**';
        this.node(kwargs);
      }
    } else {
      for (let i = 0; i < kwargs.size; i++) {
        if (!this.next(before + i)) break;
        this.out += `${String(kwargs.keys[i])}=`;
        this.node(kwargs.values[i]!);
      }
    }
  }

  private heap(node: PyHeapNode): void {
    if (this.weight >= MAX_DEPTH) {
      this.cut = true;
      this.out += CUT;
      return;
    }
    switch (node.kind) {
      case 'float':
        this.out += floatText(node.value);
        return;
      case 'dict':
        if (this.enter(node, 1)) {
          this.dict(node);
          this.leave(1);
        } else this.out += '{...}';
        return;
      case 'list':
        if (this.enter(node, 1)) {
          this.out += '[';
          this.list(node.items);
          this.out += ']';
          this.leave(1);
        } else this.out += '[...]';
        return;
      case 'tuple':
        if (this.enter(node, 1)) {
          this.out += '(';
          this.list(node.items);
          this.out += node.items.length === 1 ? ',)' : ')';
          this.leave(1);
        } else this.out += '(...)';
        return;
      case 'call':
        this.object(node);
        return;
      case 'set':
        this.set(node, '{', '}', 'set()', 'set(...)');
        return;
      case 'frozenset':
        this.set(node, 'frozenset({', '})', 'frozenset()', 'frozenset(...)');
        return;
      case 'global':
        this.out += globalText(node.name);
        return;
      case 'bytes':
      case 'str2':
        this.bytes(node);
        return;
      case 'bytearray':
        this.out += 'bytearray(';
        this.bytes(node);
        this.out += ')';
        return;
      case 'surrogatestr':
        this.cutText(node.codePoints.length, (n, limit) =>
          quotePoints(node.text, node.codePoints.subarray(0, n), limit),
        );
        return;
      case 'persid':
        this.out += '<persistent id ';
        if (this.enter(node, 1)) {
          this.node(node.id);
          this.leave(1);
        }
        this.out += '>';
        return;
      case 'ext':
        this.out += `<extension ${node.code}>`;
        return;
      case 'buffer':
        this.out += `<out-of-band buffer ${node.index}>`;
    }
  }

  private dict(node: PyDict): void {
    const { keys, values } = node;
    this.out += '{';
    for (let i = 0; i < keys.length; i++) {
      if (!this.next(i)) break;
      this.node(keys[i]!);
      if (this.full) break;
      this.out += ': ';
      this.node(values[i]!);
    }
    this.out += '}';
  }

  private set(
    node: PyHeapNode & { items: readonly PyNode[] },
    open: string,
    close: string,
    empty: string,
    again: string,
  ): void {
    if (node.items.length === 0) this.out += empty;
    else if (this.enter(node, 1)) {
      this.out += open;
      this.list(node.items);
      this.out += close;
      this.leave(1);
    } else this.out += again;
  }

  private object(node: PyCall): void {
    const name = node.className;
    const face = name === undefined ? undefined : faceOf(name);
    if (!this.enter(node, CALL_WEIGHT)) {
      if (face?.recur !== undefined) face.recur(node, this);
      else this.out += face === undefined ? `${name ?? ''}(...)` : (face.recursion ?? '...');
      return;
    }
    if (face === undefined || !face.write(node, this)) this.inert(node);
    this.leave(CALL_WEIGHT);
  }

  /** `module.Class(args)[items]{items}{state}`. */
  private inert(node: PyCall): void {
    if (isKind(node.callable, 'global')) this.raw(node.callable.name);
    else this.node(node.callable);
    if (node.how !== 'build') {
      this.raw('(');
      this.list(node.args);
      this.keywords(node.kwargs ?? null, node.args.length);
      this.out += ')';
    }
    if (node.listItems !== undefined) {
      this.raw('[');
      this.list(node.listItems);
      this.raw(']');
    }
    if (node.dictItems !== undefined) this.node(node.dictItems);
    if (node.state !== undefined) this.state(node.state);
  }

  /** `{'attribute': …}`; the pair of `__dict__` and slots as one; any other state between braces. */
  private state(state: PyNode): void {
    if (this.full || state === null) return;
    if (isKind(state, 'dict')) {
      this.node(state);
      return;
    }
    const [own, slots] = isKind(state, 'tuple') && state.items.length === 2 ? state.items : [];
    if (slots !== undefined && isKind(slots, 'dict') && (own === null || (own !== undefined && isKind(own, 'dict')))) {
      if (own !== null && own.size > 0) this.node(own);
      this.node(slots);
      return;
    }
    this.raw('{');
    this.node(state);
    this.raw('}');
  }

  private text(text: string): void {
    // An escape takes ten characters at most, so this fits whatever is in it.
    if (text.length * 10 <= this.textRoom()) this.out += quoteText(text);
    else this.cutText(text.length, (n, limit) => quoteText(wholeCharacters(text.slice(0, n)), limit));
  }

  private bytes(node: PyBytes | PyByteArray | PyStr2): void {
    this.cutText(node.length, (n, limit) =>
      quoteBytes(node.source, node.start, node.start + n, node.kind === 'bytearray', limit),
    );
  }

  /** Writes a quoted text of which at most as many characters are shown as there is room for. */
  private cutText(length: number, quote: (shown: number, limit: number) => string): void {
    const room = this.textRoom();
    const shown = Math.min(length, room);
    const text = quote(shown, room + ROOM_FOR_ESCAPES);
    if (shown === length && text.length <= room + 2) {
      this.out += text;
      return;
    }
    this.cut = true;
    // Escapes are longer than what they stand for: cut again to what there is room for, never inside an escape.
    const end = text.at(-1)!;
    const body = text.length - 1 <= room + 2 ? text.slice(0, -1) : wholeEscapes(text.slice(0, room + 1));
    this.out += `${body}${CUT}${end}`;
  }

  /** Characters that the next string may take. */
  private textRoom(): number {
    return Math.max(1, Math.min(this.maxText, this.max - this.length() - this.depth - 4));
  }

  private length(): number {
    return this.piecesLength + this.out.length;
  }

  /** Begins item number `index`; false where there is no room for it, having said so. */
  private next(index: number): boolean {
    if (this.full) return false;
    if (index > 0) this.out += ', ';
    if (this.length() + this.depth + 2 >= this.max) {
      this.out += CUT;
      this.full = true;
      this.cut = true;
      return false;
    }
    if (this.out.length > PIECE) this.flatten();
    return true;
  }

  private flatten(): void {
    // Asking for a character makes one string out of the rope; it is kept lest the question be optimized away.
    this.lastFlattened = this.out.charCodeAt(0);
    this.pieces.push(this.out);
    this.piecesLength += this.out.length;
    this.out = '';
  }

  /** Goes into a container, unless it is inside itself. */
  private enter(node: PyHeapNode, weight: number): boolean {
    const { path, depth } = this;
    for (let i = depth - 1; i >= 0; i--) if (path[i] === node) return false;
    path[depth] = node;
    this.depth = depth + 1;
    this.weight += weight;
    return true;
  }

  private leave(weight: number): void {
    this.depth--;
    this.weight -= weight;
  }
}

const CLOSERS = /^[)\]}>]+$/;

function isIdentifier(key: PyNode): boolean {
  return typeof key === 'string' && /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key);
}

/** Without a high surrogate whose partner was cut off. */
function wholeCharacters(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}

/** Without an escape that was cut in the middle. */
function wholeEscapes(text: string): string {
  return wholeCharacters(text.replace(/(?<!\\)((?:\\\\)*)\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?$/, '$1'));
}
