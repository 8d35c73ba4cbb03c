/**
 * The file of exact copies while a run goes on, bounded. Written synchronously: a step's few kB cost 20 µs, less than
 * handing them to another thread, and the order needs no care.
 */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

export class CopyFile {
  readonly #file: number;
  readonly #maxBytes: number;
  #open = true;
  #bytes = 0;

  constructor(path: string, maxBytes: number) {
    this.#file = openSync(path, 'ax', 0o600);
    this.#maxBytes = maxBytes;
  }

  /** With the operating system when this returns. @returns false, without writing, beyond the bound */
  add(text: string): boolean {
    const bytes = Buffer.from(text);
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) return false;
    writeBytes(this.#file, bytes);
    return true;
  }

  /** Nothing is kept after all: what is only half there would undo only half. */
  discard(): void {
    if (this.#open) ftruncateSync(this.#file, 0);
    this.close();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
  }
}

export function writeAll(file: number, text: string): void {
  writeBytes(file, Buffer.from(text));
}

function writeBytes(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
