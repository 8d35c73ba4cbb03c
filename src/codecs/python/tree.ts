import { faceOf } from './faces';
import type { Contents } from './faces/face';
import { reprRow } from './repr';
import { isHeapNode, isKind, type PyCall, type PyDict, type PyNode } from './value';

/** One line of a tree that unfolds a value step by step. */
export interface TreeItem {
  /** Place in the value: child numbers from the root, joined by `/`; '' is the root. Stable while the value is the same. */
  readonly path: string;
  /** Key, index or attribute under which the value stands in its parent. */
  readonly label: string;
  /** Python's name of its type: `int`, `dict`, `datetime`, `shop.models.Order`. */
  readonly type: string;
  /** Its repr, cut to one line. */
  readonly text: string;
  /** How many children it unfolds to; 0 for a leaf. */
  readonly children: number;
  readonly node: PyNode;
}

const TEXT = 200;
const LABEL = 80;

/** The first line of the tree of a value. */
export function treeRoot(node: PyNode, label = ''): TreeItem {
  return itemOf(node, label, '');
}

/** The children number `from` to `from + count` of an item; those behind the last are left out. */
export function treeChildren(item: TreeItem, from = 0, count = 100): TreeItem[] {
  const children = childrenOf(item.node);
  const items: TreeItem[] = [];
  for (let i = Math.max(0, from); i < Math.min(children.count, from + count); i++) {
    const { label, node } = children.at(i);
    items.push(itemOf(node, label, item.path === '' ? String(i) : `${item.path}/${i}`));
  }
  return items;
}

/** The item at a path, or undefined where the value has no such place. */
export function treeAt(root: PyNode, path: string): TreeItem | undefined {
  let node = root;
  let label = '';
  for (const step of path === '' ? [] : path.split('/')) {
    const children = childrenOf(node);
    const index = /^\d{1,9}$/.test(step) ? Number(step) : -1;
    if (index < 0 || index >= children.count) return undefined;
    ({ label, node } = children.at(index));
  }
  return itemOf(node, label, path);
}

function itemOf(node: PyNode, label: string, path: string): TreeItem {
  return { path, label, type: typeName(node), text: reprRow(node, TEXT), children: childrenOf(node).count, node };
}

/** What Python calls the type of a value, as far as the bytes tell: the class' name for an object. */
export function typeName(node: PyNode): string {
  switch (typeof node) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'int';
    default:
      return isHeapNode(node) ? heapTypeName(node) : 'NoneType';
  }
}

const OTHER_NAMES: Readonly<Record<string, string>> = {
  str2: 'str',
  surrogatestr: 'str',
  persid: 'persistent id',
  ext: 'extension',
  global: 'name',
};

function heapTypeName(node: Exclude<PyNode, null | boolean | number | bigint | string>): string {
  if (node.kind !== 'call') return OTHER_NAMES[node.kind] ?? node.kind;
  const name = node.className;
  if (name === undefined) return 'object';
  return faceOf(name) === undefined ? name : (FACE_TYPES.get(name) ?? name.slice(name.lastIndexOf('.') + 1));
}

/** Classes made by a function of another name. */
const FACE_TYPES: ReadonlyMap<string, string> = new Map([
  ['zoneinfo.ZoneInfo._unpickle', 'ZoneInfo'],
  ['backports.zoneinfo.ZoneInfo._unpickle', 'ZoneInfo'],
  ['pytz._UTC', 'pytz.UTC'],
  ['pytz._p', 'pytz.timezone'],
  ['re._compile', 're.Pattern'],
  ['array._array_reconstructor', 'array'],
  ['builtins.getattr', 'method'],
]);

interface Child {
  readonly label: string;
  readonly node: PyNode;
}

interface Children {
  readonly count: number;
  at(index: number): Child;
}

const NONE: Children = {
  count: 0,
  at: () => {
    throw new RangeError('a leaf has no children');
  },
};

function childrenOf(node: PyNode): Children {
  if (!isHeapNode(node)) return NONE;
  switch (node.kind) {
    case 'list':
    case 'tuple':
    case 'set':
    case 'frozenset':
      return itemChildren(node.items, '');
    case 'dict':
      return entryChildren(node);
    case 'call': {
      const name = node.className;
      const contents = name === undefined ? undefined : faceOf(name)?.contents?.(node);
      return contents === undefined ? objectChildren(node) : contentChildren(contents, node);
    }
    case 'persid':
      return itemChildren([node.id], 'id');
    default:
      return NONE;
  }
}

function contentChildren(contents: Contents, node: PyCall): Children {
  if (!Array.isArray(contents)) return contents === node ? NONE : childrenOf(contents as PyNode);
  return { count: contents.length, at: index => contents[index]! };
}

function itemChildren(items: readonly PyNode[], prefix: string): Children {
  return {
    count: items.length,
    at: index => ({ label: `${prefix}${prefix === 'id' ? '' : index}`, node: items[index]! }),
  };
}

function entryChildren(dict: PyDict): Children {
  return {
    count: dict.size,
    at: index => ({ label: reprRow(dict.keys[index]!, LABEL), node: dict.values[index]! }),
  };
}

/** Keyword arguments and attributes are labelled by their bare names. */
function nameChildren(dict: PyDict): Children {
  return {
    count: dict.size,
    at: index => {
      const key = dict.keys[index]!;
      return { label: typeof key === 'string' ? key.slice(0, LABEL) : reprRow(key, LABEL), node: dict.values[index]! };
    },
  };
}

/** An object of no known class: what it was called with, its own items, its attributes. */
function objectChildren(call: PyCall): Children {
  const parts: Children[] = [];
  if (!isKind(call.callable, 'global')) parts.push({ count: 1, at: () => ({ label: 'class', node: call.callable }) });
  parts.push(itemChildren(call.args, 'args '));
  if (call.kwargs !== undefined) parts.push(nameChildren(call.kwargs));
  if (call.listItems !== undefined) parts.push(itemChildren(call.listItems, ''));
  if (call.dictItems !== undefined) parts.push(entryChildren(call.dictItems));
  for (const state of statesOf(call)) {
    parts.push(isKind(state, 'dict') ? nameChildren(state) : { count: 1, at: () => ({ label: 'state', node: state }) });
  }
  return concatenated(parts.filter(part => part.count > 0));
}

/** The state, or `__dict__` and slots where it is that pair. */
function statesOf(call: PyCall): readonly PyNode[] {
  const { state } = call;
  if (state === undefined || state === null) return [];
  if (!isKind(state, 'tuple') || state.items.length !== 2) return [state];
  const [own, slots] = state.items;
  if (!isKind(slots!, 'dict') || !(own === null || isKind(own!, 'dict'))) return [state];
  return own === null ? [slots] : [own!, slots];
}

function concatenated(parts: readonly Children[]): Children {
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    at: index => {
      let rest = index;
      for (const part of parts) {
        if (rest < part.count) return part.at(rest);
        rest -= part.count;
      }
      throw new RangeError(`no child ${index}`);
    },
  };
}
