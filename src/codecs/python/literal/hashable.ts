import type { PyNode } from '../value';

const UNHASHABLE_CLASSES = new Set(['collections.OrderedDict', 'collections.deque', 'collections.Counter']);

/** The name of the part that makes a value unhashable, or undefined. */
export function unhashable(node: PyNode): string | undefined {
  if (typeof node !== 'object' || node === null) {
    return undefined;
  }
  switch (node.kind) {
    case 'list':
    case 'dict':
    case 'set':
    case 'bytearray':
      return node.kind;
    case 'tuple':
      return node.items.map(unhashable).find(name => name !== undefined);
    case 'call':
      return UNHASHABLE_CLASSES.has(node.className ?? '') ? node.className : undefined;
    default:
      return undefined;
  }
}
