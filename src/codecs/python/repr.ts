import { type ReprResult, ReprWriter } from './repr-writer';
import type { PyNode } from './value';

export type { ReprResult } from './repr-writer';

const DEFAULT_MAX = 8_000_000;

/** How much is written. */
export interface ReprOptions {
  /** Characters at most, UTF-16 code units. What is cut off is marked by `…`. Default 8 million. */
  readonly max?: number;
  /** Characters at most of a single string or bytes, quotes not counted; `max` by default. */
  readonly maxText?: number;
}

/**
 * Python's own `repr` of a value, character by character, as CPython 3.11 prints it; what has none that the bytes tell
 * (instances of the application's classes) as `module.Class(args){state}`. Never longer than `max`; nested deeper than
 * CPython could print, or cut, it has `…` where something is missing.
 */
export function renderRepr(node: PyNode, options: ReprOptions = {}): ReprResult {
  const max = options.max ?? DEFAULT_MAX;
  const writer = new ReprWriter(max, options.maxText ?? max);
  writer.node(node);
  return writer.result();
}

/** The text of `renderRepr`. */
export function reprText(node: PyNode, options?: ReprOptions): string {
  return renderRepr(node, options).text;
}

/** A value in one line of a table: at most `maxChars`, long strings shortened so that their neighbours are seen too. */
export function reprRow(node: PyNode, maxChars: number): string {
  return renderRepr(node, { max: maxChars, maxText: rowText(maxChars) }).text;
}

/**
 * Arguments as they stand in a call: `(4821, 'EUR', retry=True)`.
 *
 * @param args a tuple or list, or None for no arguments; anything else is written as `*value`
 * @param kwargs a dict, or None for no arguments; keys that are no strings are written as `**{…}`
 * @param maxChars characters at most
 */
export function callText(args: PyNode, kwargs: PyNode, maxChars = DEFAULT_MAX): string {
  const writer = new ReprWriter(maxChars, maxChars === DEFAULT_MAX ? maxChars : rowText(maxChars));
  writer.call(args, kwargs);
  return writer.result().text;
}

function rowText(maxChars: number): number {
  return Math.max(8, Math.floor(maxChars / 2));
}
