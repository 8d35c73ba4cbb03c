import { inflateSync } from 'node:zlib';
import { inflateSmall } from './inflate-small';

export type Inflated =
  | { readonly kind: 'inflated'; readonly bytes: Buffer }
  /** It does not begin as zlib does (RFC 1950), or its first block is no deflate data. */
  | { readonly kind: 'not-zlib' }
  /** It begins as zlib and is cut short or damaged, or would be larger than the bound. */
  | { readonly kind: 'broken'; readonly reason: string };

/** The two header bytes of zlib: method 8, window at most 32 kB, check bits right (RFC 1950, 2.2). */
export function looksLikeZlib(bytes: Uint8Array): boolean {
  const method = bytes[0];
  const flags = bytes[1];
  return method !== undefined && flags !== undefined && (method & 0x8f) === 8 && ((method << 8) | flags) % 31 === 0;
}

/** Inflates zlib data, never to more than `limit` bytes. Never throws. */
export function inflate(bytes: Uint8Array, limit: number): Inflated {
  if (!looksLikeZlib(bytes)) return { kind: 'not-zlib' };
  const small = limit >= 64 * 1024 ? inflateSmall(bytes) : null;
  if (small !== null) return { kind: 'inflated', bytes: small };
  try {
    return { kind: 'inflated', bytes: inflateSync(bytes, { maxOutputLength: limit }) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      return { kind: 'broken', reason: `it would inflate to more than ${Math.round(limit / 1024 / 1024)} MB` };
    }
    if (code === 'Z_BUF_ERROR') return { kind: 'broken', reason: 'the zlib data are cut short' };
    return { kind: 'broken', reason: `the zlib data are damaged (${error instanceof Error ? error.message : 'zlib'})` };
  }
}
