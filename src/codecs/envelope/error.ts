export type EnvelopeFormat =
  | 'zlib'
  | 'gzip'
  | 'bzip2'
  | 'xz'
  | 'zstd'
  | 'brotli'
  | 'base64'
  | 'json'
  | 'yaml'
  | 'msgpack';

/**
 * too-large: more would come out than was allowed; damaged: no such data, or cut short; unsupported: valid data of a
 * kind that is not read here.
 */
export type EnvelopeFault = 'too-large' | 'damaged' | 'unsupported';

/** Bytes that could not be taken out of their envelope. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly format: EnvelopeFormat;
  readonly fault: EnvelopeFault;
  /** Bytes that had come out when it stopped; null where the decompressor does not tell. */
  readonly produced: number | null;

  constructor(format: EnvelopeFormat, fault: EnvelopeFault, reason: string, produced: number | null = null) {
    super(`${format}: ${reason}`);
    this.format = format;
    this.fault = fault;
    this.produced = produced;
  }
}

/** The error for output beyond the limit, said the same way for every format. */
export function tooLarge(format: EnvelopeFormat, input: number, limit: number, produced: number): EnvelopeError {
  return new EnvelopeError(
    format,
    'too-large',
    `${input} bytes unpack to more than the ${limit} allowed; stopped after ${produced}`,
    produced,
  );
}
