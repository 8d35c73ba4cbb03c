export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A value as people read it: Python's own repr (JSON for JSON systems), and JSON with tags for what JSON lacks. */
export interface RenderedValue {
  readonly text: string;
  readonly json: JsonValue;
  /** Set where `text` was cut: the size of the whole. */
  readonly cut?: { readonly shownCharacters: number; readonly totalBytes: number };
  /** Unfolds the value lazily for a panel. Not part of any JSON. */
  readonly outline?: Outline;
}

/** A value as a tree that is unfolded by parts, so that a huge one costs nothing until somebody opens it. */
export interface Outline {
  root(): OutlineNode;
  children(path: string, from: number, count: number): readonly OutlineNode[];
}

export interface OutlineNode {
  /** Stable within this value. */
  readonly path: string;
  /** Index, key or attribute as written in Python: `0`, `'user'`, `.name`. */
  readonly label: string;
  /** Python type name, e.g. `dict`, `datetime.datetime`. */
  readonly type: string;
  readonly text: string;
  readonly childCount: number;
}
