import type { ScalarTag, Tags } from 'yaml';
import { ValueRefused } from '../python/make/call';
import { dateFromIso, datetimeFromIso } from '../python/make/iso';
import { intNode, PyBytes, PyDict, PyFloat, PyList, type PyNode, PySet } from '../python/value';
import { EnvelopeError } from './error';

/** Characters of YAML that are read: its grammar costs far more than JSON's. */
const MAX_TEXT = 1024 * 1024;
/** Values that aliases may multiply to; the library's own guard counts only how often an alias is used. */
const MAX_NODES = 500_000;

/** A timestamp as it was written: JavaScript's Date would lose microseconds and the offset. */
class Timestamp {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/**
 * YAML 1.1 as PyYAML's `safe_load` reads it, which kombu uses: ints of any size, dates, binary, sets; tags that would
 * make objects are ignored and their value is shown. Rejects with EnvelopeError. Loads its library when first called.
 */
export async function parseYaml(text: string): Promise<PyNode> {
  if (text.length > MAX_TEXT) {
    throw new EnvelopeError('yaml', 'unsupported', `${text.length} characters are more than the ${MAX_TEXT} read here`);
  }
  // A bundle gives a CommonJS library its default export alone.
  const library: typeof import('yaml') & { readonly default?: typeof import('yaml') } = await import('yaml');
  const { parse } = library.default ?? library;
  let value: unknown;
  try {
    value = parse(text, {
      version: '1.1',
      intAsBigInt: true,
      mapAsMap: true,
      maxAliasCount: 100,
      logLevel: 'silent',
      customTags: tags => tags.map(keepTimestamp),
    });
    return new YamlReader().node(value, 0);
  } catch (error) {
    if (error instanceof EnvelopeError) {
      throw error;
    }
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw new EnvelopeError('yaml', 'damaged', `is no YAML: ${reason}`);
  }
}

function keepTimestamp(tag: Tags[number]): Tags[number] {
  return typeof tag === 'object' && tag.tag === 'tag:yaml.org,2002:timestamp'
    ? { ...(tag as ScalarTag), resolve: (source: string) => new Timestamp(source) }
    : tag;
}

class YamlReader {
  private left = MAX_NODES;

  node(value: unknown, depth: number): PyNode {
    if (--this.left < 0 || depth > 1000) {
      throw new EnvelopeError('yaml', 'too-large', 'its aliases or its nesting would make too much of it');
    }
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'bigint':
        return intNode(value);
      case 'number':
        return new PyFloat(value);
      case 'object':
        return value === null ? null : this.object(value, depth + 1);
      default:
        return null;
    }
  }

  private object(value: object, depth: number): PyNode {
    if (Array.isArray(value)) {
      return new PyList(value.map(item => this.node(item, depth)));
    }
    if (value instanceof Map) {
      const dict = new PyDict();
      for (const [key, member] of value) {
        dict.set(this.node(key, depth), this.node(member, depth));
      }
      return dict;
    }
    if (value instanceof Set) {
      return new PySet(Array.from(value, item => this.node(item, depth)));
    }
    if (value instanceof Uint8Array) {
      return new PyBytes(value);
    }
    return value instanceof Timestamp ? timestamp(value.source) : null;
  }
}

const FORM = /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(\.\d*)?[ \t]*(Z|[+-]\d\d?(?::\d\d)?)?)?$/;

/** PyYAML makes a date of a day, and an aware datetime where an offset is written (constructor.py, 6.0). */
function timestamp(source: string): PyNode {
  const match = FORM.exec(source);
  if (match === null) {
    return source;
  }
  const [, year = '', month = '', day = '', hour, minute = '', second = '', fraction = '', zone = ''] = match;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  try {
    if (hour === undefined) {
      return dateFromIso(date);
    }
    const digits = fraction.length > 1 ? fraction : '';
    const offset = /^([+-])(\d\d?)(?::(\d\d))?$/.exec(zone);
    const iso = offset === null ? zone : `${offset[1]}${(offset[2] ?? '').padStart(2, '0')}:${offset[3] ?? '00'}`;
    return datetimeFromIso(`${date}T${hour.padStart(2, '0')}:${minute}:${second}${digits}${iso}`);
  } catch (error) {
    if (error instanceof ValueRefused) {
      return source;
    }
    throw error;
  }
}
