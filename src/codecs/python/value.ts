import { keyOf } from './equality';
import { python3Name } from './globals';

/**
 * Python values as this codec holds them: what the pickle reader and the literal parser make, and what the renderers
 * and the writer take. Nothing here can run: a class, a function or a call is a node like any other.
 *
 * The commonest values are plain JavaScript ones, since they cost nothing to make and to compare:
 *
 * | Python | here |
 * |---|---|
 * | `None` | `null` |
 * | `bool` | `boolean` |
 * | `int` | `number` when |n| ≤ 2^53 − 1 (always an integer, never −0), `bigint` beyond |
 * | `str` | `string` (UTF-16; a lone surrogate stays one) |
 * | everything else | an object with `kind`, below |
 *
 * Containers are mutable and have identity: sharing and cycles of the stored value are sharing and cycles here. Whoever
 * walks a value must therefore expect cycles, exponential sharing and a nesting of millions.
 */
export type PyNode = null | boolean | number | bigint | string | PyHeapNode;

/** The nodes that are objects; `kind` tells them apart. */
export type PyHeapNode =
  | PyFloat
  | PyBytes
  | PyByteArray
  | PyStr2
  | PySurrogateStr
  | PyTuple
  | PyList
  | PySet
  | PyFrozenSet
  | PyDict
  | PyGlobal
  | PyCall
  | PyPersistent
  | PyExtension
  | PyBuffer;

/** A Python `float`; a bare `number` is an `int`. */
export class PyFloat {
  readonly kind = 'float' as const;
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Bytes that stay where they were read: a view is made only when somebody asks for it, a copy never. */
abstract class ByteSpan {
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
  constructor(source: Uint8Array, start = 0, end = source.length) {
    this.source = source;
    this.start = start;
    this.end = end;
  }
  get length(): number {
    return this.end - this.start;
  }
  /** A view of the bytes, not a copy. */
  get data(): Uint8Array {
    return this.source.subarray(this.start, this.end);
  }
}

export class PyBytes extends ByteSpan {
  readonly kind = 'bytes' as const;
}

export class PyByteArray extends ByteSpan {
  readonly kind = 'bytearray' as const;
}

/** A Python 2 `str` that is not ASCII: bytes or text, only the application knows. An ASCII one is a plain `string`. */
export class PyStr2 extends ByteSpan {
  readonly kind = 'str2' as const;
}

/**
 * A `str` holding a high surrogate followed by a low one as two separate code points. JavaScript cannot tell that from
 * the one code point the pair would encode, so the code points are kept beside the text.
 */
export class PySurrogateStr {
  readonly kind = 'surrogatestr' as const;
  readonly text: string;
  readonly codePoints: Uint32Array;
  constructor(text: string, codePoints: Uint32Array) {
    this.text = text;
    this.codePoints = codePoints;
  }
}

export class PyTuple {
  readonly kind = 'tuple' as const;
  readonly items: PyNode[];
  constructor(items: PyNode[]) {
    this.items = items;
  }
}

export class PyList {
  readonly kind = 'list' as const;
  readonly items: PyNode[];
  constructor(items: PyNode[] = []) {
    this.items = items;
  }
}

/** Below this many keys a scan is faster than building an index. */
const SCAN_LIMIT = 8;

/** Keys in the order they came, each once by Python's equality (`1 == 1.0 == True`; the first one stays). */
abstract class Keyed {
  readonly keys: PyNode[] = [];
  private index: Map<unknown, number> | undefined = undefined;

  /** Position of the key equal to this one, or -1. */
  find(key: PyNode): number {
    const { keys } = this;
    if (this.index === undefined) {
      if (keys.length < SCAN_LIMIT && typeof key === 'string') {
        for (let i = 0; i < keys.length; i++) if (keys[i] === key) return i;
        return -1;
      }
      if (keys.length === 0) return -1;
      this.index = new Map();
      for (let i = 0; i < keys.length; i++) this.index.set(keyOf(keys[i]!), i);
    }
    return this.index.get(keyOf(key)) ?? -1;
  }

  /** Adds a key that `find` did not find. */
  protected append(key: PyNode): void {
    this.index?.set(keyOf(key), this.keys.length);
    this.keys.push(key);
  }

