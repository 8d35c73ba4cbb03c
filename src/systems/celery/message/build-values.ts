import {
  isHeapNode,
  isKind,
  PickleWriteError,
  PyFloat,
  type PyNode,
  PyTuple,
  reprText,
  toTaggedJson,
  writePickle,
} from '../../../codecs/python';
import { asciiJson, escapeJson } from './build-text';

/** A value that the serializer cannot hold; the message says which and why. */
export class UnwritableValue extends Error {
  override readonly name = 'UnwritableValue';
}

export type Serializer = 'json' | 'pickle';

const MAX_DEPTH = 200;

/**
 * As kombu's JSON serializer writes it (kombu/utils/json.py), ASCII alone. What JSON cannot hold is refused, not bent.
 * @param tagged dates, UUIDs, Decimals and bytes as `{"__type__", "__value__"}` (kombu ≥ 5.3); else as plain text, as
 * kombu wrote them before
 * @throws UnwritableValue
 */
export function kombuJson(node: PyNode, tagged: boolean, depth = 0): string {
  if (depth > MAX_DEPTH) throw new UnwritableValue('it is nested too deeply for JSON');
  if (node === null || typeof node === 'boolean' || typeof node === 'number' || typeof node === 'bigint')
    return String(node);
  if (typeof node === 'string') return asciiJson(node);
  switch (node.kind) {
    case 'float':
      return floatJson(node);
    case 'surrogatestr':
      return escapeJson(JSON.stringify(node.text));
    case 'list':
    case 'tuple':
      return `[${node.items.map(item => kombuJson(item, tagged, depth + 1)).join(', ')}]`;
    case 'dict': {
      const parts = [...node.entries()].map(([key, value]) => {
        if (typeof key !== 'string') throw refused(key, 'as the key of a dict');
        return `${asciiJson(key)}: ${kombuJson(value, tagged, depth + 1)}`;
      });
      return `{${parts.join(', ')}}`;
    }
    case 'bytes':
      if (!tagged) throw refused(node, 'for workers before Celery 5.3');
      return tag(...bytesTag(node.data));
    case 'call':
      return library(node, tagged);
    default:
      throw refused(node);
  }
}

/** What Python's json writes, NaN and infinities among it. */
function floatJson({ value }: PyFloat): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return reprText(new PyFloat(value));
}

function bytesTag(data: Uint8Array): [string, string] {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.length);
  const text = buffer.toString('utf8');
  return Buffer.from(text, 'utf8').equals(buffer)
    ? ['bytes', asciiJson(text)]
    : ['base64', asciiJson(buffer.toString('base64'))];
}

const KINDS = { $datetime: 'datetime', $date: 'date', $time: 'time', $decimal: 'decimal', $uuid: 'uuid' } as const;

/** Values of the standard library that kombu knows. */
function library(node: PyNode, tagged: boolean): string {
  const json = toTaggedJson(node);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const [name] = Object.keys(json);
    const kind = KINDS[name as keyof typeof KINDS] as (typeof KINDS)[keyof typeof KINDS] | undefined;
    const text = (json as Record<string, unknown>)[name ?? ''];
    // A zone known by its name alone leaves no offset in the text: another time would arrive.
    const zoneless = 'zone' in json && !/[+-]\d\d:\d\d(:\d\d)?$/.test(String(text));
    if (kind !== undefined && typeof text === 'string' && !zoneless) {
      if (!tagged) return asciiJson(text);
      return tag(kind, kind === 'uuid' ? asciiJson({ hex: text.replaceAll('-', '') }) : asciiJson(text));
    }
  }
  throw refused(node);
}

const tag = (type: string, value: string): string => `{"__type__": "${type}", "__value__": ${value}}`;

function refused(node: PyNode, where = ''): UnwritableValue {
  const what = isHeapNode(node) ? node.kind : typeof node;
  const text = reprText(node, { max: 60 });
  return new UnwritableValue(`JSON cannot hold ${text} (${what})${where && ` ${where}`}; use the serializer pickle`);
}

/** A body in a serializer. @throws UnwritableValue */
export function serialize(node: PyNode, serializer: Serializer, tagged: boolean, python2 = false): Buffer {
  if (serializer === 'json') return Buffer.from(kombuJson(node, tagged), 'latin1');
  try {
    return writePickle(node, { protocol: python2 ? 2 : 4 });
  } catch (error) {
    if (error instanceof PickleWriteError) throw new UnwritableValue(error.message);
    throw error;
  }
}

export const CONTENT: Readonly<Record<Serializer, { readonly type: string; readonly encoding: 'utf-8' | 'binary' }>> = {
  json: { type: 'application/json', encoding: 'utf-8' },
  pickle: { type: 'application/x-python-serialize', encoding: 'binary' },
};

/** Characters of `argsrepr` and `kwargsrepr` (celery/app/amqp.py, argsrepr_maxsize). */
const REPR_MAX = 1024;

export const shortRepr = (node: PyNode): string => reprText(node, { max: REPR_MAX }).toWellFormed();

/** Whether two values are written alike in Python: an unedited field of a form is no change. */
export function sameValue(one: PyNode, other: PyNode): boolean {
  return asTuple(one) === asTuple(other);
}

function asTuple(node: PyNode): string {
  return reprText(isKind(node, 'list') ? new PyTuple(node.items) : node);
}
