/** One line of a stack: where the program was. */
export interface TracebackFrame {
  /** As the traceback prints it; a `file://` address of a JavaScript stack as a plain path. `<string>` and the like stay. */
  readonly file: string;
  readonly line: number | null;
  /** 1-based; only JavaScript stacks tell it. */
  readonly column: number | null;
  /** Null at a JavaScript module's top level and in the extra frame of a SyntaxError. */
  readonly function: string | null;
  /** The source line (since Python 3.13 several, joined by line feeds), without the traceback's own indentation. */
  readonly source: string | null;
  /** The `^^^^` line under the source line, aligned with `source`, line by line. */
  readonly marker: string | null;
  /** "[Previous line repeated 996 more times]": how many more times than the frames that are listed. */
  readonly repeated: number;
  /** JavaScript: an `await` brought control here. */
  readonly async: boolean;
}

/**
 * cause: raised from it (`raise … from`, `[cause]`); context: raised while it was being handled;
 * wrapper: the shell another process's exception came home in (billiard's ExceptionWithTraceback).
 */
export type ChainRelation = 'cause' | 'context' | 'wrapper';

export interface TracebackException {
  /** As printed, with its module: `redis.exceptions.ConnectionError`. Null where the text was cut before it. */
  readonly type: string | null;
  /** All of its lines. Empty where the exception has none. */
  readonly message: string;
  /**
   * Lines added by `add_note`, where the text makes sure they are notes. Python prints a note exactly as a further
   * line of the message, so after a free text they stay part of `message`.
   */
  readonly notes: readonly string[];
  /** Outermost call first, as Python prints them. JavaScript's stacks are turned round to the same order. */
  readonly frames: readonly TracebackFrame[];
  /** What came before it, the nearest first. A flat list: the entries' own `chained` are empty. */
  readonly chained: readonly ChainedException[];
  /** Members of an ExceptionGroup or AggregateError. */
  readonly group: readonly TracebackException[];
  /** It was printed by another process and stood in quotes inside the text. */
  readonly remote: boolean;
}

export interface ChainedException extends TracebackException {
  readonly relation: ChainRelation;
}

export interface Traceback extends TracebackException {
  readonly language: 'python' | 'javascript' | 'unknown';
  /** The text before the traceback, as a log line of the worker; empty mostly. */
  readonly preamble: string;
  /** False where the head or the exception's own line is missing: the text was cut. */
  readonly complete: boolean;
  /** The text as it was given, all of it. */
  readonly original: string;
}

/** The same shapes while they are being filled. */
export interface Draft {
  type: string | null;
  message: string;
  notes: string[];
  frames: TracebackFrame[];
  chained: (Draft & { relation: ChainRelation })[];
  group: Draft[];
  remote: boolean;
}

export function emptyDraft(): Draft {
  return { type: null, message: '', notes: [], frames: [], chained: [], group: [], remote: false };
}
