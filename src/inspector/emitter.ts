import type { Unsubscribe } from './api';

/** Listeners without a payload: whoever is told looks for themselves. A listener that throws never stops the others. */
export class Emitter {
  readonly #listeners = new Set<() => void>();

  on(listener: () => void): Unsubscribe {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  fire(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
