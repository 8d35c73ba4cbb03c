import { isFailure, type Reply } from '../../../brokers/redis/port';
import { parseKombuJson } from '../../../codecs/envelope';
import { fromTaggedJson, isKind, LiteralError, PyDict, type PyNode, PyTuple } from '../../../codecs/python';
import type { RedisOperation, RenderedValue } from '../../../model';
import type { Arguments } from '../message/build';
import { JsonTextError, membersOf } from '../message/build-text';
import { shortRepr } from '../message/build-values';
import type { RedisResultStore } from '../results';
import { readTaskResult } from '../results/read';
import { wire } from './redis/change';
import { base64 } from './undo';

/** A result exactly as it stands, with what retrying and deleting it need. */
export interface StoredResult {
  readonly id: string;
  readonly key: Buffer;
  readonly raw: Buffer;
  /** Milliseconds that it has left; null = for ever. */
  readonly leftMs: number | null;
  readonly status: string;
  readonly task: string | null;
  readonly queue: string | null;
  readonly groupId: string | null;
  readonly parentId: string | null;
  /** What it was called with; null where that is not recorded (`result_extended` is off) or cannot be read. */
  readonly call: Arguments | null;
}

/** Results by their ids as they stand now; null = gone. One round trip. @throws InspectorError as `read` does */
export async function readStored(
  store: RedisResultStore,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly (StoredResult | null)[]> {
  const keys = ids.map(id => store.key(id));
  const replies = await store.broker.read(
    keys.map(wire).flatMap(key => [['GET', key] as const, ['PTTL', key] as const]),
    signal,
  );
  const stored: (StoredResult | null)[] = [];
  for (const [index, id] of ids.entries()) {
    const read = storedOf(id, keys[index]!, replies[index * 2], replies[index * 2 + 1]);
    stored.push(read instanceof Promise ? await read : read);
  }
  return stored;
}

/** At once where the value is the usual JSON. */
function storedOf(
  id: string,
  key: Buffer,
  value: Reply | undefined,
  left: Reply | undefined,
): StoredResult | null | Promise<StoredResult> {
  if (!Buffer.isBuffer(value) || isFailure(value)) return null;
  const leftMs = typeof left === 'number' && left > 0 ? left : null;
  const fields = value[0] === 0x7b ? fromJson(value) : null;
  const made = (read: Fields): StoredResult => ({ id, key, raw: value, leftMs, ...read });
  return fields === null ? fromAny(id, value).then(made) : made(fields);
}

type Fields = Omit<StoredResult, 'id' | 'key' | 'raw' | 'leftMs'>;

/** The usual case, without decoding what is not needed; null where it takes the whole reader. */
function fromJson(raw: Buffer): Fields | null {
  try {
    const members = membersOf(raw.toString('latin1'));
    const text = (name: string): string | null => {
      const found = members.get(name);
      if (found !== undefined && PLAIN_TEXT.test(found)) return found.slice(1, -1);
      const value: unknown = found === undefined ? null : JSON.parse(Buffer.from(found, 'latin1').toString('utf8'));
      return typeof value === 'string' ? value : null;
    };
    const status = text('status');
    if (status === null) return null;
    const args = members.get('args');
    const kwargs = members.get('kwargs');
    return {
      status,
      task: text('name'),
      queue: text('queue'),
      groupId: text('group_id'),
      parentId: text('parent_id'),
      call: args === undefined || kwargs === undefined ? null : lazyCall(args, kwargs),
    };
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof SyntaxError) return null;
    throw error;
  }
}

const PLAIN_TEXT = /^"[\x20-\x21\x23-\x5b\x5d-\x7e]*"$/;

/** Text that goes into a message as it is. Its Python spelling is made when it is asked for. */
function lazyCall(argsJson: string, kwargsJson: string): Arguments | null {
  if (!argsJson.startsWith('[') || !kwargsJson.startsWith('{')) return null;
  return {
    argsJson,
    kwargsJson,
    get argsrepr() {
      return pythonOf(argsJson, true);
    },
    get kwargsrepr() {
      return pythonOf(kwargsJson, false);
    },
  };
}

