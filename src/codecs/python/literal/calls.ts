import { complexNode, reduced, ValueRefused } from '../make/call';
import {
  PyByteArray,
  PyBytes,
  type PyCall,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyList,
  type PyNode,
  PySet,
  PyTuple,
} from '../value';
import { DATE_BUILDERS } from './dates';
import { EXACT_BUILDERS } from './exact';
import { unhashable } from './hashable';
import type { Scanner } from './scanner';

export interface CallArgument {
  readonly node: PyNode;
  readonly start: number;
}

export interface CallArguments {
  readonly positional: readonly CallArgument[];
  readonly named: ReadonlyMap<string, CallArgument>;
  /** Offset of the call itself. */
  readonly start: number;
}

/** Arguments by parameter name, after matching; absent where not given. */
export type Bound = ReadonlyMap<string, PyNode>;

export interface Builder {
  /** Parameters in order; those after `*` only by name, those before `/` only by position. */
  readonly parameters: readonly string[];
  build(bound: Bound): PyNode;
}

/** What may be called in a literal, under each name people write it. Nothing is called: each makes a node. */
const BUILDERS: ReadonlyMap<string, Builder> = new Map<string, Builder>([
  ['set', { parameters: ['iterable', '/'], build: bound => new PySet(members(bound, true)) }],
  ['frozenset', { parameters: ['iterable', '/'], build: bound => new PyFrozenSet(members(bound, true)) }],
  ['list', { parameters: ['iterable', '/'], build: bound => new PyList([...members(bound, false)]) }],
  ['tuple', { parameters: ['iterable', '/'], build: bound => new PyTuple([...members(bound, false)]) }],
  ['bytes', { parameters: ['source', '/'], build: bound => new PyBytes(bytesOf(bound)) }],
  ['bytearray', { parameters: ['source', '/'], build: bound => new PyByteArray(bytesOf(bound)) }],
  ['float', { parameters: ['x', '/'], build: buildFloat }],
  ['complex', { parameters: ['real', 'imag'], build: buildComplex }],
  ['range', { parameters: ['start', 'stop', 'step', '/'], build: buildRange }],
  ['OrderedDict', { parameters: ['items', '/'], build: bound => mapping('OrderedDict', bound) }],
  ['collections.OrderedDict', { parameters: ['items', '/'], build: bound => mapping('OrderedDict', bound) }],
  ['deque', { parameters: ['iterable', 'maxlen'], build: buildDeque }],
  ['collections.deque', { parameters: ['iterable', 'maxlen'], build: buildDeque }],
  ['Counter', { parameters: ['items', '/'], build: buildCounter }],
  ['collections.Counter', { parameters: ['items', '/'], build: buildCounter }],
  ...['PurePosixPath', 'PureWindowsPath', 'PosixPath', 'WindowsPath'].flatMap((name): [string, Builder][] => {
    const builder = { parameters: ['path', '/'], build: (bound: Bound) => path(name, bound) };
    return [
      [name, builder],
      [`pathlib.${name}`, builder],
    ];
  }),
  ...DATE_BUILDERS,
  ...EXACT_BUILDERS,
]);

export function isCallable(name: string): boolean {
  return BUILDERS.has(name) || name === 'dict';
}

/** The node for a call, or a LiteralError at the argument that is wrong. */
export function buildCall(name: string, call: CallArguments, scanner: Scanner): PyNode {
  if (name === 'dict') {
    return buildDict(call, scanner);
  }
  const builder = BUILDERS.get(name);
  if (builder === undefined) {
    return scanner.fail(`${name} cannot be called here`, call.start);
  }
  const bound = bind(name, builder.parameters, call, scanner);
  try {
    return builder.build(bound);
  } catch (error) {
    if (error instanceof ValueRefused) {
      return scanner.fail(`${name}: ${error.message}`, call.start);
    }
    throw error;
  }
}

function bind(name: string, parameters: readonly string[], call: CallArguments, scanner: Scanner): Bound {
  const bound = new Map<string, PyNode>();
  const byName = parameters.includes('/') ? [] : parameters.filter(parameter => parameter !== '*');
  const ordered = parameters.slice(0, parameters.includes('*') ? parameters.indexOf('*') : parameters.length);
  const byPosition = ordered.filter(parameter => parameter !== '/');
  for (const [index, argument] of call.positional.entries()) {
    const parameter = byPosition[index];
    if (parameter === undefined) {
      return scanner.fail(`${name} takes at most ${byPosition.length} values by position`, argument.start);
    }
    bound.set(parameter, argument.node);
  }
  for (const [parameter, argument] of call.named) {
    if (!byName.includes(parameter)) {
      const known = byName.length === 0 ? 'none by name' : byName.join(', ');
      return scanner.fail(`${name} has no argument ${parameter}; it takes ${known}`, argument.start);
    }
    if (bound.has(parameter)) {
      return scanner.fail(`${parameter} is given twice`, argument.start);
    }
    bound.set(parameter, argument.node);
  }
  return bound;
}

function buildDict(call: CallArguments, scanner: Scanner): PyNode {
  const [source, ...more] = call.positional;
  if (more.length > 0) {
    return scanner.fail('dict takes at most one value by position', call.start);
  }
  const dict = new PyDict();
  try {
    for (const [key, value] of source === undefined ? [] : pairs(source.node)) {
      dict.set(key, value);
    }
  } catch (error) {
    return error instanceof ValueRefused ? scanner.fail(`dict: ${error.message}`, call.start) : raise(error);
  }
  for (const [key, argument] of call.named) {
    dict.set(key, argument.node);
  }
  return dict;
}

