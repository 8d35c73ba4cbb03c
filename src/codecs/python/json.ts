import { faceOf } from './faces';
import type { JsonSink, JsonValue } from './faces/face';
import { floatText, intText } from './number-text';
import {
  isHeapNode,
  type PyByteArray,
  type PyBytes,
  type PyCall,
  type PyDict,
  type PyHeapNode,
  type PyNode,
  type PyStr2,
} from './value';

export type { JsonValue } from './faces/face';

/** How much is made. */
export interface JsonOptions {
  /** Values at most, shared ones counted each time they appear. Default 200,000. */
  readonly maxNodes?: number;
  /** Characters of text at most, base64 included. Default 8 million. */
  readonly maxText?: number;
}

/** Nesting that is followed; JSON.stringify recurses too. */
const MAX_DEPTH = 400;

/**
 * A value as JSON, with tags for what JSON lacks:
 *
 * | Python | JSON |
 * |---|---|
 * | `None`, `bool`, `str`, `int` up to 2^53 − 1, `float` with a fraction, `list` | as in JSON |
 * | dict whose keys are all str, none of them beginning with `$`, none `__proto__` | object |
 * | any other dict | `{"$dict": [[key, value], …]}` |
 * | tuple, set, frozenset | `{"$tuple": […]}`, `{"$set": […]}`, `{"$frozenset": […]}` |
 * | larger int | `{"$int": "digits"}` |
 * | whole, infinite or NaN float | `{"$float": "1.0"}`, `"inf"`, `"nan"`, `"-0.0"` |
 * | bytes, bytearray, Python 2 str that is not ASCII | `{"$bytes": "base64"}`, `{"$bytearray": …}`, `{"$str2": …}` |
 * | str with surrogates side by side | `{"$str": [code points]}` |
 * | datetime, date, time | `{"$datetime": ISO 8601, "zone"?, "fold"?}`, `{"$date": …}`, `{"$time": …}` |
 * | timedelta | `{"$timedelta": {"days", "seconds", "microseconds"}}` |
 * | Decimal, Fraction, complex, UUID, path, ipaddress | `$decimal`, `$fraction`, `$complex`, `$uuid`, `$path`, `$ip` |
 * | class or function | `{"$global": "module.qualname"}` |
 * | any other object | `{"$object": {"class", "args", "kwargs"?, "items"?, "entries"?, "state"?}}` |
 * | persistent id, extension, out-of-band buffer | `{"$persid": …}`, `{"$extension": code}`, `{"$buffer": index}` |
 * | a container inside itself | `{"$ref": n}`: the n-th container outwards, 1 the one around this place |
 * | what a limit left out | `{"$cut": the beginning or null, "of": characters or items in all}` |
 *
 * A dict of the data never looks like a tag, since one with a `$` key is written as `$dict`.
 */
export function toTaggedJson(node: PyNode, options: JsonOptions = {}): JsonValue {
  return new JsonMaker(options.maxNodes ?? 200_000, options.maxText ?? 8_000_000).node(node);
}

class JsonMaker implements JsonSink {
  private nodes: number;
  private room: number;
  private readonly path: PyHeapNode[] = [];

  constructor(maxNodes: number, maxText: number) {
    this.nodes = maxNodes;
    this.room = maxText;
  }

  node(node: PyNode): JsonValue {
    if (--this.nodes < 0) return { $cut: null, of: 1 };
    switch (typeof node) {
      case 'string':
        return this.text(node);
      case 'bigint': {
        const text = intText(node);
        return this.take(text.length) ? { $int: text } : { $cut: null, of: text.length };
      }
      case 'object':
        return isHeapNode(node) ? this.heap(node) : null;
      default:
        return node;
    }
  }

