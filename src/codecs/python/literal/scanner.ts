import { PyFloat, type PyNode } from '../value';
import { LiteralError } from './error';
import { readNumber } from './numbers';
import { isStringStart, readString, type StringPart } from './strings';

export type Token =
  | { readonly kind: 'name'; readonly start: number; readonly text: string }
  | {
      readonly kind: 'number';
      readonly start: number;
      readonly value: number | bigint | PyFloat;
      readonly imaginary: boolean;
    }
  | { readonly kind: 'string'; readonly start: number; readonly part: StringPart }
  | { readonly kind: 'op'; readonly start: number; readonly text: string }
  | { readonly kind: 'end'; readonly start: number; readonly text: '' };

const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
/** One stretch of blank; never a group repeated, whose backtracking would use up the stack on megabytes. */
const BLANK = /[ \t\f\r\n]+|\\\r?\n|#[^\n\0]*/y;
const OPS = '()[]{},:+-=.*';

/** Splits a text into tokens, one at a time. White space, comments and line ends mean nothing in a literal. */
export class Scanner {
  readonly text: string;
  private position = 0;
  private ahead: Token | undefined;

  constructor(text: string) {
    this.text = text;
  }

  peek(): Token {
    this.ahead ??= this.scan();
    return this.ahead;
  }

  next(): Token {
    const token = this.peek();
    this.ahead = undefined;
    return token;
  }

  /** Takes the token if it is this one. */
  take(op: string): boolean {
    const token = this.peek();
    if (token.kind !== 'op' || token.text !== op) {
      return false;
    }
    this.ahead = undefined;
    return true;
  }

  fail(reason: string, offset: number): never {
    throw new LiteralError(reason, this.text, offset);
  }

  private scan(): Token {
    BLANK.lastIndex = this.position;
    while (BLANK.test(this.text)) {
      this.position = BLANK.lastIndex;
    }
    const start = this.position;
    const first = this.text[start];
    if (first === undefined) {
      return { kind: 'end', start, text: '' };
    }
    if (isStringStart(this.text, start)) {
      const { part, end } = readString(this.text, start);
      this.position = end;
      return { kind: 'string', start, part };
    }
    if (/[0-9]/.test(first) || (first === '.' && /[0-9]/.test(this.text[start + 1] ?? ''))) {
      const { value, imaginary, end } = readNumber(this.text, start);
      this.position = end;
      return { kind: 'number', start, value, imaginary };
    }
    NAME.lastIndex = start;
    const name = NAME.exec(this.text);
    if (name !== null) {
      this.position = NAME.lastIndex;
      return { kind: 'name', start, text: name[0] };
    }
    if (this.text.startsWith('...', start)) {
      this.position = start + 3;
      return { kind: 'op', start, text: '...' };
    }
    if (OPS.includes(first)) {
      this.position = start + 1;
      return { kind: 'op', start, text: first };
    }
    return this.fail(describeStray(this.text, start), start);
  }
}

function describeStray(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if ('“”„‘’‚«»`'.includes(character)) {
    return `${character} is no quote in Python: write ' or "`;
  }
  if (character === '<') {
    return 'a text such as <Foo object at 0x…> only describes an object; a literal cannot make one';
  }
  return `${JSON.stringify(character)} cannot stand here: a Python literal was expected`;
}

/** What a token is called in a message. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text';
    case 'number':
      return 'a number';
    case 'string':
      return 'a string';
    default:
      return JSON.stringify(token.text);
  }
}

/** Whether a node is a Python number that is no bool and no complex. */
export function isReal(node: PyNode): node is number | bigint | PyFloat {
  return typeof node === 'number' || typeof node === 'bigint' || node instanceof PyFloat;
}
