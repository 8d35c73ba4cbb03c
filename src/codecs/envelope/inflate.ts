import { inflateBounded, looksLikeZlib } from './compression';
import { EnvelopeError } from './error';

export type Inflated =
  | { readonly kind: 'inflated'; readonly bytes: Buffer }
  /** It does not begin as zlib does (RFC 1950). */
  | { readonly kind: 'not-zlib' }
  /** It begins as zlib and is cut short or damaged, or would be larger than the bound. */
  | { readonly kind: 'broken'; readonly reason: string };

/** For bytes that are perhaps zlib's: inflates them, never to more than `limit` bytes. Never throws. */
export function inflate(bytes: Uint8Array, limit: number): Inflated {
  if (!looksLikeZlib(bytes)) return { kind: 'not-zlib' };
  try {
    return { kind: 'inflated', bytes: inflateBounded(bytes, limit) };
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    return { kind: 'broken', reason: reasonOf(error, limit) };
  }
}

function reasonOf({ fault, message }: EnvelopeError, limit: number): string {
  if (fault === 'too-large') return `it would inflate to more than ${Math.round(limit / 1024 / 1024)} MB`;
  const words = /\(([^()]*)\)$/.exec(message)?.[1] ?? 'zlib';
  return words === 'unexpected end of file' ? 'the zlib data are cut short' : `the zlib data are damaged (${words})`;
}