  get size(): number {
    return this.keys.length;
  }
}

abstract class SetLike extends Keyed {
  constructor(items: Iterable<PyNode> = []) {
    super();
    for (const item of items) this.add(item);
  }
  /** The members, in the order in which they were added. */
  get items(): readonly PyNode[] {
    return this.keys;
  }
  /** Adds unless an equal member is there already. */
  add(item: PyNode): void {
    if (this.find(item) < 0) this.append(item);
  }
}

export class PySet extends SetLike {
  readonly kind = 'set' as const;
}

export class PyFrozenSet extends SetLike {
  readonly kind = 'frozenset' as const;
}

/** A dict with any keys, in insertion order: `keys[i]` belongs to `values[i]`. */
export class PyDict extends Keyed {
  readonly kind = 'dict' as const;
  readonly values: PyNode[] = [];

  /** As `d[key] = value` in Python: of equal keys the first stays, the last value wins. */
  set(key: PyNode, value: PyNode): this {
    const at = this.find(key);
    if (at < 0) {
      this.append(key);
      this.values.push(value);
    } else {
      this.values[at] = value;
    }
    return this;
  }

  /** The value under a key, or undefined where there is none (`null` is Python's None). */
  get(key: PyNode): PyNode | undefined {
    const at = this.find(key);
    return at < 0 ? undefined : this.values[at];
  }

  /** Key and value pairs in order. */
  *entries(): IterableIterator<[PyNode, PyNode]> {
    for (let i = 0; i < this.keys.length; i++) yield [this.keys[i]!, this.values[i]!];
  }
}

/** A class, function or other thing named by module and qualified name. Named, never looked up. */
export class PyGlobal {
  readonly kind = 'global' as const;
  readonly module: string;
  readonly qualname: string;
  /** `module.qualname` as Python 3 calls it: Python 2's `__builtin__.unicode` is `builtins.str` here. */
  readonly name: string;
  constructor(module: string, qualname: string) {
    this.module = module;
    this.qualname = qualname;
    this.name = python3Name(module, qualname);
  }
}

/**
 * How an object was to be made: `reduce` = `callable(*args)`; `newobj` = `cls.__new__(cls, *args)`; `newobj_ex` the same
 * with keyword arguments; `inst` = a Python 2 instance (opcodes INST and OBJ); `build` = state put onto a value of ours
 * that Python gives no state.
 */
export type CallForm = 'reduce' | 'newobj' | 'newobj_ex' | 'inst' | 'build';

/** An object as the recipe that would have made it: nothing is called. */
export class PyCall {
  readonly kind = 'call' as const;
  readonly how: CallForm;
  /** What would have been called; a PyGlobal unless the data is odd. */
  readonly callable: PyNode;
  readonly args: readonly PyNode[];
  readonly kwargs: PyDict | undefined;
  /** From BUILD: usually the instance's `__dict__`, or a pair of `__dict__` and slots. */
  state: PyNode | undefined = undefined;
  /** From APPEND, APPENDS, ADDITEMS: a list, deque or set subclass' own items. */
  listItems: PyNode[] | undefined = undefined;
  /** From SETITEM, SETITEMS: a dict subclass' own items. */
  dictItems: PyDict | undefined = undefined;
  constructor(how: CallForm, callable: PyNode, args: readonly PyNode[], kwargs?: PyDict) {
    this.how = how;
    this.callable = callable;
    this.args = args;
    this.kwargs = kwargs;
  }
  /** `module.Class` of what would have been called, or undefined where that is no plain name. */
  get className(): string | undefined {
    const { callable } = this;
    return typeof callable === 'object' && callable !== null && callable.kind === 'global' ? callable.name : undefined;
  }
}

/** PERSID, BINPERSID: an object kept elsewhere, known to the application alone. */
export class PyPersistent {
  readonly kind = 'persid' as const;
  readonly id: PyNode;
  constructor(id: PyNode) {
    this.id = id;
  }
}

/** EXT1, EXT2, EXT4: a number in `copyreg`'s extension registry of the application. */
export class PyExtension {
  readonly kind = 'ext' as const;
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

/** NEXT_BUFFER: the n-th out-of-band buffer (protocol 5), which is not part of the pickle. */
export class PyBuffer {
  readonly kind = 'buffer' as const;
  readonly index: number;
  readonly readOnly: boolean;
  constructor(index: number, readOnly: boolean) {
    this.index = index;
    this.readOnly = readOnly;
  }
}

/** Whether a node is one of the object kinds rather than None, bool, int or str. */
export function isHeapNode(node: PyNode): node is PyHeapNode {
  return typeof node === 'object' && node !== null;
}

/** Whether a node is an object of this kind, and TypeScript's word for it. */
export function isKind<K extends PyHeapNode['kind']>(node: PyNode, kind: K): node is Extract<PyHeapNode, { kind: K }> {
  return typeof node === 'object' && node !== null && node.kind === kind;
}

/** A JavaScript integer or bigint as the node of that `int`: number when safe, bigint beyond. */
export function intNode(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}
