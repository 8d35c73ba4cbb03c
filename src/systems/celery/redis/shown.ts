import { hash as digest } from 'node:crypto';

/** Elements that were shown lately, by their hash: bounded in number and in bytes, the oldest forgotten first. */
export class Shown {
  readonly #elements = new Map<string, { readonly list: string; readonly bytes: Buffer }>();
  #bytes = 0;

  remember(hash: string, list: string, bytes: Buffer): void {
    if (bytes.length > LARGEST || this.#elements.has(hash)) return;
    this.#elements.set(hash, { list, bytes });
    this.#bytes += bytes.length;
    if (this.#elements.size <= MOST && this.#bytes <= ROOM) return;
    // A tenth at once: the beginning of a map is slow to reach where single entries were taken from it.
    for (const [oldest, { bytes: old }] of this.#elements) {
      if (this.#elements.size <= MOST * 0.9 && this.#bytes <= ROOM * 0.9) break;
      this.#elements.delete(oldest);
      this.#bytes -= old.length;
    }
  }

  get(hash: string, list: string): Buffer | undefined {
    const known = this.#elements.get(hash);
    return known?.list === list ? known.bytes : undefined;
  }
}

const MOST = 5000;
const ROOM = 16 * 1024 * 1024;
const LARGEST = 64 * 1024;

/**
 * What a ref names an element by: the first half of the SHA-1 of its exact bytes, which Redis' own scripts can compute
 * too (`redis.sha1hex`), so that a list is searched where it lies. Whatever acts compares the bytes themselves.
 */
export const hashOf = (bytes: Uint8Array): string => digest('sha1', bytes, 'hex').slice(0, 32);
