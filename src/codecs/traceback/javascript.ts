import { readFirefoxFrame, readV8Frame } from './javascript-frames';
import type { ParsedText } from './python';
import { isMarker } from './python-lines';
import { type Draft, emptyDraft, type TracebackFrame } from './types';

/** Nesting of `[cause]` and `[errors]` that is followed; util.inspect itself stops at depth 2 unless told otherwise. */
const MAX_DEPTH = 40;

/** The first line that only a JavaScript stack has, or -1. */
export function looksLikeJavaScript(lines: readonly string[]): number {
  return lines.findIndex(line => readV8Frame(line) !== null || readFirefoxFrame(line) !== null);
}

interface Open {
  readonly draft: Draft;
  /** Column of its header; what stands less far in belongs to somebody outside. */
  readonly indent: number;
  readonly header: string[];
  hasFrames: boolean;
  /** Column of its `[errors]: [` line while that list is open. */
  listAt: number | null;
}

/** Reads a V8 or Firefox stack, with the causes and members that Node's `util.inspect` prints under it. */
export function parseJavaScript(lines: readonly string[]): ParsedText {
  const { rest, spot } = takeUncaughtHead(lines);
  const root = open(0);
  const stack: Open[] = [root];
  for (const line of rest) {
    feed(stack, line);
  }
  for (const unfinished of stack) {
    settle(unfinished);
  }
  attachSource(root.draft, spot);
  const draft = flatten(root.draft);
  return { draft, preamble: '', complete: draft.type !== null };
}

function open(indent: number): Open {
  return { draft: emptyDraft(), indent, header: [], hasFrames: false, listAt: null };
}

function feed(stack: Open[], line: string): void {
  const indent = line.length - line.trimStart().length;
  const frame = readV8Frame(line) ?? readFirefoxFrame(line);
  if (frame !== null) {
    const owner = stack.at(-1) as Open;
    owner.hasFrames = true;
    owner.draft.frames.push(frame);
    return;
  }
  const cause = /^ *(?:\[cause\]|Caused by|caused by): (?!['"{[\d])([\s\S]+)$/.exec(line);
  if (cause !== null && (stack.at(-1) as Open).hasFrames) {
    closeTo(stack, indent);
    const child = open(indent);
    child.header.push(cause[1] ?? '');
    (stack.at(-1) as Open).draft.chained.push(Object.assign(child.draft, { relation: 'cause' as const }));
    push(stack, child);
    return;
  }
  if (/^ *\[errors\]: \[$/.test(line) && (stack.at(-1) as Open).hasFrames) {
    closeTo(stack, indent);
    (stack.at(-1) as Open).listAt = indent;
    return;
  }
  member(stack, line, indent);
}

/** A header line of a listed error, a further line of a message, or a property and so of no use. */
function member(stack: Open[], line: string, indent: number): void {
  const current = stack.at(-1) as Open;
  if (!current.hasFrames) {
    current.header.push(line);
    return;
  }
  const holder = stack.findLast(candidate => candidate.listAt !== null && indent === candidate.listAt + 2);
  if (holder !== undefined && readHeader(line.trim()).type !== null) {
    while (stack.at(-1) !== holder) {
      settle(stack.pop() as Open);
    }
    const child = open(indent);
    child.header.push(line.trim());
    holder.draft.group.push(child.draft);
    push(stack, child);
  } else if (/^ *\]/.test(line)) {
    const ended = stack.findLast(candidate => candidate.listAt === indent);
    if (ended !== undefined) {
      while (stack.at(-1) !== ended) {
        settle(stack.pop() as Open);
      }
      ended.listAt = null;
    }
  }
}

function push(stack: Open[], child: Open): void {
  if (stack.length < MAX_DEPTH) {
    stack.push(child);
  } else {
    settle(child);
  }
}

/** Closes what was opened as far in as this column or further: a new property there belongs to an outer error. */
function closeTo(stack: Open[], indent: number): void {
  while (stack.length > 1 && (stack.at(-1) as Open).indent >= indent) {
    settle(stack.pop() as Open);
  }
}

function settle(open: Open): void {
  const { draft, header } = open;
  const text = header.join('\n').trim();
  const { type, message } = readHeader(text);
  draft.type = type;
  draft.message = message.trimEnd();
  // V8 prints the innermost call first; the shape promises the outermost.
  draft.frames.reverse();
}

/** `TypeError [ERR_X]: message`, `Uncaught Error: …`; the rest is a message without a type. */
function readHeader(text: string): { type: string | null; message: string } {
  const match =
    /^(?:Uncaught )?(?:\(in promise\) )?((?:[A-Za-z_$][\w$]{0,200}\.){0,10}[A-Z_$][\w$]{0,200}(?: \[[A-Z\d_]{1,100}\])?)(?::(?: ([\s\S]*)|\n?([\s\S]*)))?$/.exec(
      text,
    );
  if (match !== null) {
    return { type: match[1] ?? null, message: match[2] ?? match[3] ?? '' };
  }
  const noMessage = /^((?:[A-Za-z_$][\w$]{0,200}\.){0,10}[A-Z_$][\w$]{0,200})\n([\s\S]*)$/.exec(text);
  return noMessage === null
    ? { type: null, message: text }
    : { type: noMessage[1] ?? null, message: noMessage[2] ?? '' };
}

interface Spot {
  readonly file: string;
  readonly line: number;
  readonly source: string;
  readonly marker: string;
}

/** Node prints place, source line and marker before the stack of an uncaught exception or a SyntaxError. */
function takeUncaughtHead(lines: readonly string[]): { rest: readonly string[]; spot: Spot | null } {
  const place = /^(?:file:\/\/)?(.{1,4096}):(\d{1,9})$/.exec(lines[0] ?? '');
  const marker = lines[2] ?? '';
  if (place === null || !isMarker(marker) || (lines[3] ?? '').trim() !== '') {
    return { rest: lines, spot: null };
  }
  const spot = { file: place[1] ?? '', line: Number(place[2]), source: lines[1] ?? '', marker: marker.trimEnd() };
  return { rest: lines.slice(4), spot };
}

function attachSource(draft: Draft, spot: Spot | null): void {
  if (spot === null) {
    return;
  }
  const at = draft.frames.findIndex(frame => frame.file === spot.file && frame.line === spot.line);
  const found = draft.frames[at];
  if (found !== undefined) {
    draft.frames[at] = { ...found, source: spot.source, marker: spot.marker };
    return;
  }
  const frame: TracebackFrame = { ...spot, column: null, function: null, repeated: 0, async: false };
  draft.frames.push(frame);
}

/** Causes of causes in one list, the nearest first. */
function flatten(draft: Draft): Draft {
  const chained: Draft['chained'] = [];
  const pending = draft.chained.toReversed();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const further of next.chained.toReversed()) {
      pending.push(further);
    }
    next.chained = [];
    next.group = next.group.map(flatten);
    chained.push(next);
  }
  return { ...draft, chained, group: draft.group.map(flatten) };
}
