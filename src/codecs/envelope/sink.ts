import { type EnvelopeFormat, tooLarge } from './error';

/** Collects output and stops the decompressor, by throwing, as soon as there is too much of it. */
export class BoundedSink {
  private readonly parts: Uint8Array[] = [];
  private readonly format: EnvelopeFormat;
  private readonly input: number;
  private readonly limit: number;
  produced = 0;

  constructor(format: EnvelopeFormat, input: number, limit: number) {
    this.format = format;
    this.input = input;
    this.limit = limit;
  }

  /** Takes a part of the output; it must not be changed afterwards. */
  add(part: Uint8Array): void {
    this.produced += part.length;
    if (this.produced > this.limit) {
      throw tooLarge(this.format, this.input, this.limit, this.produced);
    }
    this.parts.push(part);
  }

  take(): Buffer {
    return Buffer.concat(this.parts);
  }
}
