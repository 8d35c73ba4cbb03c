import type { ParsedText } from './python';
import {
  isHeader,
  isMarker,
  prefixOfHeader,
  readChainSentence,
  readExceptionLine,
  readFrameLine,
  readRepeated,
} from './python-lines';
import { unwrapRemote } from './remote';
import { type ChainRelation, type Draft, emptyDraft, type TracebackFrame } from './types';

/** The shells in which another process's traceback comes home, as a text in triple quotes. */
const REMOTE = /(?:^|[._])(?:RemoteTraceback|ExceptionWithTraceback)$/;

type State = 'before' | 'frames' | 'message' | 'quoted' | 'between';

interface Reading {
  draft: Draft;
  /** How the exception before this one is related to it. */
  relation: ChainRelation | null;
  message: string[];
  sources: string[];
  markers: string[];
  members: ChainReader[];
  bare: boolean;
  hasHeader: boolean;
}

/**
 * Reads one chain of exceptions line by line: a state machine, so that every line is looked at once. Text inside a
 * message that looks like a frame or a header stays message, since only the chain's own sentences end one.
 */
export class ChainReader {
  private state: State = 'before';
  private readonly preamble: string[] = [];
  private readonly done: Reading[] = [];
  private current: Reading | null = null;
  private pendingRelation: ChainRelation | null = null;
  private readonly isMember: boolean;
  private readonly quotes: number;

  /** isMember: of a group, where an exception may stand without a header. quotes: how many quotations deep this is. */
  constructor(isMember: boolean, quotes = 0) {
    this.isMember = isMember;
    this.quotes = quotes;
  }

  addMember(chain: ChainReader): void {
    this.current ??= this.begin(null, false);
    this.current.members.push(chain);
  }

  feed(line: string): void {
    switch (this.state) {
      case 'before':
        this.feedBefore(line);
        break;
      case 'frames':
        this.feedFrames(line);
        break;
      case 'message':
        this.feedMessage(line);
        break;
      case 'quoted':
        this.current?.message.push(line);
        if (line.trimEnd().endsWith('"""')) {
          this.state = 'message';
        }
        break;
      case 'between':
        this.feedBetween(line);
        break;
    }
  }

  private feedBefore(line: string): void {
    const relation = readChainSentence(line);
    if (isHeader(line)) {
      this.preamble.push(prefixOfHeader(line));
      this.begin(null, true);
    } else if (readFrameLine(line) !== null) {
      this.begin(null, false);
      this.feedFrames(line);
    } else if (relation !== null) {
      this.takePreambleAsException();
      this.between(relation);
    } else if (this.isMember ? line.trim() !== '' : REMOTE.test(line.trim().replace(/:$/, ''))) {
      this.begin(null, true);
      this.exceptionLine(line);
    } else if (TAIL_OF_FRAME.test(line) || readRepeated(line) !== null) {
      // The head was cut off in the middle of a frame: its rest tells nothing.
    } else {
      this.preamble.push(line);
    }
  }

  private feedFrames(line: string): void {
    const current = this.current as Reading;
    const frame = readFrameLine(line);
    if (frame !== null) {
      this.closeFrame();
      current.draft.frames.push(frame);
      return;
    }
    const repeated = readRepeated(line);
    const last = current.draft.frames.at(-1);
    if (repeated !== null) {
      this.closeFrame();
      if (last !== undefined) {
        current.draft.frames[current.draft.frames.length - 1] = { ...lastOf(current), repeated };
      }
      return;
    }
    const relation = readChainSentence(line);
    if (relation !== null) {
      // The exception's own line was cut out.
      this.between(relation);
    } else if (/^[ \t]/.test(line)) {
      this.sourceLine(line);
    } else if (isHeader(line)) {
      // Cut in the middle, or a header that was printed twice: what follows is the same stack as far as anyone can tell.
    } else if (readExceptionLine(line).type !== null) {
      this.exceptionLine(line);
    }
    // Anything else is half a line that a cut left behind.
  }

  private feedMessage(line: string): void {
    const current = this.current as Reading;
    const relation = readChainSentence(line);
    if (relation !== null) {
      this.between(relation);
      return;
    }
    if (current.message.length === 1 && current.message[0] === '' && line.startsWith('"""') && this.isRemote()) {
      this.state = 'quoted';
    }
    current.message.push(line);
  }