function raise(error: unknown): never {
  throw error;
}

function members(bound: Bound, mustHash: boolean): readonly PyNode[] {
  const node = bound.get('iterable');
  if (node === undefined) {
    return [];
  }
  if (typeof node === 'object' && node !== null) {
    switch (node.kind) {
      case 'list':
      case 'tuple':
      case 'set':
      case 'frozenset': {
        const wrong = mustHash ? node.items.map(unhashable).find(name => name !== undefined) : undefined;
        if (wrong !== undefined) {
          throw new ValueRefused(`a ${wrong} can be no member: Python cannot hash it`);
        }
        return node.items;
      }
    }
  }
  throw new ValueRefused('a list, tuple or set was expected inside');
}

function bytesOf(bound: Bound): Uint8Array {
  const node = bound.get('source');
  if (node === undefined) {
    return new Uint8Array();
  }
  if (typeof node === 'object' && node !== null && (node.kind === 'bytes' || node.kind === 'bytearray')) {
    return node.data;
  }
  throw new ValueRefused("bytes such as b'…' were expected inside");
}

function buildFloat(bound: Bound): PyNode {
  const node = bound.get('x') ?? 0;
  if (node instanceof PyFloat) {
    return node;
  }
  if (typeof node === 'number') {
    return new PyFloat(node);
  }
  const text = typeof node === 'string' ? node.trim().toLowerCase() : '';
  const special = /^([+-]?)(?:(inf|infinity)|nan)$/.exec(text);
  if (special !== null) {
    const value = special[2] === undefined ? Number.NaN : Number.POSITIVE_INFINITY;
    return new PyFloat(special[1] === '-' ? -value : value);
  }
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text)) {
    return new PyFloat(Number(text));
  }
  throw new ValueRefused("a number or a text such as 'nan', 'inf', '-inf' was expected inside");
}

function buildComplex(bound: Bound): PyNode {
  const part = (name: string): number => {
    const node = bound.get(name) ?? 0;
    if (node instanceof PyFloat) {
      return node.value;
    }
    if (typeof node !== 'number') {
      throw new ValueRefused('two numbers were expected: complex(1.0, -2.0)');
    }
    return node;
  };
  return complexNode(part('real'), part('imag'));
}

function buildRange(bound: Bound): PyNode {
  const parts = ['start', 'stop', 'step'].flatMap(name => bound.get(name) ?? []);
  if (parts.length === 0 || parts.some(part => typeof part !== 'number' && typeof part !== 'bigint')) {
    throw new ValueRefused('one to three ints were expected');
  }
  if (parts[2] === 0) {
    throw new ValueRefused('the step must not be 0');
  }
  const [start = 0, stop] = parts;
  return reduced('builtins', 'range', stop === undefined ? [0, start, 1] : [start, stop, parts[2] ?? 1]);
}

/** Pairs of a dict, or of a list of two-tuples. */
function pairs(node: PyNode | undefined): Iterable<[PyNode, PyNode]> {
  if (node === undefined) {
    return [];
  }
  if (node instanceof PyDict) {
    return node.entries();
  }
  if (!(node instanceof PyList || node instanceof PyTuple)) {
    throw new ValueRefused('a dict or a list of pairs was expected inside');
  }
  return node.items.map((item): [PyNode, PyNode] => {
    const pair = item instanceof PyTuple || item instanceof PyList ? item.items : [];
    const [key, value] = pair;
    if (pair.length !== 2 || key === undefined || value === undefined || unhashable(key) !== undefined) {
      throw new ValueRefused('each item must be a pair of a key that can be hashed and a value');
    }
    return [key, value];
  });
}

function mapping(qualname: string, bound: Bound): PyCall {
  const node = reduced('collections', qualname, []);
  const items = new PyDict();
  for (const [key, value] of pairs(bound.get('items'))) {
    items.set(key, value);
  }
  if (items.size > 0) {
    node.dictItems = items;
  }
  return node;
}

/** Counter reduces to a call with a dict (Lib/collections/__init__.py). */
function buildCounter(bound: Bound): PyNode {
  const items = new PyDict();
  for (const [key, value] of pairs(bound.get('items'))) {
    items.set(key, value);
  }
  return reduced('collections', 'Counter', [items]);
}

function buildDeque(bound: Bound): PyNode {
  const maxlen = bound.get('maxlen') ?? null;
  if (maxlen !== null && (typeof maxlen !== 'number' || maxlen < 0)) {
    throw new ValueRefused('maxlen must be an int of at least 0, or None');
  }
  const items = [...members(bound, false)];
  const node = reduced('collections', 'deque', maxlen === null ? [] : [new PyTuple([]), maxlen]);
  const kept = maxlen === null ? items : maxlen === 0 ? [] : items.slice(-maxlen);
  if (kept.length > 0) {
    node.listItems = kept;
  }
  return node;
}

/** A path reduces to its parts (pathlib, 3.4 and later). */
function path(name: string, bound: Bound): PyNode {
  const text = bound.get('path') ?? '.';
  if (typeof text !== 'string') {
    throw new ValueRefused('a text was expected inside');
  }
  return reduced('pathlib', name, [text]);
}
