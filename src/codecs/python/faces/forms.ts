import { isKind, type PyCall, type PyDict, type PyNode } from '../value';

/** Helpers for faces: reading the forms in which Python's classes pickle themselves. */

/** The value of an attribute in an object's state, be it a dict or a pair of dict and slots. */
export function attribute(call: PyCall, name: string): PyNode | undefined {
  const { state } = call;
  if (state === undefined) return undefined;
  if (isKind(state, 'dict')) return state.get(name);
  if (!isKind(state, 'tuple')) return undefined;
  for (const part of state.items) {
    const value = isKind(part, 'dict') ? part.get(name) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The node if it is a `str`. */
export function asText(node: PyNode | undefined): string | undefined {
  return typeof node === 'string' ? node : undefined;
}

/** The node if it is an `int` that JavaScript can hold exactly; a bool counts, as in Python. */
export function asInt(node: PyNode | undefined): number | undefined {
  if (typeof node === 'boolean') return Number(node);
  return typeof node === 'number' ? node : undefined;
}

/** The node if it is an `int` of any size. */
export function asBigInt(node: PyNode | undefined): bigint | undefined {
  return typeof node === 'number' || typeof node === 'bigint' ? BigInt(node) : undefined;
}

export function asDict(node: PyNode | undefined): PyDict | undefined {
  return node !== undefined && isKind(node, 'dict') ? node : undefined;
}

/** The items of a list or tuple. */
export function asItems(node: PyNode | undefined): readonly PyNode[] | undefined {
  return node !== undefined && (isKind(node, 'list') || isKind(node, 'tuple')) ? node.items : undefined;
}

/** Last part of a dotted name. */
export function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