  private heap(node: PyHeapNode): JsonValue {
    switch (node.kind) {
      case 'float':
        return Number.isInteger(node.value) || !Number.isFinite(node.value)
          ? { $float: floatText(node.value) }
          : node.value;
      case 'bytes':
        return this.bytes('$bytes', node);
      case 'bytearray':
        return this.bytes('$bytearray', node);
      case 'str2':
        return this.bytes('$str2', node);
      case 'surrogatestr': {
        const { length } = node.codePoints;
        return this.take(8 * length) ? { $str: [...node.codePoints] } : { $cut: null, of: length };
      }
      case 'global':
        return this.take(node.name.length) ? { $global: node.name } : { $cut: null, of: node.name.length };
      case 'ext':
        return { $extension: node.code };
      case 'buffer':
        return { $buffer: node.index };
      default:
        return this.container(node);
    }
  }

  private container(node: PyHeapNode): JsonValue {
    const { path } = this;
    const at = path.lastIndexOf(node);
    if (at >= 0) return { $ref: path.length - at };
    if (path.length >= MAX_DEPTH) return { $cut: null, of: 1 };
    path.push(node);
    const value = this.inside(node);
    path.pop();
    return value;
  }

  private inside(node: PyHeapNode): JsonValue {
    switch (node.kind) {
      case 'list':
        return this.list(node.items);
      case 'tuple':
        return { $tuple: this.list(node.items) };
      case 'set':
        return { $set: this.list(node.items) };
      case 'frozenset':
        return { $frozenset: this.list(node.items) };
      case 'dict':
        return this.dict(node);
      case 'persid':
        return { $persid: this.node(node.id) };
      case 'call':
        return this.call(node);
      default:
        return null;
    }
  }

  private call(node: PyCall): JsonValue {
    const name = node.className;
    const known = name === undefined ? undefined : faceOf(name)?.json?.(node, this);
    if (known !== undefined) return known;
    const object: { [key: string]: JsonValue } = {
      class: name ?? this.node(node.callable),
      args: this.list(node.args),
    };
    if (node.kwargs !== undefined) object['kwargs'] = this.dict(node.kwargs);
    if (node.listItems !== undefined) object['items'] = this.list(node.listItems);
    if (node.dictItems !== undefined) object['entries'] = this.dict(node.dictItems);
    if (node.state !== undefined) object['state'] = this.node(node.state);
    return { $object: object };
  }

  private dict(node: PyDict): JsonValue {
    if (!node.keys.every(isPlainKey)) {
      return { $dict: this.some(node.size, i => [this.node(node.keys[i]!), this.node(node.values[i]!)]) };
    }
    const object: { [key: string]: JsonValue } = {};
    for (let i = 0; i < node.size; i++) {
      const key = node.keys[i] as string;
      if (this.nodes <= 0 || !this.take(key.length)) {
        return { $dict: [...Object.entries(object), { $cut: null, of: node.size }] };
      }
      object[key] = this.node(node.values[i]!);
    }
    return object;
  }

  private list(items: readonly PyNode[]): JsonValue[] {
    return this.some(items.length, i => this.node(items[i]!));
  }

  private some(count: number, make: (index: number) => JsonValue): JsonValue[] {
    const made: JsonValue[] = [];
    for (let i = 0; i < count; i++) {
      if (this.nodes <= 0) {
        made.push({ $cut: null, of: count });
        break;
      }
      made.push(make(i));
    }
    return made;
  }

  private text(text: string): JsonValue {
    if (this.take(text.length)) return text;
    const beginning = text.slice(0, Math.max(0, this.room));
    this.room = 0;
    return { $cut: beginning, of: text.length };
  }

  private bytes(tag: string, span: PyBytes | PyByteArray | PyStr2): JsonValue {
    if (!this.take(Math.ceil(span.length / 3) * 4)) return { $cut: null, of: span.length };
    return {
      [tag]: Buffer.from(span.source.buffer, span.source.byteOffset + span.start, span.length).toString('base64'),
    };
  }

  /** Takes room for text; false, taking none, where there is too little. */
  private take(length: number): boolean {
    if (length > this.room) return false;
    this.room -= length;
    return true;
  }
}

function isPlainKey(key: PyNode): boolean {
  return typeof key === 'string' && key.charCodeAt(0) !== 0x24 && key !== '__proto__';
}