  private feedBetween(line: string): void {
    if (line.trim() === '') {
      return;
    }
    const relation = this.pendingRelation;
    if (isHeader(line)) {
      this.begin(relation, true);
    } else if (readFrameLine(line) !== null) {
      this.begin(relation, false);
      this.feedFrames(line);
    } else {
      this.begin(relation, true);
      this.exceptionLine(line);
    }
  }

  private between(relation: ChainRelation): void {
    this.close();
    this.pendingRelation = relation;
    this.state = 'between';
  }

  private begin(relation: ChainRelation | null, hasHeader: boolean): Reading {
    this.current = {
      draft: emptyDraft(),
      relation,
      message: [],
      sources: [],
      markers: [],
      members: [],
      bare: false,
      hasHeader,
    };
    this.state = 'frames';
    return this.current;
  }

  private isRemote(): boolean {
    return REMOTE.test(this.current?.draft.type ?? '');
  }

  private exceptionLine(line: string): void {
    const current = this.current as Reading;
    this.closeFrame();
    const { type, message, bare } = readExceptionLine(line);
    current.draft.type = type;
    current.bare = bare;
    current.message.push(message);
    this.state = 'message';
  }

  /** Lines under a frame: source and marker, in Python 3.13 several of each. Four spaces are the traceback's own. */
  private sourceLine(line: string): void {
    const current = this.current as Reading;
    const own = line.startsWith('    ') ? line.slice(4) : line.trimStart();
    if (isMarker(own) && current.sources.length > current.markers.length) {
      while (current.markers.length < current.sources.length - 1) {
        current.markers.push('');
      }
      current.markers.push(own.trimEnd());
    } else {
      current.sources.push(own);
    }
  }

  private closeFrame(): void {
    const current = this.current as Reading;
    const { frames } = current.draft;
    if (frames.length > 0 && current.sources.length > 0) {
      frames[frames.length - 1] = {
        ...lastOf(current),
        source: current.sources.join('\n'),
        marker: current.markers.length > 0 ? current.markers.join('\n') : null,
      };
    }
    current.sources = [];
    current.markers = [];
  }

  private takePreambleAsException(): void {
    const text = this.preamble.splice(0).join('\n').trim();
    const current = this.begin(null, false);
    const { type, message } = readExceptionLine(text.split('\n', 1)[0] ?? '');
    current.draft.type = type;
    current.message.push(type === null ? text : message + text.slice((text.split('\n', 1)[0] ?? '').length));
  }

  private close(): void {
    const current = this.current;
    if (current !== null) {
      this.closeFrame();
      settleMessage(current);
      this.done.push(current);
      this.current = null;
    }
  }

  finish(): ParsedText {
    this.close();
    const last = this.done.pop();
    const preamble = this.preamble.join('\n').trim();
    if (last === undefined) {
      return { draft: { ...emptyDraft(), message: preamble }, preamble: '', complete: false };
    }
    const draft = this.assemble(last);
    let relation = last.relation;
    for (const earlier of this.done.reverse()) {
      const before = this.assemble(earlier);
      const { chained } = before;
      before.chained = [];
      draft.chained.push({ ...before, relation: relation ?? 'context' });
      for (const further of chained) {
        draft.chained.push(further);
      }
      relation = earlier.relation;
    }
    return { draft, preamble, complete: last.hasHeader && draft.type !== null };
  }

  private assemble(reading: Reading): Draft {
    for (const member of reading.members) {
      reading.draft.group.push(member.finish().draft);
    }
    return unwrapRemote(reading.draft, this.quotes);
  }
}

/** What stays of a frame whose `File` line was cut off: source lines and markers stand four spaces in. */
const TAIL_OF_FRAME = /^ {4}\s*\S/;

function lastOf(reading: Reading): TracebackFrame {
  return reading.draft.frames[reading.draft.frames.length - 1] as TracebackFrame;
}

/** Messages that cannot have a second line: what follows one is a note for sure. */
const ONE_LINE_TYPES = /(?:^|\.)KeyError$/;
const GROUP_MESSAGE = /\(\d{1,9} sub-exceptions?\)$/;

function settleMessage(reading: Reading): void {
  const { draft, message } = reading;
  while (message.length > 1 && message.at(-1)?.trim() === '') {
    message.pop();
  }
  const [first = '', ...rest] = message;
  const certain =
    (reading.bare && draft.type !== null) || GROUP_MESSAGE.test(first) || ONE_LINE_TYPES.test(draft.type ?? '');
  if (certain && rest.length > 0) {
    draft.message = first;
    draft.notes = rest;
  } else {
    draft.message = message.join('\n');
  }
}
