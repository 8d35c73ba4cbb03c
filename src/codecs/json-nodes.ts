import { intNode, PyDict, PyFloat, PyList, type PyNode } from './python';

/** What V8 hands a reviver since version 11.4 (Node 21): the text of a primitive. */
interface ReviverContext {
  readonly source?: string;
}

/**
 * JSON text as Python's `json.loads` reads it: objects become dicts, arrays lists, whole numbers ints of any size.
 * @throws SyntaxError where the text is no JSON
 */
export function readJson(text: string): PyNode {
  return JSON.parse(text, (_key, value: unknown, context?: ReviverContext) => nodeOf(value, context?.source)) as PyNode;
}

function nodeOf(value: unknown, source: string | undefined): PyNode {
  if (typeof value === 'number') {
    if (source !== undefined ? /^-?\d+$/.test(source) : Number.isInteger(value)) {
      return intNode(BigInt(source ?? value));
    }
    return new PyFloat(value);
  }
  if (Array.isArray(value)) return new PyList(value as PyNode[]);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    const dict = new PyDict();
    for (const [key, item] of Object.entries(value)) dict.set(key, item as PyNode);
    return dict;
  }
  return value as PyNode;
}
