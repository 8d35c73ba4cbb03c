import { parseJson } from '../python/from-json';
import { ValueRefused } from '../python/make/call';
import { decimalNode, uuidNode } from '../python/make/exact';
import { dateFromIso, datetimeFromIso, timeFromIso } from '../python/make/iso';
import { PyBytes, PyDict, type PyNode } from '../python/value';
import { decodeBase64 } from './base64';

/** kombu's `object_hook` decoders by `__type__` (kombu/utils/json.py, 5.3.0 to 5.7.0). */
const TYPES: ReadonlyMap<string, (value: PyNode) => PyNode> = new Map<string, (value: PyNode) => PyNode>([
  ['datetime', value => datetimeFromIso(text(value))],
  ['date', value => dateFromIso(text(value))],
  ['time', value => timeFromIso(text(value))],
  ['decimal', value => decimalNode(text(value))],
  ['uuid', value => uuidNode(text(value instanceof PyDict ? (value.get('hex') ?? null) : value))],
  ['bytes', value => new PyBytes(Buffer.from(text(value), 'utf8'))],
  ['base64', value => new PyBytes(base64(value))],
]);

/**
 * A value with the type tags of kombu's JSON taken off, of every generation: `{"__type__", "__value__"}` since 5.3,
 * `{"bytes", "__bytes__"}` and `{"base64", "__base64__"}` of the 5.3 betas. Before 5.3 kombu wrote dates, UUIDs and
 * Decimals as plain text, which nothing tells from text, and so they stay text. A type of the application's own
 * (`register_type`), or a value that does not read, stays the dict it is.
 */
export function untagKombu(dict: PyDict): PyNode {
  try {
    if (dict.size === 2 && dict.get('__type__') !== undefined && dict.get('__value__') !== undefined) {
      const type = dict.get('__type__');
      return (typeof type === 'string' ? TYPES.get(type)?.(dict.get('__value__') ?? null) : undefined) ?? dict;
    }
    if (dict.get('__bytes__') === true) {
      return new PyBytes(Buffer.from(text(dict.get('bytes') ?? null), 'utf8'));
    }
    if (dict.get('__base64__') === true) {
      return new PyBytes(base64(dict.get('base64') ?? null));
    }
  } catch (error) {
    if (!(error instanceof ValueRefused)) {
      throw error;
    }
  }
  return dict;
}

/** A JSON body of Celery or any other user of kombu. Throws LiteralError where it is no JSON. */
export function parseKombuJson(json: string): PyNode {
  return parseJson(json, untagKombu);
}

function text(value: PyNode): string {
  if (typeof value !== 'string') {
    throw new ValueRefused('a text was expected');
  }
  return value;
}

function base64(value: PyNode): Buffer {
  const source = text(value);
  const bytes = source === '' ? Buffer.alloc(0) : decodeBase64(source)?.bytes;
  if (bytes === undefined) {
    throw new ValueRefused('base64 was expected');
  }
  return bytes;
}
