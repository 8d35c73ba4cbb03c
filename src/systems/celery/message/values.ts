/** Small parts of decoded Python values, believed only after a look at their kind. */
import { isKind, type PyDict, type PyNode } from '../../../codecs/python';
import { isoOf } from '../../reading/instants';
import type { TaskSignature } from '../types';

/** The text of a node that is one, else null. */
const textOfNode = (node: PyNode | undefined): string | null => (typeof node === 'string' ? node : null);

/** The text of a field; null where there is none, or an empty one. */
export function textIn(fields: PyDict, name: string): string | null {
  return textOfNode(fields.get(name)) || null;
}

/** An int or a float as a number, else null. */
export function numberOfNode(node: PyNode | undefined): number | null {
  if (typeof node === 'number') return node;
  return node !== undefined && isKind(node, 'float') ? node.value : null;
}

/** Items of a list or tuple; empty for anything else. */
export function itemsOfNode(node: PyNode | undefined): readonly PyNode[] {
  return node !== undefined && (isKind(node, 'list') || isKind(node, 'tuple')) ? node.items : [];
}

/**
 * The dict of a signature: JSON has it plainly, a pickle calls `celery.canvas.signature(dict)` (canvas.py,
 * `Signature.__reduce__`, 4.x to 5.6).
 */
export function dictOfNode(node: PyNode | undefined): PyDict | null {
  if (node === undefined) return null;
  if (isKind(node, 'dict')) return node;
  if (!isKind(node, 'call')) return null;
  if (node.dictItems !== undefined && node.dictItems.size > 0) return node.dictItems;
  const [first] = node.args;
  return first !== undefined && isKind(first, 'dict') ? first : null;
}

/** Signatures of a message that are listed. */
const LISTED = 200;

/** Name and id of the task that a signature would send; null for what is none. */
export function signatureOf(node: PyNode | undefined): TaskSignature | null {
  const dict = dictOfNode(node);
  if (dict === null) return null;
  const options = dictOfNode(dict.get('options'));
  return { task: textOfNode(dict.get('task')), id: textOfNode(options?.get('task_id')) };
}

/** A list of signatures, or a single one. */
export function signaturesOf(node: PyNode | undefined): TaskSignature[] {
  const single = signatureOf(node);
  if (single !== null) return [single];
  return itemsOfNode(node)
    .slice(0, LISTED)
    .flatMap(item => signatureOf(item) ?? []);
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d(?::\d\d)?)?$/;

/**
 * A time as Celery writes it: ISO 8601, without an offset in UTC (`enable_utc`, the default), or unix seconds; a dict of
 * kombu's type tags where a header was made by JSON alone. Null where it is none.
 */
export function instantOfValue(value: unknown): string | null {
  if (typeof value === 'number') return isoOf(value * 1000);
  if (typeof value === 'object' && value !== null && '__value__' in value) return instantOfValue(value.__value__);
  const match = typeof value === 'string' ? ISO.exec(value.trim()) : null;
  if (match === null) return null;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = 'Z'] = match;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const offset = zone === 'Z' ? zone : zone.replace(/^([+-]\d\d):?(\d\d).*$/, '$1:$2');
  return isoOf(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${offset}`));
}
