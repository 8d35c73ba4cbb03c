import { untag } from './from-json/tags';
import { JsonReader, type ObjectHook } from './from-json/text';
import { nodeOfJsonValue } from './from-json/value';
import type { PyNode } from './value';

export type { ObjectHook } from './from-json/text';

/**
 * JSON text as Python's `json.loads` reads it: `1` is an int, `1.0` a float, big ints stay exact.
 * `hook` replaces each object once it is read. Throws LiteralError with line and column.
 */
export function parseJson(text: string, hook?: ObjectHook): PyNode {
  return new JsonReader(text, hook).read();
}

/** A value that JSON.parse has made already; prefer `parseJson`, which can tell 1 from 1.0. Throws ValueRefused. */
export function fromJson(value: unknown): PyNode {
  return nodeOfJsonValue(value);
}

/** JSON text with the tags of `toTaggedJson`. What stands for no data (objects, classes) throws LiteralError. */
export function parseTaggedJson(text: string): PyNode {
  return new JsonReader(text, untag).read();
}

/** The same for a value that JSON.parse has made already. Throws ValueRefused. */
export function fromTaggedJson(value: unknown): PyNode {
  return nodeOfJsonValue(value, untag);
}
