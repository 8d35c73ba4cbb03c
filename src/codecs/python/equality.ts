import type { PyNode } from './value';

/** Composite keys are compared by their text; larger ones than this only by identity. */
const MAX_DEPTH = 32;
const MAX_PARTS = 1000;

/**
 * What comparing has cost since the start, about in bytes: the reader takes the difference from its budget, since a few
 * bytes of a pickle can ask for a large key again and again.
 */
export const keyWork = { spent: 0 };
const WORK_PER_PART = 32;

/** Classes whose instances are equal when their arguments are; of all others only identity is known. */
const VALUE_CLASSES = new Set([
  'datetime.datetime',
  'datetime.date',
  'datetime.time',
  'datetime.timedelta',
  'datetime.timezone',
  'decimal.Decimal',
  'fractions.Fraction',
  'builtins.complex',
  'builtins.range',
]);

/**
 * A JavaScript Map key that is the same for two nodes just when Python finds them equal (`a == b` and so the same dict
 * key): numbers of all types by value, text, bytes, tuples and frozensets by content, the rest by identity. NaN equals
 * only the very same NaN, as in Python's own lookup.
 */
export function keyOf(node: PyNode): unknown {
  switch (typeof node) {
    case 'string':
      return node.charCodeAt(0) === 0 ? `\0s${node}` : node;
    case 'boolean':
      return node ? 1 : 0;
    case 'object':
      break;
    default:
      return node;
  }
  if (node === null) return null;
  if (node.kind === 'float') {
    const { value } = node;
    if (Number.isNaN(value)) return node;
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  const key = compositeKey(node, { parts: MAX_PARTS }, 0);
  if (key === undefined) return node;
  keyWork.spent += key.length;
  return key;
}

function compositeKey(node: PyNode, budget: { parts: number }, depth: number): string | undefined {
  keyWork.spent += WORK_PER_PART;
  if (depth > MAX_DEPTH || --budget.parts < 0) return undefined;
  if (typeof node !== 'object' || node === null || node.kind === 'float') {
    const key = keyOf(node);
    // A NaN inside a tuple is compared by identity, which text cannot say: leave the whole tuple to identity.
    if (typeof key === 'object' && key !== null) return undefined;
    return typeof key === 'string' ? `\0s${key.length}:${key}` : `\0n${String(key)}`;
  }
  switch (node.kind) {
    case 'bytes':
    case 'bytearray':
    case 'str2':
      // A longer key would cost a copy; two such long equal keys are not what a pickler writes.
      if (node.length > 4096) return undefined;
      return `\0b${node.length}:${String.fromCharCode(...node.data)}`;
    case 'surrogatestr':
      return node.codePoints.length > 4096 ? undefined : `\0u${node.codePoints.join(',')}`;
    case 'global':
      return `\0g${node.name}`;
    case 'tuple':
    case 'frozenset':
    case 'set': {
      const parts = keysOfAll(node.items, budget, depth);
      if (parts === undefined) return undefined;
      return node.kind === 'tuple' ? `\0t${parts.length}(${parts.join('')})` : `\0f{${parts.sort().join('')}}`;
    }
    case 'call': {
      const name = node.className;
      if (name === undefined || !VALUE_CLASSES.has(name) || node.kwargs !== undefined) return undefined;
      const parts = keysOfAll(node.args, budget, depth);
      return parts === undefined ? undefined : `\0c${name}(${parts.join('')})`;
    }
    default:
      return undefined;
  }
}

function keysOfAll(items: readonly PyNode[], budget: { parts: number }, depth: number): string[] | undefined {
  if (items.length > budget.parts) return undefined;
  const parts: string[] = [];
  for (const item of items) {
    const key = compositeKey(item, budget, depth + 1);
    if (key === undefined) return undefined;
    parts.push(key);
  }
  return parts;
}
