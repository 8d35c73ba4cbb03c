import { deflateSync } from 'node:zlib';
import { isHeapNode, isKind, PyDict, PyFloat, type PyNode, PyTuple, reprText } from '../../../codecs/python';
import { fromJson, parseJson } from '../../../codecs/python/from-json';
import { LiteralError, parseArguments, parseKeywordArguments, parseLiteral } from '../../../codecs/python/literal';
import { PickleWriteError, writePickle } from '../../../codecs/python/write';
import { InspectorError } from '../../../model';

export type Serializer = 'pickle' | 'json';

export interface CallParts {
  readonly task: string;
  readonly args: PyTuple;
  readonly kwargs: PyDict;
}

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

/** The dict `meta`. @throws InspectorError `bad-value` */
export function metaOf(value: unknown): PyDict | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return dictOf('meta', literal('meta', value, parseLiteral, jsonDict));
  return dictOf(
    'meta',
    guarded('meta', () => fromJson(value)),
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

/** The field `data`: zlib of the serialized `(func_name, instance, args, kwargs)` (rq/job.py, 0.12 to 2.12). */
export function dataOf({ task, args, kwargs }: CallParts, serializer: Serializer, protocol: 2 | 4): Buffer {
  const body =
    serializer === 'json'
      ? Buffer.from(`[${JSON.stringify(task)}, null, ${jsonItems('args', args.items)}, ${jsonText('kwargs', kwargs)}]`)
      : pickled('args', new PyTuple([task, null, args, kwargs]), protocol);
  return deflateSync(body);
}

/** The field `meta`: the serializer's bytes, not compressed. */
export function metaBytes(meta: PyDict, serializer: Serializer, protocol: 2 | 4): Buffer {
  return serializer === 'json' ? Buffer.from(jsonText('meta', meta)) : pickled('meta', meta, protocol);
}

function pickled(parameter: string, node: PyNode, protocol: 2 | 4): Buffer {
  try {
    return writePickle(node, { protocol });
  } catch (error) {
    if (error instanceof PickleWriteError) throw badValue(parameter, error.message);
    throw error;
  }
}

const MAX_DEPTH = 200;

/** As Python's `json.dumps` would write it; what JSON cannot hold is refused and not bent. */
function jsonText(parameter: string, node: PyNode, depth = 0): string {
  if (depth > MAX_DEPTH) throw badValue(parameter, 'it is nested too deeply for JSON');
  if (node === null || typeof node === 'boolean') return String(node);
  if (typeof node === 'number' || typeof node === 'bigint') return String(node);
  if (typeof node === 'string') return JSON.stringify(node);
  if (node instanceof PyFloat && Number.isFinite(node.value)) return reprText(node);
  if (isKind(node, 'list')) return jsonItems(parameter, node.items, depth);
  if (isKind(node, 'dict') && node.keys.every(key => typeof key === 'string')) {
    const entries = [...node.entries()].map(
      ([key, value]) => `${JSON.stringify(key)}: ${jsonText(parameter, value, depth + 1)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  const what = isHeapNode(node) ? node.kind : typeof node;
  throw badValue(parameter, `JSON cannot hold ${reprText(node, { max: 60 })} (${what}); use the serializer pickle`);
}

function jsonItems(parameter: string, items: readonly PyNode[], depth = 0): string {
  return `[${items.map(item => jsonText(parameter, item, depth + 1)).join(', ')}]`;
}

/** Characters of one argument in a description (rq/utils.py, get_call_string). */
const DESCRIBED = 75;

/** The description that RQ itself would write: positional arguments, then keywords by name. */
export function callString({ task, args, kwargs }: CallParts): string {
  const shown = (node: PyNode) => {
    const text = reprText(node, { max: DESCRIBED * 4 });
    return text.length > DESCRIBED ? `${text.slice(0, DESCRIBED).toWellFormed()}...` : text;
  };
  const named = [...kwargs.entries()].map(([key, value]) => `${String(key)}=${shown(value)}`).sort();
  return `${task}(${[...args.items.map(shown), ...named].join(', ')})`;
}
