import { ValueRefused } from '../make/call';
import { intNode, PyDict, PyFloat, PyList, type PyNode } from '../value';
import type { ObjectHook } from './text';

/** Nesting of a JavaScript value that is followed; JSON.parse and JSON.stringify stop much earlier than Python needs. */
const MAX_DEPTH = 1000;

/**
 * A JavaScript value, as JSON.parse makes it, as Python's `json` would have it. JavaScript cannot tell 1 from 1.0: a
 * whole number is an `int`, and one beyond 2^53, which is no longer exact, a `float`. Throws ValueRefused.
 */
export function nodeOfJsonValue(value: unknown, hook: ObjectHook = dict => dict, depth = 0): PyNode {
  if (depth > MAX_DEPTH) {
    throw new ValueRefused(`more than ${MAX_DEPTH} containers inside one another`);
  }
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return intNode(value);
    case 'number':
      return Number.isSafeInteger(value) ? value + 0 : new PyFloat(value);
    case 'object':
      if (value === null) {
        return null;
      }
      if (Array.isArray(value)) {
        return new PyList(value.map(item => nodeOfJsonValue(item, hook, depth + 1)));
      }
      return hook(dictOf(value, hook, depth));
    default:
      throw new ValueRefused(`a JavaScript ${typeof value} is no JSON value`);
  }
}

function dictOf(value: object, hook: ObjectHook, depth: number): PyDict {
  const dict = new PyDict();
  for (const [key, member] of Object.entries(value)) {
    dict.set(key, nodeOfJsonValue(member, hook, depth + 1));
  }
  return dict;
}
