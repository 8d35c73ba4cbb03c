import { EnvelopeError, identify, parseKombuJson, parseMsgpack } from '../../../codecs/envelope';
import { isKind, LiteralError, PickleError, type PyDict, type PyNode, readPickle } from '../../../codecs/python';
import type { Problem } from '../../../model';

export type Serializer = 'json' | 'pickle' | 'yaml' | 'msgpack' | 'unknown';

/** A value of the result backend as it was read. */
export interface Payload {
  /** Null where it could not be read, or is no dict. */
  readonly fields: PyDict | null;
  readonly serializer: Serializer;
  /** `application/x-gzip` … in front of it, where it is compressed; null where not. */
  readonly compression: string | null;
  readonly problems: readonly Problem[];
}

/** What stands in front of a compressed value: this, the content type, a zero byte (celery/backends/base.py, 5.7). */
const COMPRESSED = Buffer.from('\0celery-compressed\0', 'latin1');

/** Bytes that a value may unpack to. */
const UNPACKED = 32 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, Serializer>> = {
  json: 'json',
  pickle: 'pickle',
  yaml: 'yaml',
  msgpack: 'msgpack',
};

/** Reads a value at once where its first bytes tell the serializer; null where that takes unpacking, or guessing. */
export function readAtOnce(bytes: Uint8Array): Payload | null {
  const [first, second = 0xff] = bytes;
  if (first === 0x7b) return attempt('json', () => parseKombuJson(utf8(bytes)));
  if (first === 0x80 && second <= 5) return attempt('pickle', () => readPickle(bytes).root);
  // A map of msgpack: fixmap of one to fifteen, map 16, map 32.
  if (first !== undefined && ((first > 0x80 && first <= 0x8f) || first === 0xde || first === 0xdf))
    return attempt('msgpack', () => parseMsgpack(bytes));
  return null;
}

/** Reads a value of any serializer and compression that Celery knows. Never rejects: what is broken says so. */
export async function readPayload(bytes: Uint8Array): Promise<Payload> {
  const known = readAtOnce(bytes);
  if (known !== null) return known;
  if (bytes.length === 0) return failed('unknown', null, 'it is empty', 0);
  const packed = compressionOf(bytes);
  const found = await identify(packed?.body ?? bytes, {
    maxBytes: UNPACKED,
    ...(packed === null ? {} : { compression: packed.type }),
    // Text that is no JSON can only be YAML.
    contentType: 'application/x-yaml',
  });
  const compression = packed?.type ?? found.layers.find(({ name }) => PACKED.has(name))?.name ?? null;
  const serializer = CONTENT_TYPES[found.layers.at(-1)?.name ?? ''] ?? 'unknown';
  if (found.problem !== undefined) return failed(serializer, compression, found.problem, null);
  if (found.value === undefined)
    return failed(serializer, compression, 'it is neither JSON, pickle, YAML nor msgpack', null);
  return { ...made(serializer, found.value), compression };
}

const PACKED: ReadonlySet<string> = new Set(['zlib', 'gzip', 'bzip2', 'xz', 'zstd', 'brotli']);

function compressionOf(bytes: Uint8Array): { readonly type: string; readonly body: Uint8Array } | null {
  if (bytes[0] !== 0 || Buffer.compare(bytes.subarray(0, COMPRESSED.length), COMPRESSED) !== 0) return null;
  const end = bytes.indexOf(0, COMPRESSED.length);
  if (end < 0 || end > 200) return null;
  const type = Buffer.from(bytes.subarray(COMPRESSED.length, end)).toString('latin1');
  return { type, body: bytes.subarray(end + 1) };
}

function attempt(serializer: Serializer, read: () => PyNode): Payload {
  try {
    return made(serializer, read());
  } catch (error) {
    if (error instanceof LiteralError || error instanceof PickleError)
      return failed(serializer, null, error.message, error.offset);
    if (error instanceof EnvelopeError) return failed(serializer, null, error.message, null);
    throw error;
  }
}

function made(serializer: Serializer, value: PyNode): Payload {
  if (isKind(value, 'dict')) return { fields: value, serializer, compression: null, problems: [] };
  return failed(serializer, null, 'it is no dict with a status', 0);
}

function failed(serializer: Serializer, compression: string | null, reason: string, offset: number | null): Payload {
  const problem = { part: 'result', reason: `The stored result could not be read: ${reason}.`, offset };
  return { fields: null, serializer, compression, problems: [problem] };
}

/** Bytes as text; those that are no UTF-8 become replacement characters rather than hide all others. */
const utf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
