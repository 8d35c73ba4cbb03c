import { compressionByName, decompress, EnvelopeError } from '../../../codecs/envelope';
import {
  PatchError,
  PickleWriteError,
  type PyDict,
  PyList,
  type PyNode,
  type PyTuple,
  replaceValue,
  setKey,
} from '../../../codecs/python';
import type { TaskMessage } from '../types';
import { asciiJson, JsonTextError, textAt, withoutKey, withText } from './build-text';
import { kombuJson, shortRepr, UnwritableValue } from './build-values';

/** What becomes different in a message; everything else of it stays byte for byte. */
export interface TaskEdits {
  readonly id?: string;
  readonly task?: string;
  readonly args?: PyTuple;
  readonly kwargs?: PyDict;
  /** ISO 8601 with offset. */
  readonly eta?: string | null;
  readonly expires?: string | null;
  readonly retries?: number;
  readonly timeLimit?: readonly [number | null, number | null];
  readonly priority?: number;
  /** Delivered to this queue by the default exchange. */
  readonly queue?: string;
  readonly redelivered?: true;
  readonly tag?: string;
  /** No longer counts for the chord of which the original is a part. */
  readonly outOfChord?: true;
}

type FieldValue = string | number | null | readonly (number | null)[];

/** Fields that protocol 2 has in the headers and protocol 1 in the body. */
function fieldsOf(edits: TaskEdits, message: TaskMessage): [string, FieldValue][] {
  const fields: [string, FieldValue | undefined][] = [
    ['id', edits.id],
    ['task', edits.task],
    ['eta', edits.eta],
    ['expires', edits.expires],
    ['retries', edits.retries],
    ['timelimit', edits.timeLimit],
  ];
  // The first of a tree of tasks is its own root.
  if (edits.id !== undefined && message.protocol === 2 && message.rootId === message.id)
    fields.push(['root_id', edits.id]);
  return fields.filter((field): field is [string, FieldValue] => field[1] !== undefined);
}

/**
 * An element of a list of kombu, changed.
 * @throws UnwritableValue with the reason why it cannot be changed so
 */
export async function editEnvelope(
  raw: Uint8Array,
  message: TaskMessage,
  edits: TaskEdits,
  tagged: boolean,
): Promise<Buffer> {
  return explained(async () => {
    let text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1');
    const set = (path: readonly string[], value: unknown) => {
      text = withText(text, path, asciiJson(value));
    };
    if (message.protocol === 2) {
      for (const [name, value] of fieldsOf(edits, message)) set(['headers', name], value);
      if (edits.args !== undefined) set(['headers', 'argsrepr'], shortRepr(edits.args));
      if (edits.kwargs !== undefined) set(['headers', 'kwargsrepr'], shortRepr(edits.kwargs));
    }
    if (edits.redelivered === true) set(['headers', 'redelivered'], true);
    if (edits.id !== undefined) set(['properties', 'correlation_id'], edits.id);
    if (edits.tag !== undefined) set(['properties', 'delivery_tag'], edits.tag);
    if (edits.priority !== undefined) set(['properties', 'priority'], edits.priority);
    if (edits.queue !== undefined) {
      if (textAt(text, ['properties', 'delivery_info']) === null) set(['properties', 'delivery_info'], {});
      set(['properties', 'delivery_info', 'exchange'], '');
      set(['properties', 'delivery_info', 'routing_key'], edits.queue);
    }
    if (edits.redelivered === true && textAt(text, ['properties', 'delivery_info']) !== null)
      set(['properties', 'delivery_info', 'redelivered'], true);
    if (!touchesBody(edits, message)) return Buffer.from(text, 'latin1');
    const body = await editBody(message, edits, tagged);
    if (message.compression !== null) text = withoutKey(text, ['headers', 'compression']);
    const encoded = textAt(text, ['properties', 'body_encoding']) === '"base64"';
    set(['body'], encoded ? body.toString('base64') : body.toString('utf8'));
    return Buffer.from(text, 'latin1');
  });
}

