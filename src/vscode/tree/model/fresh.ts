import type { InstallationView, LiveConnection } from '../../../inspector/api';
import { knownAmount, type Overview } from '../../../model';
import { installationId } from './ids';
import type { InstallationAddress, NodeId } from './row';
import { addressOfView } from './world';

/** Where the counts that were last in sight are remembered. */
export interface FreshStore {
  get(): Readonly<Record<string, number>>;
  set(seen: Readonly<Record<string, number>>): void;
}

/** New failures of one installation, worked out once for each overview. */
interface Known {
  readonly overview: Overview;
  readonly byQueue: ReadonlyMap<string, number>;
  readonly total: number;
}

/**
 * Failures that came after the person last had the failed rows in sight, by queue. Kept as counts: what is retried or
 * deleted lowers what was seen, and a queue met for the first time has nothing new.
 */
export class FreshFailures {
  readonly #store: FreshStore;
  readonly #seen: Record<string, number>;
  readonly #known = new Map<NodeId, Known>();

  constructor(store: FreshStore) {
    this.#store = store;
    this.#seen = { ...store.get() };
  }

  /** Takes in what a connection counts now; nothing to do where nothing was read since. */
  update(live: LiveConnection): void {
    for (const view of live.installations) {
      const at = addressOfView(live, view);
      if (view.overview === null || this.#known.get(installationId(at))?.overview === view.overview) continue;
      this.#take(at, view, (now, seen) => Math.min(now, seen ?? now), null);
    }
  }

  /** The failed rows of an installation, or of one queue, are in sight. */
  saw(live: LiveConnection, at: InstallationAddress, queue: string | null): void {
    if (this.count(at, queue) === 0) return;
    const view = live.installations.find(
      candidate => installationId(addressOfView(live, candidate)) === installationId(at),
    );
    if (view !== undefined) this.#take(at, view, now => now, queue);
  }

  /** How many of a queue, or of the whole installation, are new. */
  count(at: InstallationAddress, queue: string | null): number {
    const known = this.#known.get(installationId(at));
    return queue === null ? (known?.total ?? 0) : (known?.byQueue.get(queue) ?? 0);
  }

  /** Over all installations of a connection. */
  total(live: LiveConnection): number {
    return live.installations.reduce((sum, view) => sum + this.count(addressOfView(live, view), null), 0);
  }

  #take(
    at: InstallationAddress,
    { installation, overview }: InstallationView,
    next: (now: number, seen: number | undefined) => number,
    only: string | null,
  ): void {
    if (overview === null) return;
    const state = installation.system.facts.troubleState;
    const byQueue = new Map<string, number>();
    // Encoding ten thousand names would take longer than all the rest; a line break is in no encoded part.
    const prefix = `${installationId(at)}\n`;
    let changed = false;
    let total = 0;
    const take = (key: string, now: number, inSight: boolean): number => {
      const seen = inSight ? next(now, this.#seen[key]) : (this.#seen[key] ?? now);
      if (this.#seen[key] !== seen) {
        this.#seen[key] = seen;
        changed = true;
      }
      const more = Math.max(0, now - seen);
      total += more;
      return more;
    };
    let counted = false;
    for (const { name, counts } of overview.queues) {
      const count = counts[state];
      if (count === undefined) continue;
      counted = true;
      if ('unknown' in count) continue;
      const more = take(prefix + name, knownAmount(count), only === null || only === name);
      if (more > 0) byQueue.set(name, more);
    }
    // Recorded for no queue (Celery's results): then for the installation, once its count is no longer being made.
    const whole = overview.counts[state];
    if (!counted && whole !== undefined && 'exact' in whole) take(installationId(at), whole.exact, only === null);
    this.#known.set(installationId(at), { overview, byQueue, total });
    if (changed) this.#store.set(this.#seen);
  }
}

/** All failures that are known, also those that no queue tells of, as with Celery. */
export function allFailures(connections: readonly LiveConnection[]): number {
  return connections
    .flatMap(live => live.installations)
    .reduce((sum, view) => sum + knownAmount(view.overview?.counts[view.installation.system.facts.troubleState]), 0);
}
