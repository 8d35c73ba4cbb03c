import { PickleError } from '../python/errors';
import { parseJson } from '../python/from-json';
import { LiteralError } from '../python/literal/error';
import { type PickleDocument, readPickle } from '../python/reader';
import { isKind, type PyNode } from '../python/value';
import { decodeBase64 } from './base64';
import {
  type CompressionFormat,
  compressionByMagic,
  compressionByName,
  DEFAULT_MAX_BYTES,
  decompress,
} from './compression';
import { EnvelopeError } from './error';
import { untagKombu } from './kombu';
import { parseMsgpack } from './msgpack';
import { isPlainText, looksLikeJson, textOf } from './text';
import { parseYaml } from './yaml';

/** What the surroundings of the bytes say about them. */
export interface IdentifyHints {
  /** As a message's header has it: `application/json`, `application/x-python-serialize` … */
  readonly contentType?: string;
  /** A `compression` header or a content-encoding: `application/x-gzip`, `zstd`, `base64` … */
  readonly compression?: string;
  /** Bytes that any layer may unpack to. */
  readonly maxBytes?: number;
}

export type LayerName =
  | CompressionFormat
  | 'base64'
  | 'pickle'
  | 'json'
  | 'yaml'
  | 'msgpack'
  | 'text'
  | 'empty'
  | 'unknown';

export interface Layer {
  readonly name: LayerName;
  /** What gave it away, for a person to read. */
  readonly evidence: string;
  /** Bytes of this layer, still packed. */
  readonly size: number;
}

/** What bytes are, outermost layer first. */
export interface Identified {
  readonly layers: readonly Layer[];
  /** The innermost bytes that could be reached. */
  readonly bytes: Uint8Array;
  /** The value they hold; undefined for plain text and for what is not understood. */
  readonly value: PyNode | undefined;
  readonly pickle: PickleDocument | undefined;
  /** The text, when the innermost layer is one (JSON and YAML too). */
  readonly text: string | undefined;
  /** Why it went no further, when something was damaged or too large. */
  readonly problem: string | undefined;
}

/** Envelopes inside envelopes that are opened; real ones have three at most (base64, compression, serializer). */
const MAX_LAYERS = 6;

type Outcome =
  | { readonly inner: Uint8Array; readonly layer: Layer }
  | {
      readonly layer: Layer;
      readonly value?: PyNode;
      readonly pickle?: PickleDocument;
      readonly text?: string;
      readonly problem?: string;
    };

/**
 * Tells what bytes are: takes off compression and base64, then reads the pickle, JSON, YAML, msgpack or text inside.
 * Goes by magic numbers and by what reads without a remainder; hints come first where there are any. Never rejects.
 */
export async function identify(bytes: Uint8Array, hints: IdentifyHints = {}): Promise<Identified> {
  const layers: Layer[] = [];
  let current = bytes;
  let left = hints;
  for (;;) {
    const outcome = await look(current, left, layers.length >= MAX_LAYERS);
    layers.push(outcome.layer);
    if (!('inner' in outcome)) {
      const { value, pickle, text, problem } = outcome;
      return { layers, bytes: current, value, pickle, text, problem };
    }
    current = outcome.inner;
    const { compression: _, ...rest } = left;
    left = outcome.layer.name === 'base64' ? left : rest;
  }
}

async function look(bytes: Uint8Array, hints: IdentifyHints, isDeep: boolean): Promise<Outcome> {
  if (bytes.length === 0) {
    return { layer: { name: 'empty', evidence: 'no bytes', size: 0 } };
  }
  if (isDeep) {
    return { layer: unknown(bytes, `more than ${MAX_LAYERS} envelopes inside one another`) };
  }
  return (
    (await hintedCompression(bytes, hints)) ??
    asPickle(bytes) ??
    (await magicCompression(bytes, hints)) ??
    (await hintedContent(bytes, hints)) ??
    asText(bytes) ??
    asMsgpack(bytes, false) ?? { layer: unknown(bytes, 'neither a known magic number nor UTF-8 text') }
  );
}

function unknown(bytes: Uint8Array, evidence: string): Layer {
  return { name: 'unknown', evidence, size: bytes.length };
}

async function hintedCompression(bytes: Uint8Array, hints: IdentifyHints): Promise<Outcome | undefined> {
  const format = hints.compression === undefined ? undefined : compressionByName(hints.compression, bytes);
  if (format === undefined) {
    return undefined;
  }
  const layer: Layer = { name: format, evidence: `the header says ${hints.compression}`, size: bytes.length };
  const outcome = await unpack(format, bytes, hints, layer);
  // A header that is not true of the bytes: base64 around them, or no compression at all.
  return 'inner' in outcome || compressionByMagic(bytes)?.format === format ? outcome : undefined;
}

async function magicCompression(bytes: Uint8Array, hints: IdentifyHints): Promise<Outcome | undefined> {
  const found = compressionByMagic(bytes);
  if (found === undefined) {
    return undefined;
  }
  const layer: Layer = { name: found.format, evidence: found.evidence, size: bytes.length };
  const outcome = await unpack(found.format, bytes, hints, layer);
  // Text may happen to begin like a zlib header ("x^"): only then is a failure no news.
  return 'inner' in outcome || !isPlainText(bytes) ? outcome : undefined;
}

