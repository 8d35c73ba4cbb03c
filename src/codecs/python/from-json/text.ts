import { LiteralError } from '../literal/error';
import { MAX_DIGITS } from '../literal/numbers';
import { ValueRefused } from '../make/call';
import { intNode, PyDict, PyFloat, PyList, type PyNode } from '../value';

/** What an object becomes once all of its members are read, innermost first: Python's own `object_hook`. */
export type ObjectHook = (dict: PyDict) => PyNode;

type Frame = { readonly list: PyList } | { readonly dict: PyDict; key: string; readonly start: number };

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const STOP = /["\\\0-\x1f]/g;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const WORDS: readonly (readonly [string, () => PyNode])[] = [
  ['null', () => null],
  ['true', () => true],
  ['false', () => false],
  ['NaN', () => new PyFloat(Number.NaN)],
  ['Infinity', () => new PyFloat(Number.POSITIVE_INFINITY)],
  ['-Infinity', () => new PyFloat(Number.NEGATIVE_INFINITY)],
];

/**
 * Reads JSON as Python's `json.loads` does: a number without point and exponent is an `int` of any size, any other a
 * `float`; `NaN` and `Infinity` are allowed; of equal keys the last wins. No nesting is too deep. Throws LiteralError.
 */
export class JsonReader {
  private readonly text: string;
  private readonly hook: ObjectHook;
  private readonly frames: Frame[] = [];
  private at = 0;

  constructor(text: string, hook: ObjectHook = dict => dict) {
    this.text = text;
    this.hook = hook;
  }

  read(): PyNode {
    for (;;) {
      let value = this.open();
      if (value === undefined) {
        continue;
      }
      for (;;) {
        const frame = this.frames.at(-1);
        if (frame === undefined) {
          return this.finished(value);
        }
        const closed = this.add(frame, value);
        if (closed === undefined) {
          break;
        }
        value = closed;
      }
    }
  }

  /** The next value, or undefined where it opened a container that is not empty. */
  private open(): PyNode | undefined {
    const first = this.peek();
    if (first === '[') {
      this.at++;
      const list = new PyList();
      if (this.peek() === ']') {
        this.at++;
        return list;
      }
      this.frames.push({ list });
      return undefined;
    }
    if (first === '{') {
      const start = this.at++;
      const dict = new PyDict();
      if (this.peek() === '}') {
        this.at++;
        return this.hooked(dict, start);
      }
      this.frames.push({ dict, key: this.key(), start });
      return undefined;
    }
    return first === '"' ? this.string() : this.plain();
  }

  /** Adds a value to the container around it; the container where that ended it. */
  private add(frame: Frame, value: PyNode): PyNode | undefined {
    const next = this.peek();
    const close = 'list' in frame ? ']' : '}';
    if ('list' in frame) {
      frame.list.items.push(value);
    } else {
      frame.dict.set(frame.key, value);
    }
    if (next === ',') {
      this.at++;
      if (!('list' in frame)) {
        frame.key = this.key();
      }
      return undefined;
    }
    if (next !== close) {
      return this.fail(`, or ${close} was expected here`);
    }
    this.at++;
    this.frames.pop();
    return 'list' in frame ? frame.list : this.hooked(frame.dict, frame.start);
  }

  private hooked(dict: PyDict, start: number): PyNode {
    try {
      return this.hook(dict);
    } catch (error) {
      if (error instanceof ValueRefused) {
        throw new LiteralError(error.message, this.text, start);
      }
      throw error;
    }
  }

  private finished(value: PyNode): PyNode {
    if (this.peek() !== undefined) {
      this.fail('the JSON ends before this');
    }
    return value;
  }

  private peek(): string | undefined {
    BLANK.lastIndex = this.at;
    BLANK.test(this.text);
    this.at = BLANK.lastIndex;
    return this.text[this.at];
  }

  private key(): string {
    if (this.peek() !== '"') {
      this.fail('a key in double quotes was expected');
    }
    const key = this.string();
    if (this.peek() !== ':') {
      this.fail(': was expected after the key');
    }
    this.at++;
    return key;
  }

  private string(): string {
    const start = this.at;
    let escaped = false;
    for (let at = start + 1; ; ) {
      STOP.lastIndex = at;
      const stop = STOP.exec(this.text);
      if (stop?.[0] === '"') {
        this.at = STOP.lastIndex;
        const raw = this.text.slice(start, this.at);
        return escaped ? (JSON.parse(raw) as string) : raw.slice(1, -1);
      }
      ESCAPE.lastIndex = stop?.index ?? this.text.length;
      if (!ESCAPE.test(this.text)) {
        return this.fail(
          'this string is not closed, or holds a control character or an escape that JSON does not have',
        );
      }
      escaped = true;
      at = ESCAPE.lastIndex;
    }
  }

  private plain(): PyNode {
    for (const [word, make] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return make();
      }
    }
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (match === null) {
      return this.fail(this.hint());
    }
    const start = this.at;
    this.at = NUMBER.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) {
      return new PyFloat(Number(match[0]));
    }
    if (match[0].length > MAX_DIGITS) {
      throw new LiteralError(`an int of more than ${MAX_DIGITS} digits: Python itself refuses it`, this.text, start);
    }
    return intNode(BigInt(match[0]));
  }

  private hint(): string {
    const word = /^[A-Za-z_']{1,20}/.exec(this.text.slice(this.at, this.at + 20))?.[0];
    switch (word) {
      case undefined:
        return this.at >= this.text.length
          ? 'the text ends where a JSON value was expected'
          : 'a JSON value was expected';
      case 'None':
        return 'None is Python’s; JSON writes null';
      case 'True':
      case 'False':
        return `${word} is Python’s; JSON writes ${word.toLowerCase()}`;
      default:
        return word.startsWith("'") ? 'JSON has double quotes only' : `${word} is no JSON value`;
    }
  }

  private fail(reason: string): never {
    throw new LiteralError(reason, this.text, this.at);
  }
}