/** JSON as Python writes the value, cut as Celery cuts it. */
function pythonOf(json: string, tuple: boolean): string {
  try {
    return plainPython(json, tuple) ?? wholePython(json, tuple);
  } catch (error) {
    if (error instanceof LiteralError || error instanceof SyntaxError) return json;
    throw error;
  }
}

function wholePython(json: string, tuple: boolean): string {
  const node = parseKombuJson(Buffer.from(json, 'latin1').toString('utf8'));
  return shortRepr(tuple && isKind(node, 'list') ? new PyTuple(node.items) : node);
}

/** What most arguments are: short ASCII texts without quotes or escapes, small integers. Null where they are more. */
function plainPython(json: string, tuple: boolean): string | null {
  if (json.length > 300 || !/^[[\]{}:, \w"@/+.-]*$/.test(json) || /[\d.][.eE]|__type__|\d{16}|"\d+":/.test(json))
    return null;
  const text = (value: unknown, outer: boolean): string => {
    if (value === null) return 'None';
    if (value === true) return 'True';
    if (value === false) return 'False';
    if (typeof value === 'string') return `'${value}'`;
    if (Array.isArray(value)) {
      const items = value.map(item => text(item, false)).join(', ');
      return outer ? `(${items}${value.length === 1 ? ',' : ''})` : `[${items}]`;
    }
    if (typeof value !== 'object') return String(value);
    const entries = Object.entries(value).map(([key, each]) => `'${key}': ${text(each, false)}`);
    return `{${entries.join(', ')}}`;
  };
  return text(JSON.parse(json), tuple);
}

/** Any serializer. */
async function fromAny(id: string, raw: Buffer): Promise<Fields> {
  const result = await readTaskResult(id, raw);
  const { status, task, queue, groupId, parentId } = result;
  const call = callOf(result.args, result.kwargs);
  return { status, task, queue, groupId, parentId, call };
}

/** Arguments as they were rendered; null where they were cut, are a text, or hold what cannot be written anew. */
export function callOf(shownArgs: RenderedValue | null, shownKwargs: RenderedValue | null): Arguments | null {
  const args = nodeOf(shownArgs);
  const kwargs = nodeOf(shownKwargs);
  const isCall = isKind(kwargs, 'dict') && (isKind(args, 'tuple') || isKind(args, 'list'));
  return isCall ? { args: new PyTuple([...args.items]), kwargs } : null;
}

function nodeOf(value: { readonly json: unknown; readonly cut?: unknown } | null): PyNode {
  if (value === null || value.cut !== undefined) return null;
  try {
    return fromTaggedJson(value.json);
  } catch {
    // An object of the application's own: it cannot be written anew.
    return null;
  }
}

/** Arguments as values, for serializers other than JSON. */
export function valuesOf(call: Arguments): { readonly args: PyTuple; readonly kwargs: PyDict } {
  if ('args' in call) return call;
  const args = parseKombuJson(Buffer.from(call.argsJson, 'latin1').toString('utf8'));
  const kwargs = parseKombuJson(Buffer.from(call.kwargsJson, 'latin1').toString('utf8'));
  return {
    args: isKind(args, 'list') ? new PyTuple(args.items) : new PyTuple([]),
    kwargs: isKind(kwargs, 'dict') ? kwargs : new PyDict(),
  };
}

/** When a result expires, in milliseconds since the epoch; null = never. @param now by the clock of its broker */
export const expiryOf = ({ leftMs }: StoredResult, now: number): number | null =>
  leftMs === null ? null : Math.round(now + leftMs);

/** Puts a result back as it stood. */
export function restoringResult(result: StoredResult, now: number): RedisOperation {
  const { key, raw } = result;
  return {
    kind: 'create',
    key: base64(key),
    value: { type: 'string', value: base64(raw) },
    expireAt: expiryOf(result, now),
  };
}
