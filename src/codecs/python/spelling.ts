import { COST } from './limits';
import type { PickleMachine } from './machine';
import {
  isKind,
  PyByteArray,
  PyBytes,
  PyCall,
  type PyDict,
  PyFrozenSet,
  PyGlobal,
  type PyNode,
  PySet,
  type PyStr2,
} from './value';

/**
 * Older protocols have no opcode for some built-in values and spell them as calls of Python's own functions: bytes are
 * `_codecs.encode(text, 'latin1')`, a set is `builtins.set([…])`, an object `copyreg._reconstructor(cls, object, None)`.
 * These spellings become here what they mean, by code of ours; every other call stays a call.
 */
type Spelling = (m: PickleMachine, args: readonly PyNode[]) => PyNode | undefined;

const SPELLINGS: ReadonlyMap<string, Spelling> = new Map<string, Spelling>([
  ['_codecs.encode', encodedBytes],
  ['builtins.bytes', (m, args) => bytesOf(m, args, PyBytes)],
  ['builtins.bytearray', (m, args) => bytesOf(m, args, PyByteArray)],
  ['builtins.set', (m, args) => setOf(m, args, PySet)],
  ['builtins.frozenset', (m, args) => setOf(m, args, PyFrozenSet)],
  ['builtins.getattr', attribute],
  ['copyreg._reconstructor', reconstructed],
  ['copyreg.__newobj__', (_, [cls, ...args]) => (cls === undefined ? undefined : new PyCall('newobj', cls, args))],
  ['copyreg.__newobj_ex__', newObjectEx],
]);

/** The node for `callable(*args)`. */
export function reduceNode(m: PickleMachine, callable: PyNode, args: readonly PyNode[]): PyNode {
  if (callable instanceof PyGlobal) {
    const node = SPELLINGS.get(callable.name)?.(m, args);
    if (node !== undefined) return node;
  } else if (callable instanceof PyCall && callable.className === 'functools.partial') {
    const node = calledPartial(m, callable, args);
    if (node !== undefined) return node;
  }
  m.left -= COST.call;
  return new PyCall('reduce', callable, args);
}

function encodedBytes(m: PickleMachine, args: readonly PyNode[]): PyNode | undefined {
  const [text, encoding] = args;
  if (typeof text !== 'string' || args.length !== 2 || typeof encoding !== 'string' || !isLatin1(encoding))
    return undefined;
  return bytesOfText(m, text, PyBytes);
}

function isLatin1(encoding: string): boolean {
  return encoding === 'latin1' || encoding === 'latin-1';
}

function bytesOfText<T>(m: PickleMachine, text: string, make: new (source: Uint8Array) => T): T | undefined {
  if (/[^\0-\xff]/.test(text)) return undefined;
  m.spend(COST.bytes + 100 + text.length);
  return new make(Buffer.from(text, 'latin1'));
}

type BytesClass = new (source: Uint8Array, start?: number, end?: number) => PyBytes | PyByteArray;

function bytesOf(m: PickleMachine, args: readonly PyNode[], make: BytesClass): PyNode | undefined {
  const [first, encoding] = args;
  if (args.length === 0) {
    m.spend(COST.bytes);
    return new make(m.bytes, 0, 0);
  }
  if (typeof first === 'string' && args.length === 2 && typeof encoding === 'string' && isLatin1(encoding)) {
    return bytesOfText(m, first, make);
  }
  if (args.length !== 1) return undefined;
  const span = first as PyBytes | PyStr2;
  if (isKind(span, 'bytes') || isKind(span, 'str2')) {
    m.spend(COST.bytes);
    return new make(span.source, span.start, span.end);
  }
  // Python 2 wrote a bytearray as its ASCII text, Python 3 in protocol 0 as a list of numbers.
  if (isKind(span, 'list') && (span as { items: PyNode[] }).items.every(isByte)) {
    const { items } = span as { items: number[] };
    m.spend(COST.bytes + 100 + items.length);
    return new make(Uint8Array.from(items));
  }
  return undefined;
}

function isByte(node: PyNode): boolean {
  return typeof node === 'number' && node >= 0 && node <= 255;
}

function setOf(m: PickleMachine, args: readonly PyNode[], make: typeof PySet | typeof PyFrozenSet): PyNode | undefined {
  const [items] = args;
  if (args.length > 1 || (items !== undefined && !isKind(items, 'list') && !isKind(items, 'tuple'))) return undefined;
  const members = items?.items ?? [];
  m.spend(COST.set);
  return m.addMembers(new make(), members);
}

/** `getattr(Outer, 'Inner')`: how names with dots are spelled below protocol 4, and Enum members in Python 3.11. */
function attribute(m: PickleMachine, args: readonly PyNode[]): PyNode | undefined {
  const [owner, name] = args;
  if (!(owner instanceof PyGlobal) || typeof name !== 'string' || args.length !== 2) return undefined;
  m.spend(COST.global + 2 * (owner.module.length + owner.qualname.length + name.length));
  if (/^__(?!new__).*__$/.test(name)) m.note('dangerous-global', `${owner.name}.${name}: reaches into Python itself`);
  return new PyGlobal(owner.module, `${owner.qualname}.${name}`);
}

/** Protocols 0 and 1: `copyreg._reconstructor(cls, base, value of the base)`. */
function reconstructed(m: PickleMachine, args: readonly PyNode[]): PyNode | undefined {
  const [cls, base, value] = args;
  if (args.length !== 3 || cls === undefined || !(base instanceof PyGlobal) || value === undefined) return undefined;
  m.spend(COST.call + COST.item);
  if (base.name === 'builtins.object') return new PyCall('newobj', cls, []);
  // The tuples with classes of their own are named tuples, which take their fields one by one.
  if (base.name === 'builtins.tuple' && isKind(value, 'tuple')) return new PyCall('newobj', cls, value.items);
  return new PyCall('newobj', cls, [value]);
}

/**
 * `partial(f, 1, k=2)(3)` is `f(1, 3, k=2)`: how calls with keyword arguments are spelled below protocol 4, among them
 * `cls.__new__(cls, 1, k=2)`.
 */
function calledPartial(m: PickleMachine, partial: PyCall, args: readonly PyNode[]): PyNode | undefined {
  const { state } = partial;
  if (state === undefined || !isKind(state, 'tuple') || state.items.length !== 4) return undefined;
  const [callable, bound, named] = state.items;
  if (callable === undefined || !isKind(bound!, 'tuple') || !isKind(named!, 'dict')) return undefined;
  m.spend(COST.call + COST.item * (bound.items.length + args.length));
  const all = [...bound.items, ...args];
  const [cls] = all;
  if (isKind(callable, 'global') && callable.qualname.endsWith('.__new__') && cls !== undefined) {
    return new PyCall('newobj_ex', cls, all.slice(1), named as PyDict);
  }
  return new PyCall('reduce', callable, all, named as PyDict);
}

function newObjectEx(m: PickleMachine, args: readonly PyNode[]): PyNode | undefined {
  const [cls, positional, named] = args;
  if (args.length !== 3 || cls === undefined || named === undefined || positional === undefined) return undefined;
  if (!isKind(positional, 'tuple') || !isKind(named, 'dict')) return undefined;
  m.spend(COST.call);
  return new PyCall('newobj_ex', cls, positional.items, named as PyDict);
}
