/** What workers send, as plain values: bounded, and only what is expected is taken out of it. */
import { isHeapNode, isKind, type PyDict, type PyNode, reprText } from '../../../codecs/python';
import { isRecord } from '../../reading/values';

/** Values of one answer that are made plain; the rest is left out. */
const MAX_VALUES = 200_000;
const MAX_DEPTH = 40;

/** Python's containers as arrays and records, keys as text; what JavaScript has not, as its repr. */
export function plainOf(node: PyNode): unknown {
  let left = MAX_VALUES;
  const path = new Set<PyNode>();
  const plain = (value: PyNode, depth: number): unknown => {
    if (--left < 0 || depth > MAX_DEPTH) return null;
    if (typeof value === 'bigint') return Number(value);
    if (!isHeapNode(value)) return value;
    if (path.has(value)) return null;
    path.add(value);
    try {
      if (isKind(value, 'dict')) return recordOf(value, depth);
      if (isKind(value, 'float')) return value.value;
      if (isKind(value, 'list') || isKind(value, 'tuple') || isKind(value, 'set') || isKind(value, 'frozenset'))
        return itemsOf(value).map(item => plain(item, depth + 1));
      return reprText(value, { max: 1_000 });
    } finally {
      path.delete(value);
    }
  };
  const recordOf = (dict: PyDict, depth: number) => {
    const record: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (let i = 0; i < dict.size && left > 0; i++) {
      const key = dict.keys[i] ?? null;
      record[typeof key === 'string' ? key : reprText(key, { max: 200 })] = plain(dict.values[i] ?? null, depth + 1);
    }
    return record;
  };
  return plain(node, 0);
}

/** Items of a list, tuple or set; empty for anything else. */
export function itemsOf(node: PyNode): readonly PyNode[] {
  if (isKind(node, 'list') || isKind(node, 'tuple')) return node.items;
  if (isKind(node, 'set') || isKind(node, 'frozenset')) return node.keys;
  return [];
}

/** The value of a text key; null where there is none. */
export function member(node: PyNode, key: string): PyNode {
  return isKind(node, 'dict') ? (node.get(key) ?? null) : null;
}

export const textIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A finite number, also where it was written as text. */
export function numberIn(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const fieldIn = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** Unix seconds as ISO 8601 in UTC; null for what is no instant after 2001, as a clock since boot is none. */
export function instantOfSeconds(value: unknown): string | null {
  const seconds = numberIn(value);
  return seconds === null || seconds < 1e9 || seconds > 1e11 ? null : new Date(seconds * 1000).toISOString();
}

/** Any text of an instant as ISO 8601 in UTC; one without an offset is UTC, as Celery writes it. */
export function instantOfText(value: unknown): string | null {
  const text = textIn(value);
  if (text === null) return null;
  const aware = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const at = Date.parse(aware.replace(' ', 'T'));
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
