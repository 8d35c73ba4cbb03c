import type { CallArgument } from './literal/calls';
import { LiteralParser } from './literal/parser';
import { PyDict, PyList, type PyNode, PyTuple } from './value';

export { LiteralError } from './literal/error';

/**
 * A Python literal as a person types it, plus calls of a fixed list of standard types (`datetime.datetime(…)`,
 * `Decimal('1.1')`, `UUID('…')`, `set()` …). Agrees with `ast.literal_eval` on all that this accepts, and refuses what
 * it refuses, except that the calls are known and white space may begin any line. Nothing is evaluated.
 * Throws LiteralError with line and column.
 */
export function parseLiteral(text: string): PyNode {
  const parser = new LiteralParser(text);
  const node = parser.values();
  parser.end();
  return node;
}

/**
 * What a person writes where positional arguments are asked for: `1, 2`, `(1, 2)`, or `[1, 2]` as JSON has them. A
 * tuple or list that is the whole text is therefore the arguments; one list as the only argument is `([1, 2],)`.
 * An empty text is no arguments. Throws LiteralError.
 */
export function parseArguments(text: string): PyTuple {
  if (text.trim() === '') {
    return new PyTuple([]);
  }
  const node = parseLiteral(text);
  if (node instanceof PyTuple) {
    return node;
  }
  return new PyTuple(node instanceof PyList ? node.items : [node]);
}

/** Names that cannot stand before `=`; `match`, `case`, `type` and `_` can. */
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/**
 * Keyword arguments: `a=1, b='x'`, or a dict whose keys are all text: `{'a': 1}`. An empty text is none.
 * Throws LiteralError.
 */
export function parseKeywordArguments(text: string): PyDict {
  const parser = new LiteralParser(text);
  const { scanner } = parser;
  const first = scanner.peek();
  if (first.kind === 'end') {
    return new PyDict();
  }
  if (first.kind !== 'name' || /^\s*\(/.test(text.slice(first.start + first.text.length))) {
    const node = parser.values();
    parser.end();
    if (!(node instanceof PyDict)) {
      return scanner.fail("keyword arguments were expected: a=1, b='x' or {'a': 1, 'b': 'x'}", first.start);
    }
    if (node.keys.some(key => typeof key !== 'string')) {
      return scanner.fail('names of keyword arguments must be text', first.start);
    }
    return node;
  }
  const named = new Map<string, CallArgument>();
  while (scanner.peek().kind !== 'end') {
    const { start } = scanner.peek();
    const positional: CallArgument[] = [];
    parser.argument(positional, named);
    if (positional.length > 0) {
      return scanner.fail('a keyword argument was expected, as in a=1', start);
    }
    if (!scanner.take(',')) {
      parser.end();
    }
  }
  const dict = new PyDict();
  for (const [name, { node, start }] of named) {
    if (KEYWORDS.has(name)) {
      return scanner.fail(`${name} is a word of Python's own and no name: write {'${name}': …}`, start);
    }
    dict.set(name, node);
  }
  return dict;
}
