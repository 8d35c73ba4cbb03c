import { keyWork } from './equality';
import { PickleError } from './errors';
import { dangerOf } from './globals';
import { COST, type PickleLimits } from './limits';
import {
  type PyBytes,
  PyCall,
  PyDict,
  type PyFrozenSet,
  PyGlobal,
  PyList,
  type PyNode,
  type PySet,
  PyTuple,
} from './value';

/** Something about a pickle that a person should know although it could be read. */
export interface PickleNote {
  readonly kind: 'dangerous-global' | 'out-of-band' | 'extension' | 'persistent-id' | 'trailing-bytes';
  readonly text: string;
  /** Byte offset in the pickle. */
  readonly offset: number;
}

const MAX_NOTES = 100;
const MAX_NOTE_TEXT = 300;

/** The unpickler's stack, marks, memo and budget: what one decode consists of. It calls nothing. */
export class PickleMachine {
  readonly bytes: Buffer;
  readonly end: number;
  readonly limits: PickleLimits;
  /** Next byte to read. */
  pos = 0;
  /** Offset of the opcode being carried out. */
  opStart = 0;
  protocol = 0;
  python2 = false;
  readonly notes: PickleNote[] = [];

  /** Slots at `sp` and above are stale. */
  readonly stack: PyNode[] = [];
  sp = 0;
  /** Stack heights at which MARKs stand, the topmost last. */
  readonly marks: number[] = [];
  /** Height of the topmost mark: nothing below may be popped. */
  fence = 0;

  readonly memo: (PyNode | undefined)[] = [];
  private farMemo: Map<number, PyNode> | undefined = undefined;
  memoized = 0;
  buffers = 0;
  /** What is left of the memory budget, in bytes. */
  left: number;

