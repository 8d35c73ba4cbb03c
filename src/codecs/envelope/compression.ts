import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { EnvelopeError, tooLarge } from './error';
import { inflateSmall, LONGEST_OUTPUT } from './inflate-small';

export type CompressionFormat = 'zlib' | 'gzip' | 'bzip2' | 'xz' | 'zstd' | 'brotli';

/** Far above what a job should be, far below what hurts an editor. */
export const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

/**
 * zlib (RFC 1950) at once: what RQ puts around `data`, `exc_info` and results. Throws EnvelopeError, also where more
 * than `maxBytes` would come out; nothing beyond that is ever held.
 */
export function inflateBounded(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_BYTES): Buffer {
  const small = maxBytes >= LONGEST_OUTPUT ? inflateSmall(bytes) : null;
  return small ?? bounded('zlib', bytes, maxBytes, inflateSync);
}

/** gzip (RFC 1952) in the same way. */
export function gunzipBounded(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_BYTES): Buffer {
  return bounded('gzip', bytes, maxBytes, gunzipSync);
}

/** brotli (RFC 7932) in the same way. It has no magic number: only a header or hint tells that bytes are brotli. */
export function brotliBounded(bytes: Uint8Array, maxBytes: number = DEFAULT_MAX_BYTES): Buffer {
  return bounded('brotli', bytes, maxBytes, brotliDecompressSync);
}

/**
 * Any of the formats that kombu, Huey and RQ use, with bounded output. The rarer ones load their library when they are
 * first met. Rejects with EnvelopeError.
 */
export async function decompress(
  format: CompressionFormat,
  bytes: Uint8Array,
  maxBytes: number = DEFAULT_MAX_BYTES,
): Promise<Buffer> {
  switch (format) {
    case 'zlib':
      return inflateBounded(bytes, maxBytes);
    case 'gzip':
      return gunzipBounded(bytes, maxBytes);
    case 'brotli':
      return brotliBounded(bytes, maxBytes);
    case 'bzip2':
      return (await import('./bzip2')).bunzip2Bounded(bytes, maxBytes);
    case 'xz':
      return (await import('./xz')).unxzBounded(bytes, maxBytes);
    case 'zstd':
      return (await import('./zstd')).unzstdBounded(bytes, maxBytes);
  }
}

type SyncDecompressor = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

function bounded(
  format: 'zlib' | 'gzip' | 'brotli' | 'zstd',
  bytes: Uint8Array,
  maxBytes: number,
  run: SyncDecompressor,
): Buffer {
  try {
    return run(bytes, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    throw asEnvelopeError(format, bytes.length, maxBytes, error);
  }
}

/** What Node's zlib threw, in our words. */
export function asEnvelopeError(
  format: 'zlib' | 'gzip' | 'brotli' | 'zstd',
  input: number,
  maxBytes: number,
  error: unknown,
): EnvelopeError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return tooLarge(format, input, maxBytes, maxBytes);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new EnvelopeError(format, 'damaged', `${input} bytes are damaged or cut short (${reason})`);
}

const NAMES: Readonly<Record<string, CompressionFormat | 'zlib or gzip'>> = {
  // kombu 4 to 5.7, compression.py: what it calls gzip is zlib.
  'application/x-gzip': 'zlib or gzip',
  gzip: 'zlib or gzip',
  zlib: 'zlib or gzip',
  'application/x-bz2': 'bzip2',
  bzip2: 'bzip2',
  bzip: 'bzip2',
  'application/x-lzma': 'xz',
  lzma: 'xz',
  xz: 'xz',
  'application/zstd': 'zstd',
  zstd: 'zstd',
  zstandard: 'zstd',
  'application/x-brotli': 'brotli',
  brotli: 'brotli',
  br: 'brotli',
};

/** The format that a `compression` header or a `content-encoding` names, or undefined for a name unknown here. */
export function compressionByName(name: string, bytes: Uint8Array): CompressionFormat | undefined {
  const lower = name.toLowerCase();
  const format = Object.hasOwn(NAMES, lower) ? NAMES[lower] : undefined;
  return format === 'zlib or gzip' ? (bytes[0] === 0x1f ? 'gzip' : 'zlib') : format;
}

/** The two header bytes of zlib: method 8, window at most 32 kB, check bits right (RFC 1950, 2.2). */
export function looksLikeZlib(bytes: Uint8Array): boolean {
  const [method, flags] = bytes;
  return method !== undefined && flags !== undefined && (method & 0x8f) === 8 && ((method << 8) | flags) % 31 === 0;
}

/** The format whose magic number the bytes begin with, and the bytes that say so. */
export function compressionByMagic(bytes: Uint8Array): { format: CompressionFormat; evidence: string } | undefined {
  if (looksLikeZlib(bytes)) {
    return { format: 'zlib', evidence: `RFC 1950 header ${hex(bytes, 2)}` };
  }
  for (const [format, magic] of MAGIC) {
    if (magic.every((byte, index) => bytes[index] === byte)) {
      const isBzip = format !== 'bzip2' || /^[1-9](?:1AY&SY|\x17rE8P)$/.test(bzip2Head(bytes));
      if (isBzip) {
        return { format, evidence: `magic number ${hex(bytes, magic.length)}` };
      }
    }
  }
  return undefined;
}

const MAGIC: readonly (readonly [CompressionFormat, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** The level digit of bzip2 and its block's magic, or its end's where nothing was packed. */
function bzip2Head(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(3, bytes[4] === 0x17 ? 9 : 10)).toString('latin1');
}

function hex(bytes: Uint8Array, length: number): string {
  return Array.from(bytes.subarray(0, length), byte => byte.toString(16).padStart(2, '0')).join(' ');
}
