import { isKind, PyDict, type PyNode, PyTuple } from '../../codecs/python';
import { fromJson, parseJson } from '../../codecs/python/from-json';
import { LiteralError, parseArguments, parseKeywordArguments, parseLiteral } from '../../codecs/python/literal';
import { InspectorError } from '../../model';

/** Values of forms and of `inspect perform` as parameters: Python literals, JSON, names. */

/** A wrong parameter, with the place in its text. */
export function badValue(parameter: string, reason: string, at?: { line: number; column: number }): InspectorError {
  const where = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
  return new InspectorError(
    'bad-value',
    {
      message: `${parameter}: ${reason}${where}.`,
      tried: `reading the parameter ${parameter}`,
      answer: reason,
      remedy: 'Correct the value and try again.',
    },
    { details: { parameter, ...at } },
  );
}

/** Positional arguments: Python literals or JSON as text, or a JSON array. @throws InspectorError `bad-value` */
export function argumentsOf(value: unknown): PyTuple {
  if (value === undefined || value === null) return new PyTuple([]);
  if (typeof value === 'string') return literal('args', value, parseArguments, jsonArguments);
  const node = guarded('args', () => fromJson(value));
  if (isKind(node, 'tuple')) return node;
  if (isKind(node, 'list')) return new PyTuple(node.items);
  throw badValue('args', 'a list of arguments was expected');
}

/** Keyword arguments: `a=1`, a dict, or JSON. @throws InspectorError `bad-value` */
export function keywordsOf(value: unknown): PyDict {
  if (value === undefined || value === null) return new PyDict();
  if (typeof value === 'string') return literal('kwargs', value, parseKeywordArguments, jsonDict);
  return dictOf(
    'kwargs',
    guarded('kwargs', () => fromJson(value)),
  );
}

/** A dict of any kind, e.g. RQ's `meta`. @throws InspectorError `bad-value` */
export function dictOfParameter(parameter: string, value: unknown): PyDict | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return dictOf(parameter, literal(parameter, value, parseLiteral, jsonDict));
  return dictOf(
    parameter,
    guarded(parameter, () => fromJson(value)),
  );
}

function dictOf(parameter: string, node: PyNode): PyDict {
  if (isKind(node, 'dict') && node.keys.every(key => typeof key === 'string')) return node;
  throw badValue(parameter, 'a dict whose keys are text was expected');
}

function jsonArguments(text: string): PyTuple {
  const node = parseJson(text);
  return isKind(node, 'list') ? new PyTuple(node.items) : new PyTuple([node]);
}

function jsonDict(text: string): PyDict {
  const node = parseJson(text);
  if (!isKind(node, 'dict')) throw new SyntaxError('no object');
  return node;
}

/** Python first; what is no Python may still be JSON (`true`, `null`); the error is Python's. */
function literal<T>(parameter: string, text: string, python: (text: string) => T, json: (text: string) => T): T {
  try {
    return python(text);
  } catch (error) {
    if (!(error instanceof LiteralError)) throw error;
    try {
      return json(text);
    } catch {
      throw badValue(parameter, error.reason, { line: error.line, column: error.column });
    }
  }
}

function guarded<T>(parameter: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badValue(parameter, error instanceof Error ? error.message : String(error));
  }
}

/** Whether it is a dotted name that Python could import: identifiers with dots between them, at least one dot. */
export function isTaskName(name: string): boolean {
  return /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*(?:\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*)+$/u.test(
    name,
  );
}