  constructor(bytes: Buffer, limits: PickleLimits) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.limits = limits;
    this.left = limits.memory;
  }

  fail(reason: string): never {
    throw new PickleError(reason, this.opStart, this.bytes[this.opStart], this.protocol);
  }

  note(kind: PickleNote['kind'], text: string): void {
    if (this.notes.length < MAX_NOTES)
      this.notes.push({ kind, text: text.slice(0, MAX_NOTE_TEXT), offset: this.opStart });
  }

  /** Takes bytes from the memory budget. */
  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) this.fail(`needs more than ${Math.round(this.limits.memory / 1048576)} MB of memory`);
  }

  /** Makes sure that the next `length` bytes exist. */
  need(length: number): void {
    if (this.pos + length > this.end) {
      this.fail(`is cut short: ${length} bytes wanted, ${this.end - this.pos} left`);
    }
  }

  push(node: PyNode): void {
    this.stack[this.sp++] = node;
  }

  pop(): PyNode {
    if (this.sp <= this.fence) this.fail('finds the stack empty');
    return this.stack[--this.sp]!;
  }

  top(): PyNode {
    if (this.sp <= this.fence) this.fail('finds the stack empty');
    return this.stack[this.sp - 1]!;
  }

  mark(): void {
    this.marks.push(this.sp);
    this.fence = this.sp;
    this.left -= COST.stackSlot;
  }

  /** Removes the topmost mark and gives its height. */
  popMark(): number {
    const at = this.marks.pop();
    if (at === undefined) this.fail('needs a MARK');
    this.fence = this.marks.length === 0 ? 0 : this.marks[this.marks.length - 1]!;
    return at;
  }

  /** Removes the topmost mark and all above it. */
  popItems(): PyNode[] {
    const at = this.popMark();
    const items = this.stack.slice(at, this.sp);
    this.left -= COST.item * items.length;
    this.sp = at;
    return items;
  }

  putMemo(index: number): void {
    const node = this.top();
    if (++this.memoized > this.limits.memoEntries) this.fail(`makes more than ${this.limits.memoEntries} memo entries`);
    if (index <= this.memo.length) {
      this.left -= COST.memoSlot;
      this.memo[index] = node;
    } else {
      // A sparse memo is what nobody's pickler writes: kept apart, lest an index of four billion asks for memory.
      this.spend(COST.farMemoSlot);
      this.farMemo ??= new Map();
      this.farMemo.set(index, node);
    }
  }

  memoize(): void {
    this.putMemo(this.farMemo === undefined ? this.memo.length : this.memo.length + this.farMemo.size);
  }

  getMemo(index: number): void {
    let node = this.memo[index];
    if (node === undefined) node = this.farMemo?.get(index);
    if (node === undefined) this.fail(`asks for memo entry ${index}, which is not there`);
    this.stack[this.sp++] = node;
  }

  pushGlobal(module: string, qualname: string): void {
    this.spend(COST.global + 2 * (module.length + qualname.length));
    const node = new PyGlobal(module, qualname);
    const danger = dangerOf(node.name);
    if (danger !== undefined) this.note('dangerous-global', `${node.name}: ${danger}`);
    this.push(node);
  }

  pushCall(call: PyCall): void {
    this.spend(COST.call);
    this.push(call);
  }

  /** What Python would do with `obj.append(item)` for all items. */
  extend(target: PyNode, items: readonly PyNode[], from: number, to: number): void {
    const list = this.listOf(target);
    this.left -= (list.length === 0 ? COST.firstItem : 0) + COST.item * (to - from);
    for (let i = from; i < to; i++) list.push(items[i]!);
  }

  private listOf(target: PyNode): PyNode[] {
    if (target instanceof PyList) return target.items;
    if (!(target instanceof PyCall)) this.fail('appends to something that is no list');
    target.listItems ??= [];
    return target.listItems;
  }

  /** What Python would do with `obj[key] = value` for all pairs. */
  setItems(target: PyNode, pairs: readonly PyNode[], from: number, to: number): void {
    if ((to - from) % 2 !== 0) this.fail('has a key without a value');
    const dict = target instanceof PyDict ? target : this.dictOf(target);
    if (from === to) return;
    const cost = to - from > 16 || dict.size > 7 ? COST.indexedEntry : COST.entry;
    this.spend((dict.size === 0 ? COST.firstEntry : 0) + (cost * (to - from)) / 2);
    for (let i = from; i < to; i += 2) {
      const key = pairs[i]!;
      const before = keyWork.spent;
      dict.set(key, pairs[i + 1]!);
      if (typeof key === 'object' && key !== null) this.spend(keyWork.spent - before);
    }
  }

  /** What Python would do with `set.update(items)`. */
  addMembers<T extends PySet | PyFrozenSet>(set: T, items: readonly PyNode[]): T {
    this.spend(COST.firstItem + COST.indexedEntry * items.length);
    for (const item of items) {
      const before = keyWork.spent;
      set.add(item);
      this.spend(keyWork.spent - before);
    }
    return set;
  }

  private dictOf(target: PyNode): PyDict {
    if (!(target instanceof PyCall)) this.fail('sets an item of something that is no dict');
    target.dictItems ??= new PyDict();
    return target.dictItems;
  }

  /** The arguments of a call: Python takes nothing but a tuple there. */
  argumentsOf(node: PyNode): readonly PyNode[] {
    if (node instanceof PyTuple) return node.items;
    return this.fail('has arguments that are no tuple');
  }

  /** Keeps the state of an object beside it. */
  build(state: PyNode): void {
    const target = this.top();
    if (target instanceof PyCall && target.state === undefined) {
      target.state = state;
      return;
    }
    // Second states, and states of values that have none in Python: an object around the object says just that.
    this.spend(COST.call);
    const wrapper = new PyCall('build', target, []);
    wrapper.state = state;
    this.stack[this.sp - 1] = wrapper;
  }

  /** The bytes of the next line, without its newline, as Latin-1 text. */
  line(): string {
    const newline = this.bytes.indexOf(0x0a, this.pos);
    if (newline < 0) this.fail('is cut short: its line has no end');
    const text = this.bytes.toString('latin1', this.pos, newline);
    this.spend(COST.string + text.length);
    this.pos = newline + 1;
    return text;
  }

  /** A copy of bytes as Latin-1 text, paid for. */
  latin1(span: PyBytes): string {
    this.spend(COST.string + span.length);
    return Buffer.from(span.source.buffer, span.source.byteOffset + span.start, span.length).toString('latin1');
  }
}
