import { isIPv4, isIPv6 } from 'node:net';
import { complexNode, reduced, ValueRefused } from '../make/call';
import { timedeltaNode } from '../make/dates';
import { decimalNode, fractionNode, uuidNode } from '../make/exact';
import { dateFromIso, datetimeFromIso, type IsoExtras, timeFromIso } from '../make/iso';
import { textOfPoints } from '../text';
import {
  intNode,
  PyByteArray,
  PyBytes,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyList,
  type PyNode,
  PySet,
  PyStr2,
  PyTuple,
} from '../value';

type Tag = (value: PyNode, dict: PyDict) => PyNode;

/** The tags that `toTaggedJson` (json.ts) writes, as far as a value can be made of them. */
const TAGS: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ['$tuple', value => new PyTuple([...items(value)])],
  ['$set', value => new PySet(items(value))],
  ['$frozenset', value => new PyFrozenSet(items(value))],
  ['$dict', dictOfPairs],
  ['$int', value => intNode(BigInt(matching(value, /^-?[0-9]{1,4300}$/, 'the digits of an int')))],
  ['$float', value => floatOf(matching(value, /^(?:-?[0-9.]+(?:e[+-]?[0-9]+)?|-?inf|nan)$/, "a float such as '1.0'"))],
  ['$bytes', value => new PyBytes(base64(value))],
  ['$bytearray', value => new PyByteArray(base64(value))],
  ['$str2', value => new PyStr2(base64(value))],
  ['$str', value => textOfPoints(Uint32Array.from(items(value), point))],
  ['$datetime', (value, dict) => datetimeFromIso(text(value), extras(dict))],
  ['$date', value => dateFromIso(text(value))],
  ['$time', (value, dict) => timeFromIso(text(value), extras(dict))],
  ['$timedelta', timedelta],
  ['$decimal', value => decimalNode(text(value))],
  ['$fraction', fraction],
  ['$complex', complex],
  ['$uuid', value => uuidNode(text(value))],
  ['$ip', address],
]);

/** Tags that describe something which only the application can make, or that was left out. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  $object: 'an object of a class cannot be made from JSON: only data can',
  $global: 'a class or function cannot be made from JSON: only data can',
  $path: "JSON does not tell which kind of path this is: write it as a Python literal, PosixPath('…')",
  $persid: 'an object kept elsewhere cannot be made from JSON',
  $extension: 'an extension object cannot be made from JSON',
  $buffer: 'an out-of-band buffer cannot be made from JSON',
  $ref: 'a container inside itself cannot be made from JSON',
  $cut: 'a part of this value was left out when it was shown: what is missing cannot be written',
};

/** The value of a tagged object; an object without a tag stays a dict. Throws ValueRefused. */
export function untag(dict: PyDict): PyNode {
  const tag = dict.keys.find(key => typeof key === 'string' && key.startsWith('$')) as string | undefined;
  if (tag === undefined) {
    return dict;
  }
  const reason = Object.hasOwn(DESCRIPTIONS, tag) ? DESCRIPTIONS[tag] : undefined;
  const make = TAGS.get(tag);
  if (make === undefined) {
    throw new ValueRefused(
      reason ?? `${tag} is no tag; a dict whose key begins with $ is {"$dict": [[key, value], …]}`,
    );
  }
  const allowed = tag === '$datetime' || tag === '$time' ? ['fold', 'zone', tag] : [tag];
  if (dict.keys.some(key => !allowed.includes(key as string))) {
    throw new ValueRefused(`${tag} stands beside other keys`);
  }
  return make(dict.get(tag) ?? null, dict);
}

function items(value: PyNode): readonly PyNode[] {
  if (!(value instanceof PyList)) {
    throw new ValueRefused('the tag needs a list');
  }
  return value.items;
}

function text(value: PyNode): string {
  if (typeof value !== 'string') {
    throw new ValueRefused('the tag needs a text');
  }
  return value;
}

function matching(value: PyNode, pattern: RegExp, what: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) {
    throw new ValueRefused(`the tag needs ${what}, as text`);
  }
  return value;
}

function base64(value: PyNode): Buffer {
  return Buffer.from(matching(value, /^[A-Za-z0-9+/]*={0,2}$/, 'base64'), 'base64');
}

function point(value: PyNode): number {
  if (typeof value !== 'number' || value < 0 || value > 0x10ffff) {
    throw new ValueRefused('$str needs code points');
  }
  return value;
}

function floatOf(digits: string): PyFloat {
  if (digits === 'nan') {
    return new PyFloat(Number.NaN);
  }
  return new PyFloat(Number(digits.replace('inf', 'Infinity')));
}

function numberOf(value: PyNode | undefined): number {
  if (value instanceof PyFloat) {
    return value.value;
  }
  if (typeof value !== 'number') {
    throw new ValueRefused('the tag needs numbers');
  }
  return value;
}

function dictOfPairs(value: PyNode): PyDict {
  const dict = new PyDict();
  for (const pair of items(value)) {
    const [key, member, ...more] = items(pair);
    if (key === undefined || member === undefined || more.length > 0) {
      throw new ValueRefused('$dict needs pairs of key and value');
    }
    dict.set(key, member);
  }
  return dict;
}

function extras(dict: PyDict): IsoExtras {
  const zone = dict.get('zone');
  if (zone !== undefined && typeof zone !== 'string') {
    throw new ValueRefused('only a time zone known by its name can be made from JSON');
  }
  return { fold: dict.get('fold') === 1 ? 1 : 0, ...(zone === undefined ? {} : { zone }) };
}

function timedelta(value: PyNode): PyNode {
  if (!(value instanceof PyDict)) {
    throw new ValueRefused('$timedelta needs days, seconds and microseconds');
  }
  const part = (name: string): bigint => {
    const found = value.get(name) ?? 0;
    if (typeof found !== 'number') {
      throw new ValueRefused('$timedelta needs ints');
    }
    return BigInt(found);
  };
  return timedeltaNode((part('days') * 86_400n + part('seconds')) * 1_000_000n + part('microseconds'));
}

function fraction(value: PyNode): PyNode {
  const [numerator = '0', denominator = '1'] = matching(value, /^-?[0-9]{1,4300}(?:\/[0-9]{1,4300})?$/, 'n/d').split(
    '/',
  );
  return fractionNode(BigInt(numerator), BigInt(denominator));
}

function complex(value: PyNode): PyNode {
  const [real, imaginary] = items(value);
  return complexNode(numberOf(real), numberOf(imaginary));
}

function address(value: PyNode): PyNode {
  const ip = text(value);
  if (!isIPv4(ip) && !isIPv6(ip)) {
    throw new ValueRefused('JSON does not tell a network from an interface; only a plain address can be made');
  }
  return reduced('ipaddress', isIPv4(ip) ? 'IPv4Address' : 'IPv6Address', [ip]);
}
