import type { PyCall, PyNode } from '../value';

/** Where a face writes Python text to. */
export interface ReprSink {
  /** Whether there is no room left: the rest need not be written. */
  readonly full: boolean;
  /** Text as it is. */
  raw(text: string): void;
  /** A value inside, by its own repr. */
  node(node: PyNode): void;
  /** Values between commas: `1, 'a'`. */
  list(items: readonly PyNode[]): void;
}

/** Where a face makes JSON of values inside. */
export interface JsonSink {
  node(node: PyNode): JsonValue;
}

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** What a value unfolds to in a tree: named parts, or the children of another node (the dict inside an OrderedDict). */
export type Contents = readonly Part[] | PyNode;

export interface Part {
  readonly label: string;
  readonly node: PyNode;
}

/**
 * How the instances of one class are shown. A face looks at the form in which the class pickles itself; where that form
 * is not what it knows, it returns false or undefined, and the value is shown as `module.Class(args){state}`.
 */
export interface Face {
  /** Writes Python's own `repr`. Returns false where the form is unfamiliar, having written nothing. */
  write(call: PyCall, out: ReprSink): boolean;
  /** What stands for the value inside itself; by default `...`. */
  readonly recursion?: string;
  /** The same where it takes writing. */
  recur?(call: PyCall, out: ReprSink): void;
  /** The JSON form with its tag; without it `{"$object": …}`. */
  json?(call: PyCall, out: JsonSink): JsonValue | undefined;
  /** What it unfolds to; null for nothing. Without it: arguments, items and state. */
  contents?(call: PyCall): Contents | undefined;
}

/** Faces by `module.qualname`, in Python 3's names. */
export type FaceTable = Readonly<Record<string, Face>>;
