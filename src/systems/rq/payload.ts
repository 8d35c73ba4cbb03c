import { inflate } from '../../codecs/envelope/inflate';
import {
  isKind,
  LiteralError,
  PickleError,
  PyDict,
  type PyNode,
  PyTuple,
  parseJson,
  readPickle,
} from '../../codecs/python';
import type { Problem } from '../../model';

/** Bytes that one payload may inflate to. */
const INFLATE_LIMIT = 32 * 1024 * 1024;

/** The serializer is recorded nowhere: it is told from the bytes. */
export type Serializer =
  | { readonly kind: 'pickle'; readonly protocol: number }
  | { readonly kind: 'json' }
  | { readonly kind: 'unknown' };

export const serializerText = (serializer: Serializer): string =>
  serializer.kind === 'pickle'
    ? `pickle protocol ${serializer.protocol}`
    : serializer.kind === 'json'
      ? 'JSON'
      : 'not recognized';

/** What the field `data` of a job holds: `(func_name, instance, args, kwargs)` (rq/job.py, 0.12 to 2.12). */
export interface Call {
  /** As written, verbatim: `shop.payments.charge_card`; the bare method name where it is called on an instance. */
  readonly function: string | null;
  /** The object a method is called on; null for a function. */
  readonly instance: PyNode;
  readonly args: PyNode;
  readonly kwargs: PyNode;
}

export interface Decoded<T> {
  readonly value: T | null;
  readonly serializer: Serializer;
  readonly zlib: boolean;
  readonly problem: Problem | null;
  /** Notes of the decoder that a person should know. */
  readonly notes: readonly string[];
}

/** Reads a value of any serializer RQ ships: pickle or JSON, inside zlib or bare. Never throws. */
export function readValue(bytes: Buffer, part: string, label: string): Decoded<PyNode> & { readonly found: boolean } {
  const inflated = inflate(bytes, INFLATE_LIMIT);
  const zlib = inflated.kind !== 'not-zlib';
  const failed = (reason: string, offset: number | null, serializer: Serializer) => ({
    value: null,
    found: false,
    serializer,
    zlib,
    notes: [],
    problem: { part, reason: `${label} could not be read: ${reason}.`, offset },
  });
  if (inflated.kind === 'broken') return failed(inflated.reason, null, { kind: 'unknown' });
  const body = inflated.kind === 'inflated' ? inflated.bytes : bytes;
  if (body.length === 0) return failed('it is empty', 0, { kind: 'unknown' });
  if (looksLikeJson(body)) {
    try {
      const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
      return { value, found: true, serializer: { kind: 'json' }, zlib, notes: [], problem: null };
    } catch (error) {
      if (body[0] === 0x5b || body[0] === 0x7b) {
        const offset = error instanceof LiteralError ? error.offset : null;
        return failed(`not JSON (${error instanceof Error ? error.message : 'wrong text'})`, offset, { kind: 'json' });
      }
    }
  }
  try {
    const document = readPickle(body);
    const notes = document.notes.map(note => note.text);
    return {
      value: document.root,
      found: true,
      serializer: { kind: 'pickle', protocol: document.protocol },
      zlib,
      notes,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    if (!looksLikePickle(body)) {
      return failed('it is neither pickle nor JSON, so a serializer of its own made it', null, { kind: 'unknown' });
    }
    return failed(error.message, error.offset, { kind: 'pickle', protocol: error.protocol });
  }
}

/** A pickle of protocol 2 and later begins with PROTO; JSON never does. */
const looksLikePickle = (bytes: Buffer): boolean => bytes[0] === 0x80 || bytes[0] === 0x28 || bytes[0] === 0x63;

/** First byte of a JSON text: bracket, brace, quote, digit, minus, or the words true, false, null. */
function looksLikeJson(bytes: Buffer): boolean {
  const first = bytes[0]!;
  if (first === 0x5b || first === 0x7b || first === 0x22) return true;
  return bytes.length < 64 && /^(?:-?\d[\d.eE+-]*|true|false|null)$/.test(bytes.toString('latin1'));
}

/** The call that a job's `data` describes. Never throws. */
export function readCall(data: Buffer): Decoded<Call> {
  const decoded = readValue(data, 'args', 'The arguments');
  if (!decoded.found) return { ...decoded, value: null };
  const root = decoded.value;
  const items = isKind(root, 'tuple') || isKind(root, 'list') ? root.items : [];
  if (items.length !== 4) {
    return {
      ...decoded,
      value: null,
      problem: {
        part: 'args',
        reason: 'The arguments could not be read: it is no call of RQ (function, instance, arguments, keywords).',
        offset: 0,
      },
    };
  }
  const [name, instance, args, kwargs] = items as [PyNode, PyNode, PyNode, PyNode];
  const call: Call = {
    function: typeof name === 'string' ? name : null,
    instance,
    args: args ?? new PyTuple([]),
    kwargs: kwargs ?? new PyDict(),
  };
  const problem: Problem | null =
    call.function === null
      ? { part: 'task', reason: 'The name of the function could not be read: it is no text.', offset: null }
      : null;
  return { ...decoded, value: call, problem };
}

/** Class of an instance that a method is called on, for the full name `module.Class.method`. */
export function taskName(call: Call): string | null {
  const { instance } = call;
  if (call.function === null) return null;
  // A class method is called on the class itself (rq/job.py, create).
  if (isKind(instance, 'global')) return `${instance.name}.${call.function}`;
  if (!isKind(instance, 'call')) return call.function;
  const owner = instance.className?.startsWith('copyreg.') ? firstClass(instance.args) : instance.className;
  return owner === undefined ? call.function : `${owner}.${call.function}`;
}

/** `copyreg._reconstructor(cls, object, None)` names the class in its first argument (protocols 0 and 1). */
function firstClass(args: readonly PyNode[]): string | undefined {
  const first = args[0];
  return first !== undefined && isKind(first, 'global') ? first.name : undefined;
}

/** What a call description reads like as a function's name: `shop.mail.send('a@b')` of the field `description`. */
export function nameInDescription(description: string | null): string | null {
  return description === null ? null : (/^([\p{L}_][\p{L}\p{N}_.]*)\(/u.exec(description)?.[1] ?? null);
}

/** An absolute bound for what is decoded in one piece, so that no job freezes the editor. */
export const READ_WHOLE_LIMIT = 8 * 1024 * 1024;
