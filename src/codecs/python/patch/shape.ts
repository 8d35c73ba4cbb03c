/**
 * What a pickle builds, as far as a patch needs it: which opcodes made which part, and where a part is finished and lies
 * on top of the stack. Values are not decoded.
 */
export class Shape {
  readonly kind: 'atom' | 'tuple' | 'list' | 'dict' | 'object' | 'other';
  /** Of an atom: the bytes of its opcode. */
  readonly start: number;
  readonly end: number;
  /** Parts of a tuple or list; items that were appended to an object. */
  readonly items: Slot[] = [];
  /** Of a dict, or set as items of an object; a later entry with the same key wins. */
  readonly entries: { readonly key: Shape; readonly slot: Slot }[] = [];
  /** Of an object: the tuple of its arguments, and its state. */
  args: Slot | undefined = undefined;
  state: Slot | undefined = undefined;
  /** How often the memo was asked for it: it is used in that many more places. */
  references = 0;

  constructor(kind: Shape['kind'], start: number, end: number) {
    this.kind = kind;
    this.start = start;
    this.end = end;
  }
}

/** A place that holds a part. */
export interface Slot {
  readonly shape: Shape;
  /** Offset at which the part is complete and on top of the stack. */
  readonly insertAt: number;
}

/** A frame of protocol 4: `length` is the offset of its eight length bytes, the rest the span of its content. */
export interface FrameSpan {
  readonly length: number;
  readonly start: number;
  readonly end: number;
}
