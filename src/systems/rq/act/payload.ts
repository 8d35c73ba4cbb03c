import { deflateSync } from 'node:zlib';
import { isHeapNode, isKind, type PyDict, PyFloat, type PyNode, PyTuple, reprText } from '../../../codecs/python';
import { PickleWriteError, writePickle } from '../../../codecs/python/write';
import { badValue, dictOfParameter } from '../../acting/values';

export type Serializer = 'pickle' | 'json';

export interface CallParts {
  readonly task: string;
  readonly args: PyTuple;
  readonly kwargs: PyDict;
}

/** The dict `meta`. @throws InspectorError `bad-value` */
export const metaOf = (value: unknown): PyDict | null => dictOfParameter('meta', value);

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
