import { wholeCharacters, wholeEscapes } from './cut';
import { faceOf, globalText } from './faces';
import type { ReprSink } from './faces/face';
import { flat } from './flat';
import { KeyTexts, SHORT_KEY } from './key-texts';
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

/**
 * Nesting that is followed: CPython's own repr gives up (RecursionError) at about as many levels. Calls weigh more, for
 * they take more of JavaScript's stack.
 */
const MAX_DEPTH = 1000;
const CALL_WEIGHT = 3;
/** The rope of collected text is flattened in pieces of this size: a rope of single parts takes 32 bytes for each. */
const PIECE = 16_384;
const CUT = '…';
const MORE = ', …';
/** What a key in a dict has behind it at least: a colon, a blank, `…`. */
const KEY_ROOM = 3;
/** A little more than the longest escape. */
const ROOM_FOR_ESCAPES = 24;

/** A text and whether anything of the value is missing from it. */
export interface ReprResult {
  readonly text: string;
  readonly cut: boolean;
}

/** Writes one value as Python prints it; `repr.ts` says what comes out. */
export class ReprWriter implements ReprSink {
  private readonly max: number;
  private readonly maxText: number;
  private out = '';
  private readonly pieces: string[] = [];
  private piecesLength = 0;
  /** The containers around the place being written. */
  private readonly path: PyHeapNode[] = [];
  private readonly keyTexts = new KeyTexts();
  private depth = 0;
  /** Characters to be left for what follows the item being written, besides closing brackets. */
  private reserve = 0;
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
    const { reserve } = this;
    for (let i = 0; i < items.length; i++) {
      if (!this.next(i, i === items.length - 1 ? reserve : MORE.length)) break;
      this.node(items[i]!);
    }
    this.reserve = reserve;
  }

  node(node: PyNode): void {
    switch (typeof node) {
      case 'string':
        this.text(node);
        return;
      case 'number':
        this.leaf(String(node));
        return;
      case 'boolean':
        this.leaf(node ? 'True' : 'False');
        return;
      case 'bigint':
        this.leaf(intText(node));
        return;
      default:
        if (node === null) this.leaf('None');
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
      if (this.next(before, 0)) {
        this.out += '**';
        this.node(kwargs);
      }
    } else {
      for (let i = 0; i < kwargs.size; i++) {
        if (!this.next(before + i, i === kwargs.size - 1 ? 0 : MORE.length)) break;
        this.leaf(`${String(kwargs.keys[i])}=`);
        if (this.full) break;
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
        this.leaf(floatText(node.value));
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
        this.leaf(globalText(node.name));
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
    const { reserve } = this;
    this.out += '{';
    for (let i = 0; i < keys.length; i++) {
      const after = i === keys.length - 1 ? reserve : MORE.length;
      if (!this.next(i, after + KEY_ROOM)) break;
      const key = keys[i]!;
      if (typeof key === 'string' && key.length < SHORT_KEY && this.textRoom() > 10 * SHORT_KEY) {
        this.out += this.keyTexts.of(key, i);
      } else {
        this.node(key);
        if (this.full) break;
        this.out += ': ';
      }
      this.reserve = after;
      this.node(values[i]!);
    }
    this.reserve = reserve;
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
    return Math.max(1, Math.min(this.maxText, this.max - this.length() - this.depth - this.reserve - 3));
  }

  private length(): number {
    return this.piecesLength + this.out.length;
  }

  /**
   * Begins item number `index`, after which `reserve` characters must be left besides closing brackets; false where
   * there is no room for it, having said so.
   */
  private next(index: number, reserve: number): boolean {
    if (this.full) return false;
    const separator = index > 0 ? 2 : 0;
    if (this.length() + separator + 1 + reserve + this.depth > this.max) {
      this.end(index > 0 ? MORE : CUT);
      return false;
    }
    if (index > 0) this.out += ', ';
    this.reserve = reserve;
    if (this.out.length > PIECE) this.flatten();
    return true;
  }

  /** Writes what has no parts, or `…` where it is too long. */
  private leaf(text: string): void {
    if (this.length() + text.length + this.reserve + this.depth > this.max) this.end(CUT);
    else this.out += text;
  }

  private end(text: string): void {
    this.out += text;
    this.full = true;
    this.cut = true;
  }

  private flatten(): void {
    this.pieces.push(flat(this.out));
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
