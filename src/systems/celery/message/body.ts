/** The body of a message: compression, signature and serializer taken off, as a Python value. */
import {
  brotliBounded,
  type CompressionFormat,
  compressionByName,
  decodeBase64,
  decompress,
  EnvelopeError,
  gunzipBounded,
  inflateBounded,
  parseKombuJson,
  parseMsgpack,
  parseYaml,
} from '../../../codecs/envelope';
import { LiteralError, PickleError, type PyNode, readPickle } from '../../../codecs/python';
import type { Problem } from '../../../model';

/** Bytes that a body may unpack to. */
const UNPACKED = 32 * 1024 * 1024;

/** Names that people read; `unknown` is a serializer of the application's own. */
export type Serializer = 'json' | 'pickle' | 'yaml' | 'msgpack' | 'signed' | 'unknown';

/** kombu/serialization.py registers these types; `application/data` is Celery's signed serializer. */
const SERIALIZERS: ReadonlyMap<string, Serializer> = new Map([
  ['application/json', 'json'],
  ['application/x-python-serialize', 'pickle'],
  ['application/x-yaml', 'yaml'],
  ['application/x-msgpack', 'msgpack'],
  ['application/data', 'signed'],
]);

/** A message as its headers describe it. */
export interface Packed {
  readonly body: Uint8Array;
  readonly contentType: string | null;
  readonly compression: string | null;
}

export interface Unpacked {
  readonly value: PyNode;
  /** False where the body could not be read; `problem` says why. */
  readonly found: boolean;
  readonly serializer: Serializer;
  /** `zlib, pickle protocol 4`. */
  readonly layers: string;
  readonly problem: Problem | null;
}

/** Thrown inside where only the asynchronous way can go on: a library has to be loaded. */
const LATER = Symbol('later');

/** The serializer by the content type, else by the first byte. */
export function serializerOf(contentType: string | null, body: Uint8Array): Serializer {
  const named = contentType === null ? undefined : SERIALIZERS.get(contentType.toLowerCase());
  if (named !== undefined) return named;
  if (body[0] === 0x80) return 'pickle';
  return body[0] === 0x5b || body[0] === 0x7b ? 'json' : 'unknown';
}

/** The body where it can be read at once; null where that takes a library (zstd, bzip2, xz, YAML). Never throws. */
export function unpackNow(packed: Packed): Unpacked | null {
  try {
    const { bytes, format } = compressionOf(packed);
    return read(format === null ? bytes : decompressNow(format, bytes), packed.contentType, format);
  } catch (error) {
    if (error === LATER) return null;
    return unreadable(packed, error);
  }
}

/** The body, whatever it takes. Never throws. */
export async function unpack(packed: Packed): Promise<Unpacked> {
  const now = unpackNow(packed);
  if (now !== null) return now;
  try {
    const { bytes, format } = compressionOf(packed);
    const body = format === null ? bytes : await decompress(format, bytes, UNPACKED);
    if (serializerOf(packed.contentType, body) !== 'yaml') return read(body, packed.contentType, format);
    return done(await parseYaml(utf8(body, 'YAML')), 'yaml', layersOf(format, 'YAML'));
  } catch (error) {
    return unreadable(packed, error === LATER ? new Error('it has a form that is not read here') : error);
  }
}

function compressionOf({ body, compression }: Packed): { bytes: Uint8Array; format: CompressionFormat | null } {
  if (compression === null) return { bytes: body, format: null };
  const format = compressionByName(compression, body);
  if (format === undefined) throw new Error(`it is compressed by "${compression.slice(0, 60)}", which is unknown`);
  return { bytes: body, format };
}

function decompressNow(format: CompressionFormat, bytes: Uint8Array): Uint8Array {
  if (format === 'zlib') return inflateBounded(bytes, UNPACKED);
  if (format === 'gzip') return gunzipBounded(bytes, UNPACKED);
  if (format === 'brotli') return brotliBounded(bytes, UNPACKED);
  throw LATER;
}

/** One serialized value, compression taken off. */
function read(bytes: Uint8Array, contentType: string | null, format: CompressionFormat | null): Unpacked {
  const serializer = serializerOf(contentType, bytes);
  if (bytes.length === 0) throw new Error('it is empty');
  switch (serializer) {
    case 'json':
      return done(parseKombuJson(utf8(bytes, 'JSON')), 'json', layersOf(format, 'JSON'));
    case 'pickle': {
      const document = readPickle(bytes);
      return done(document.root, 'pickle', layersOf(format, `pickle protocol ${document.protocol}`));
    }
    case 'msgpack':
      return done(parseMsgpack(bytes), 'msgpack', layersOf(format, 'msgpack'));
    case 'yaml':
      throw LATER;
    case 'signed': {
      const inner = unsigned(bytes);
      const opened = read(inner.body, inner.contentType, null);
      return { ...opened, serializer: 'signed', layers: layersOf(format, `signed, ${opened.layers}`) };
    }
    case 'unknown':
      throw new Error(
        contentType === null
          ? 'nothing says by which serializer it was made'
          : `its content type is "${contentType.slice(0, 100)}", which only the application can read`,
      );
  }
}

/** celery/security/serialization.py, `_pack` (4.x to 5.6): base64 of five parts. The signature is not checked here. */
function unsigned(bytes: Uint8Array): { readonly contentType: string; readonly body: Uint8Array } {
  const packed = decodeBase64(Buffer.from(bytes).toString('latin1'))?.bytes;
  const parts: Buffer[] = [];
  let from = 0;
  while (packed !== undefined && parts.length < 4) {
    const at = packed.indexOf(SIGNED_SEPARATOR, from, 'latin1');
    if (at < 0) break;
    parts.push(packed.subarray(from, at));
    from = at + SIGNED_SEPARATOR.length;
  }
  const contentType = parts[2];
  if (packed === undefined || contentType === undefined || parts.length < 4)
    throw new Error('it is not what the signed serializer writes');
  const named = contentType.toString('latin1');
  if (SERIALIZERS.get(named) === 'signed') throw new Error('it is signed twice');
  return { contentType: named, body: packed.subarray(from) };
}

const SIGNED_SEPARATOR = '\0\x01';

const strict = new TextDecoder('utf-8', { fatal: true });

function utf8(bytes: Uint8Array, what: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new Error(`it is no ${what}, since it is no UTF-8`);
  }
}

const layersOf = (format: CompressionFormat | null, serializer: string): string =>
  format === null ? serializer : `${format}, ${serializer}`;

const done = (value: PyNode, serializer: Serializer, layers: string): Unpacked => ({
  value,
  found: true,
  serializer,
  layers,
  problem: null,
});

function unreadable({ body, contentType }: Packed, error: unknown): Unpacked {
  const reason = error instanceof Error ? error.message : String(error);
  const known =
    error instanceof LiteralError || error instanceof PickleError || error instanceof EnvelopeError
      ? reason
      : reason.replace(/\.$/, '');
  const offset = error instanceof LiteralError || error instanceof PickleError ? error.offset : null;
  return {
    value: null,
    found: false,
    serializer: serializerOf(contentType, body),
    layers: 'not readable',
    problem: { part: 'args', reason: `The body could not be read: ${known}.`, offset },
  };
}
