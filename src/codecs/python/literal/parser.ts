import { complexNode } from '../make/call';
import { PyBytes, PyCall, PyDict, PyFloat, PyGlobal, PyList, type PyNode, PySet, PyTuple } from '../value';
import { buildCall, type CallArgument, isCallable } from './calls';
import { unhashable } from './hashable';
import { hintForCall, hintForName } from './hints';
import { describeToken, isReal, Scanner, type Token } from './scanner';
import { joinText, type StringPart } from './strings';

/** Nested brackets; CPython's own tokenizer refuses more (MAXLEVEL, "too many nested parentheses"). */
const MAX_NESTING = 200;

/** Recursive descent over the literals of Python 3.11's grammar and the calls of `calls.ts`. */
export class LiteralParser {
  readonly scanner: Scanner;
  private nesting = 0;

  constructor(text: string) {
    this.scanner = new Scanner(text);
  }

  /** A value, or several with commas between them, which are a tuple. */
  values(): PyNode {
    const first = this.value();
    if (!this.peekOp(',')) {
      return first;
    }
    const items = [first];
    while (this.scanner.take(',')) {
      if (this.scanner.peek().kind === 'end') {
        break;
      }
      items.push(this.value());
    }
    return new PyTuple(items);
  }

  /** Fails unless the text ends here. */
  end(): void {
    const token = this.scanner.peek();
    if (token.kind !== 'end') {
      this.scanner.fail(this.unexpectedAfterValue(token), token.start);
    }
  }

  value(): PyNode {
    const start = this.scanner.peek().start;
    const left = this.signed();
    const token = this.scanner.peek();
    if (token.kind !== 'op' || (token.text !== '+' && token.text !== '-')) {
      return left;
    }
    if (!isReal(left)) {
      return this.scanner.fail(`${token.text} joins only the two parts of a complex number, as in 1+2j`, token.start);
    }
    this.scanner.next();
    const right = this.scanner.next();
    if (right.kind !== 'number' || !right.imaginary) {
      return this.scanner.fail(
        'a sum is no literal; only a complex number such as 1+2j may have two parts',
        token.start,
      );
    }
    const real = this.toDouble(left, start);
    const imaginary = (right.value as PyFloat).value;
    return token.text === '+' ? complexNode(real + 0, 0 + imaginary) : complexNode(real - 0, 0 - imaginary);
  }

  private signed(): PyNode {
    const token = this.scanner.peek();
    const minus = token.kind === 'op' && token.text === '-';
    if (!minus && !(token.kind === 'op' && token.text === '+')) {
      return this.primary();
    }
    this.scanner.next();
    const operandStart = this.scanner.peek().start;
    const operand = this.primary();
    if (isReal(operand)) {
      return minus ? negative(operand) : operand;
    }
    if (operand instanceof PyCall && operand.className === 'builtins.complex') {
      const [real, imaginary] = operand.args as [PyFloat, PyFloat];
      return minus ? complexNode(-real.value, -imaginary.value) : operand;
    }
    return this.scanner.fail('a sign can stand only before a number', operandStart);
  }

  private primary(): PyNode {
    const token = this.scanner.next();
    switch (token.kind) {
      case 'number':
        return token.imaginary ? complexNode(0, (token.value as PyFloat).value) : token.value;
      case 'string':
        return this.strings(token.part);
      case 'name':
        return this.named(token);
      case 'end':
        return this.scanner.fail('the text ends where a value was expected', token.start);
      case 'op':
        return this.bracketed(token);
    }
  }

  private bracketed(token: Token & { kind: 'op' }): PyNode {
    switch (token.text) {
      case '(':
        return this.nested(token, () => this.parenthesised());
      case '[':
        return this.nested(token, () => new PyList(this.items(']')));
      case '{':
        return this.nested(token, () => this.braced());
      case '...':
        return new PyGlobal('builtins', 'Ellipsis');
      case '*':
        return this.scanner.fail('unpacking with * is no literal: write the values themselves', token.start);
      default:
        return this.scanner.fail(`a value was expected, not ${describeToken(token)}`, token.start);
    }
  }

  private nested<T>(token: Token, read: () => T): T {
    if (++this.nesting > MAX_NESTING) {
      this.scanner.fail(`more than ${MAX_NESTING} brackets inside one another: Python refuses these too`, token.start);
    }
    const made = read();
    this.nesting--;
    return made;
  }

  private parenthesised(): PyNode {
    if (this.scanner.take(')')) {
      return new PyTuple([]);
    }
    const first = this.value();
    if (this.scanner.take(')')) {
      return first;
    }
    this.separator(')');
    return new PyTuple([first, ...this.items(')')]);
  }

  /** Values up to the closing bracket, which is taken. */
  private items(close: string): PyNode[] {
    const items: PyNode[] = [];
    while (!this.scanner.take(close)) {
      items.push(this.value());
      if (!this.peekOp(close)) {
        this.separator(close);
      }
    }
    return items;
  }

  private separator(close: string): void {
    const token = this.scanner.peek();
    if (!this.scanner.take(',')) {
      this.scanner.fail(
        `, or ${close} was expected here, not ${describeToken(token)}${hintAfterValue(token)}`,
        token.start,
      );
    }
  }

  private braced(): PyNode {
    if (this.scanner.take('}')) {
      return new PyDict();
    }
    const start = this.scanner.peek().start;
    const first = this.value();
    return this.peekOp(':') ? this.dict(first, start) : this.set(first, start);
  }

