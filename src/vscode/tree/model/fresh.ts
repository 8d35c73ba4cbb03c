import type { LiveConnection } from '../../../inspector/api';
import { knownAmount } from '../../../model';
import { childId, installationId } from './ids';
import type { InstallationAddress } from './row';
import { addressOfView, viewOf } from './world';

/** Where the counts that were last in sight are remembered. */
export interface FreshStore {
  get(): Readonly<Record<string, number>>;
  set(seen: Readonly<Record<string, number>>): void;
}

/**
 * Failures that came after the person last had the failed rows in sight, by queue. Kept as counts: what is retried or
 * deleted lowers what was seen, and a queue met for the first time has nothing new.
 */
export class FreshFailures {
  readonly #store: FreshStore;
  #seen: Record<string, number>;

  constructor(store: FreshStore) {
    this.#store = store;
    this.#seen = { ...store.get() };
  }

  /** Takes in what a connection counts now. */
  update(live: LiveConnection): void {
    this.#change(live, (now, seen) => Math.min(now, seen ?? now), null);
  }

  /** The failed rows of an installation, or of one queue, are in sight. */
  saw(live: LiveConnection, at: InstallationAddress, queue: string | null): void {
    this.#change(live, now => now, { at, queue });
  }

  /** How many of a queue, or of the whole installation, are new. */
  count(live: LiveConnection, at: InstallationAddress, queue: string | null): number {
    const view = viewOf(live, at);
    const state = view?.installation.system.facts.troubleState;
    if (view?.overview == null || state === undefined) return 0;
    return view.overview.queues
      .filter(({ name }) => queue === null || name === queue)
      .reduce((sum, { name, counts }) => {
        const now = knownAmount(counts[state]);
        return sum + Math.max(0, now - (this.#seen[seenKey(at, name)] ?? now));
      }, 0);
  }

  /** Over all installations of a connection. */
  total(live: LiveConnection): number {
    return live.installations.reduce((sum, view) => sum + this.count(live, addressOfView(live, view), null), 0);
  }

  #change(
    live: LiveConnection,
    next: (now: number, seen: number | undefined) => number,
    only: { readonly at: InstallationAddress; readonly queue: string | null } | null,
  ): void {
    let changed = false;
    for (const view of live.installations) {
      const at = addressOfView(live, view);
      if (only !== null && installationId(only.at) !== installationId(at)) continue;
      const state = view.installation.system.facts.troubleState;
      for (const { name, counts } of view.overview?.queues ?? []) {
        if (only !== null && only.queue !== null && only.queue !== name) continue;
        const count = counts[state];
        if (count === undefined || 'unknown' in count) continue;
        const key = seenKey(at, name);
        const value = next(knownAmount(count), this.#seen[key]);
        if (this.#seen[key] === value) continue;
        this.#seen[key] = value;
        changed = true;
      }
    }
    if (changed) this.#store.set({ ...this.#seen });
  }
}

const seenKey = (at: InstallationAddress, queue: string) => childId(installationId(at), queue);