async function unpack(
  format: CompressionFormat,
  bytes: Uint8Array,
  hints: IdentifyHints,
  layer: Layer,
): Promise<Outcome> {
  try {
    return { inner: await decompress(format, bytes, hints.maxBytes ?? DEFAULT_MAX_BYTES), layer };
  } catch (error) {
    return { layer, problem: messageOf(error) };
  }
}

/** Protocols 0 and 1 declare nothing: a pickle of theirs ends with a point, and is lines or binary, never one line. */
function mayBeOldPickle(bytes: Uint8Array): boolean {
  const first = String.fromCharCode(bytes[0] ?? 0);
  return (
    bytes.at(-1) === 0x2e && /[(\])}lcIFSVLGNKJMTUXqp]/.test(first) && (bytes.includes(0x0a) || !isPlainText(bytes))
  );
}

const SIGNATURE = /^:[0-9a-f]{40}$/;

function asPickle(bytes: Uint8Array): Outcome | undefined {
  const [first, second = 0xff] = bytes;
  const declared = first === 0x80 && second <= 5;
  if (!declared && !mayBeOldPickle(bytes)) {
    return undefined;
  }
  try {
    const pickle = readPickle(bytes);
    if (!declared && pickle.end !== bytes.length) {
      return undefined;
    }
    const rest = Buffer.from(bytes.subarray(pickle.end, pickle.end + 42)).toString('latin1');
    const signed = SIGNATURE.test(rest) ? ', then a signature as Huey’s SignedSerializer writes' : '';
    const evidence = `${declared ? `opcode PROTO ${second}` : 'reads as a pickle of protocol 0 or 1'}${signed}`;
    return { layer: { name: 'pickle', evidence, size: bytes.length }, value: pickle.root, pickle };
  } catch (error) {
    if (!declared) {
      return undefined;
    }
    return {
      layer: { name: 'pickle', evidence: `opcode PROTO ${second}`, size: bytes.length },
      problem: messageOf(error),
    };
  }
}

async function hintedContent(bytes: Uint8Array, hints: IdentifyHints): Promise<Outcome | undefined> {
  const type = hints.contentType?.toLowerCase() ?? '';
  if (type.endsWith('yaml')) {
    const text = textOf(bytes);
    const layer: Layer = { name: 'yaml', evidence: `the header says ${hints.contentType}`, size: bytes.length };
    try {
      return text === undefined ? undefined : { layer, value: await parseYaml(text), text };
    } catch (error) {
      return asText(bytes) ?? { layer, problem: messageOf(error) };
    }
  }
  return type.endsWith('msgpack') ? asMsgpack(bytes, true) : undefined;
}

function asMsgpack(bytes: Uint8Array, isHinted: boolean): Outcome | undefined {
  try {
    const value = parseMsgpack(bytes);
    if (!isHinted && !isKind(value, 'dict') && !isKind(value, 'list')) {
      return undefined;
    }
    const evidence = isHinted ? 'the header says msgpack' : `all ${bytes.length} bytes are one msgpack value`;
    return { layer: { name: 'msgpack', evidence, size: bytes.length }, value };
  } catch (error) {
    if (error instanceof EnvelopeError) {
      return undefined;
    }
    throw error;
  }
}

function asText(bytes: Uint8Array): Outcome | undefined {
  const text = textOf(bytes);
  if (text === undefined || !isPlainText(bytes)) {
    return undefined;
  }
  return (
    asJson(text, bytes) ??
    asBase64(text, bytes) ?? { layer: { name: 'text', evidence: 'UTF-8 text', size: bytes.length }, text }
  );
}

function asJson(text: string, bytes: Uint8Array): Outcome | undefined {
  if (!looksLikeJson(text)) {
    return undefined;
  }
  try {
    const value = parseJson(text, untagKombu);
    const tagged = text.includes('"__type__"') ? ', with kombu’s type tags' : '';
    return { layer: { name: 'json', evidence: `reads as JSON${tagged}`, size: bytes.length }, value, text };
  } catch (error) {
    if (error instanceof LiteralError) {
      return undefined;
    }
    throw error;
  }
}

/** Words are base64 too: what comes out must itself be something. */
function asBase64(text: string, bytes: Uint8Array): Outcome | undefined {
  const decoded = text.length >= 8 ? decodeBase64(text) : undefined;
  if (decoded === undefined) {
    return undefined;
  }
  const inner = textOf(decoded.bytes);
  const isSomething =
    compressionByMagic(decoded.bytes) !== undefined ||
    (decoded.bytes[0] === 0x80 && (decoded.bytes[1] ?? 9) <= 5) ||
    (inner !== undefined && isPlainText(decoded.bytes) && (/^\s*[[{"]/.test(inner) || decoded.bytes.length >= 24));
  if (!isSomething) {
    return undefined;
  }
  const details = [decoded.variant, decoded.padded ? '' : 'unpadded', decoded.hadWhitespace ? 'with line ends' : ''];
  const evidence = `base64 alphabet (${details.filter(Boolean).join(', ')})`;
  return { inner: decoded.bytes, layer: { name: 'base64', evidence, size: bytes.length } };
}

function messageOf(error: unknown): string {
  if (error instanceof EnvelopeError || error instanceof PickleError || error instanceof LiteralError) {
    return error.message;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