  private dict(first: PyNode, start: number): PyDict {
    const dict = new PyDict();
    let key = first;
    let at = start;
    for (;;) {
      this.hashable(key, at);
      const colon = this.scanner.peek();
      if (!this.scanner.take(':')) {
        this.scanner.fail(`: was expected after the key, not ${describeToken(colon)}`, colon.start);
      }
      dict.set(key, this.value());
      if (this.scanner.take('}')) {
        return dict;
      }
      this.separator('}');
      if (this.scanner.take('}')) {
        return dict;
      }
      at = this.scanner.peek().start;
      key = this.value();
    }
  }

  private set(first: PyNode, start: number): PySet {
    this.hashable(first, start);
    const set = new PySet([first]);
    while (!this.scanner.take('}')) {
      this.separator('}');
      if (this.scanner.take('}')) {
        break;
      }
      const at = this.scanner.peek().start;
      const item = this.value();
      this.hashable(item, at);
      set.add(item);
    }
    return set;
  }

  private strings(first: StringPart): PyNode {
    const parts = [first];
    for (let token = this.scanner.peek(); token.kind === 'string'; token = this.scanner.peek()) {
      this.scanner.next();
      if ('bytes' in token.part !== 'bytes' in first) {
        this.scanner.fail('bytes and text cannot stand side by side: give both a b, or none', token.start);
      }
      parts.push(token.part);
    }
    if ('bytes' in first) {
      const pieces = parts.map(part => ('bytes' in part ? part.bytes : Buffer.alloc(0)));
      return new PyBytes(pieces.length === 1 ? first.bytes : Buffer.concat(pieces));
    }
    return joinText(parts.map(part => ('text' in part ? part.text : '')));
  }

  private named(token: Token & { kind: 'name' }): PyNode {
    let name = token.text;
    while (this.scanner.take('.')) {
      const part = this.scanner.next();
      if (part.kind !== 'name') {
        this.scanner.fail(`a name was expected after the point, not ${describeToken(part)}`, part.start);
      }
      name += `.${part.text}`;
    }
    if (this.peekOp('(')) {
      return this.call(name, token);
    }
    switch (name) {
      case 'None':
        return null;
      case 'True':
        return true;
      case 'False':
        return false;
      case 'Ellipsis':
        return new PyGlobal('builtins', 'Ellipsis');
      case 'datetime.timezone.utc':
      case 'timezone.utc':
      case 'datetime.UTC':
        return buildCall(
          'datetime.timezone.utc',
          { positional: [], named: new Map(), start: token.start },
          this.scanner,
        );
      default:
        return this.scanner.fail(hintForName(name), token.start);
    }
  }

  private call(name: string, token: Token): PyNode {
    if (!isCallable(name)) {
      this.scanner.fail(hintForCall(name), token.start);
    }
    this.scanner.next();
    return this.nested(token, () => {
      const positional: CallArgument[] = [];
      const named = new Map<string, CallArgument>();
      while (!this.scanner.take(')')) {
        this.argument(positional, named);
        if (!this.peekOp(')')) {
          this.separator(')');
        }
      }
      return buildCall(name, { positional, named, start: token.start }, this.scanner);
    });
  }

  /** One argument of a call, or of an argument list of its own (`a=1, b=2`). */
  argument(positional: CallArgument[], named: Map<string, CallArgument>): void {
    const { start } = this.scanner.peek();
    const keyword = this.keyword();
    if (keyword === undefined) {
      if (named.size > 0) {
        this.scanner.fail('a value without a name cannot follow one with a name', start);
      }
      positional.push({ node: this.value(), start });
      return;
    }
    if (named.has(keyword)) {
      this.scanner.fail(`${keyword} is given twice`, start);
    }
    named.set(keyword, { node: this.value(), start });
  }

  /** Takes `name =` if that is what comes. */
  private keyword(): string | undefined {
    const token = this.scanner.peek();
    if (
      token.kind !== 'name' ||
      !/^[ \t\r\n]*=(?!=)/.test(
        this.scanner.text.slice(token.start + token.text.length, token.start + token.text.length + 40),
      )
    ) {
      return undefined;
    }
    this.scanner.next();
    this.scanner.next();
    if (/^(?:None|True|False)$/.test(token.text)) {
      this.scanner.fail(`${token.text} cannot be the name of an argument`, token.start);
    }
    return token.text;
  }

  private hashable(node: PyNode, start: number): void {
    const wrong = unhashable(node);
    if (wrong !== undefined) {
      this.scanner.fail(`a ${wrong} can be no key of a dict and no member of a set: Python cannot hash it`, start);
    }
  }

  private toDouble(node: number | bigint | PyFloat, start: number): number {
    const value = node instanceof PyFloat ? node.value : Number(node);
    if (!(node instanceof PyFloat) && !Number.isFinite(value)) {
      this.scanner.fail('the int is too large for the real part of a complex number', start);
    }
    return value;
  }

  private peekOp(text: string): boolean {
    const token = this.scanner.peek();
    return token.kind === 'op' && token.text === text;
  }

  private unexpectedAfterValue(token: Token): string {
    return `the value ends before ${describeToken(token)}${hintAfterValue(token)}`;
  }
}

function hintAfterValue(token: Token): string {
  if (token.kind === 'op' && token.text === '=') {
    return ': arguments with names belong among the keyword arguments';
  }
  if (token.kind === 'op' && (token.text === '(' || token.text === '[' || token.text === '.')) {
    return ': only values can be written here, no calls or look-ups of your code';
  }
  return token.kind === 'name' && token.text === 'for' ? ': a comprehension is code; write the values' : '';
}

function negative(node: number | bigint | PyFloat): PyNode {
  if (node instanceof PyFloat) {
    return new PyFloat(-node.value);
  }
  return typeof node === 'bigint' ? -node : node === 0 ? 0 : -node;
}
