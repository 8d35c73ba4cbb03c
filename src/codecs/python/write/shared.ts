import { isHeapNode, type PyCall, type PyHeapNode, type PyNode } from '../value';

/** The parts of a node, in no particular order: what a walk over a value visits. */
export function partsOf(node: PyHeapNode): readonly PyNode[] {
  switch (node.kind) {
    case 'tuple':
    case 'list':
    case 'set':
    case 'frozenset':
      return node.items;
    case 'dict':
      return [...node.keys, ...node.values];
    case 'call':
      return partsOfCall(node);
    case 'persid':
      return [node.id];
    default:
      return [];
  }
}

function partsOfCall(node: PyCall): readonly PyNode[] {
  const parts: PyNode[] = [node.callable, ...node.args];
  if (node.kwargs !== undefined) {
    parts.push(node.kwargs);
  }
  if (node.state !== undefined) {
    parts.push(node.state);
  }
  if (node.listItems !== undefined) {
    for (const item of node.listItems) {
      parts.push(item);
    }
  }
  if (node.dictItems !== undefined) {
    for (const [key, value] of node.dictItems.entries()) {
      parts.push(key, value);
    }
  }
  return parts;
}

const HAS_IDENTITY: ReadonlySet<PyHeapNode['kind']> = new Set([
  'tuple',
  'list',
  'set',
  'frozenset',
  'dict',
  'call',
  'bytearray',
]);

/**
 * The nodes that a pickle must remember: those that a value reaches by more than one way, and once there is a cycle all
 * containers, since a tuple in a cycle ends only where a container inside it is met again. Values that Python compares
 * by value alone (numbers, text, bytes, names) are never among them.
 */
export function sharedNodes(root: PyNode): ReadonlySet<PyHeapNode> {
  const seen = new Set<PyHeapNode>();
  const open = new Set<PyHeapNode>();
  const shared = new Set<PyHeapNode>();
  let cyclic = false;
  const pending: (PyNode | { readonly leave: PyHeapNode })[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node === 'object' && node !== null && 'leave' in node) {
      open.delete(node.leave);
      continue;
    }
    if (!isHeapNode(node) || !(HAS_IDENTITY.has(node.kind) || node.kind === 'persid') || isEmptyTuple(node)) {
      continue;
    }
    if (seen.has(node)) {
      cyclic ||= open.has(node);
      if (HAS_IDENTITY.has(node.kind)) {
        shared.add(node);
      }
      continue;
    }
    seen.add(node);
    open.add(node);
    pending.push({ leave: node });
    for (const part of partsOf(node)) {
      pending.push(part);
    }
  }
  return cyclic ? new Set([...seen].filter(node => HAS_IDENTITY.has(node.kind))) : shared;
}

function isEmptyTuple(node: PyHeapNode): boolean {
  return node.kind === 'tuple' && node.items.length === 0;
}
