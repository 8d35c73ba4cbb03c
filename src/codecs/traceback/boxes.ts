import { ChainReader } from './chain';
import type { ParsedText } from './python';

/** CPython stops at 10 levels (traceback.TracebackException, max_group_depth); a text may claim more. */
const MAX_DEPTH = 40;

const GROUP_HEAD = /^ {1,80}\+ (Exception Group Traceback \(most recent call last\):\s*)$/;
const FIRST_CHILD = /^( {1,80})\+-\+-{16} (?:\d{1,6}|\.\.\.) -{16}$/;
const NEXT_CHILD = /^( {1,80})\+-{16} (?:\d{1,6}|\.\.\.) -{16}$/;
const CLOSING = /^ {1,80}\+-{36}$/;
const INSIDE = /^( {1,80})\|(?: ([\s\S]*))?$/;

/** Whether some line is drawn as only an exception group's box is; a `|` in a message alone makes no box. */
export function hasBoxes(lines: readonly string[]): boolean {
  return lines.some(line => GROUP_HEAD.test(line) || FIRST_CHILD.test(line) || NEXT_CHILD.test(line));
}

/**
 * Takes the boxes of exception groups apart. The column of `|` or `+` tells the depth (two spaces a level); each
 * member of a group is a chain of its own. Depth 1 is the group that stands in the outermost chain.
 */
export class BoxReader {
  private readonly stack: ChainReader[] = [new ChainReader(false)];
  private readonly boxed: boolean;

  constructor(boxed: boolean) {
    this.boxed = boxed;
  }

  feed(line: string): void {
    if (!this.boxed || !/^ +[|+]/.test(line)) {
      this.to(0).feed(line);
      return;
    }
    const head = GROUP_HEAD.exec(line);
    if (head !== null) {
      this.to(0).feed(head[1] ?? '');
      return;
    }
    const first = FIRST_CHILD.exec(line);
    if (first !== null) {
      this.member(depthOf(first[1]));
      return;
    }
    const next = NEXT_CHILD.exec(line);
    if (next !== null) {
      this.member(depthOf(next[1]) - 1);
      return;
    }
    if (CLOSING.test(line)) {
      return;
    }
    const inside = INSIDE.exec(line);
    if (inside === null) {
      this.to(this.stack.length - 1).feed(line);
    } else {
      this.to(depthOf(inside[1]) - 1).feed(inside[2] ?? '');
    }
  }

  finish(): ParsedText {
    return this.to(0).finish();
  }

  /** The chain at a depth; those deeper are closed. */
  private to(depth: number): ChainReader {
    while (this.stack.length > 1 && this.stack.length - 1 > depth) {
      this.stack.pop();
    }
    return this.stack.at(-1) as ChainReader;
  }

  /** A new member of the group that the chain at this depth is reading. */
  private member(depth: number): void {
    const parent = this.to(Math.max(0, depth - 1));
    const chain = new ChainReader(true);
    if (this.stack.length <= MAX_DEPTH) {
      parent.addMember(chain);
      this.stack.push(chain);
    }
  }
}

function depthOf(indent: string | undefined): number {
  return Math.max(1, Math.floor((indent?.length ?? 0) / 2));
}