/**
 * Headers and body of a delivery of RabbitMQ, changed.
 * @throws UnwritableValue with the reason why it cannot be changed so
 */
export async function editDelivery(
  headers: Readonly<Record<string, unknown>>,
  message: TaskMessage,
  edits: TaskEdits,
  tagged: boolean,
): Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly body: Buffer }> {
  return explained(async () => {
    const changed: Record<string, unknown> = { ...headers };
    if (message.protocol === 2) {
      Object.assign(changed, Object.fromEntries(fieldsOf(edits, message)));
      if (edits.args !== undefined) changed['argsrepr'] = shortRepr(edits.args);
      if (edits.kwargs !== undefined) changed['kwargsrepr'] = shortRepr(edits.kwargs);
    }
    if (!touchesBody(edits, message)) return { headers: changed, body: Buffer.from(message.body) };
    const body = await editBody(message, edits, tagged);
    if (message.compression !== null) delete changed['compression'];
    return { headers: changed, body };
  });
}

function touchesBody(edits: TaskEdits, message: TaskMessage): boolean {
  if (edits.args !== undefined || edits.kwargs !== undefined) return true;
  if (edits.outOfChord === true && message.chord !== null) return true;
  if (message.protocol === 2) return false;
  if (message.protocol === null && fieldsOf(edits, message).length > 0) {
    throw new UnwritableValue('it cannot be read as a message of Celery, so nothing in it can be changed');
  }
  return fieldsOf(edits, message).length > 0;
}

async function editBody(message: TaskMessage, edits: TaskEdits, tagged: boolean): Promise<Buffer> {
  const changes: [string | number, PyNode][] = [];
  const second = message.protocol === 2;
  if (edits.args !== undefined) changes.push([second ? 0 : 'args', edits.args]);
  if (edits.kwargs !== undefined) changes.push([second ? 1 : 'kwargs', edits.kwargs]);
  if (!second) for (const [name, value] of fieldsOf(edits, message)) changes.push([name, nodeOf(value)]);
  const chord = edits.outOfChord === true && message.chord !== null;
  const bytes = await unpacked(message);
  if (/json/.test(message.contentType ?? 'json')) {
    let text = bytes.toString('latin1');
    for (const [key, value] of changes) text = withText(text, [key], kombuJson(value, tagged));
    if (chord) text = withText(text, second ? [2, 'chord'] : ['chord'], 'null');
    return Buffer.from(text, 'latin1');
  }
  if (!/pickle|python-serialize/.test(message.contentType ?? '')) {
    throw new UnwritableValue(`its body is ${message.contentType}: only JSON and pickles can be changed`);
  }
  let pickle = bytes;
  for (const [key, value] of changes) {
    pickle = typeof key === 'number' ? replaceValue(pickle, [key], value).bytes : setKey(pickle, [], key, value).bytes;
  }
  if (chord) pickle = setKey(pickle, second ? [2] : [], 'chord', null).bytes;
  return pickle;
}

const nodeOf = (value: FieldValue): PyNode => (Array.isArray(value) ? new PyList([...value]) : (value as PyNode));

async function unpacked(message: TaskMessage): Promise<Buffer> {
  const bytes = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.length);
  if (message.compression === null) return bytes;
  const format = compressionByName(message.compression, bytes);
  if (format === undefined) {
    throw new UnwritableValue(`its body is compressed by ${message.compression}, which cannot be undone here`);
  }
  return decompress(format, bytes);
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JsonTextError || error instanceof PatchError || error instanceof PickleWriteError)
      throw new UnwritableValue(`it cannot be changed: ${error.message}`);
    if (error instanceof EnvelopeError) throw new UnwritableValue(`its body cannot be unpacked: ${error.message}`);
    throw error;
  }
}
