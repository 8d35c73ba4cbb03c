import type { RedisBroker } from '../../../brokers/redis/port';
import type { RqPlace, Structure } from '../keys';

/**
 * What one installation has learned from the broker and keeps between looks, so that a page does not have to ask for
 * the names of the queues again. Every overview renews it.
 */
export interface Memory {
  /** Names of queues, sorted; null before the first look. */
  queues: readonly string[] | null;
  /** When the names were read last, in milliseconds of `performance.now()`. */
  learnedAt: number;
  /** Length of each list and registry when last counted. */
  readonly lengths: Lengths;
  /** Whether `rq:queue:failed` is the list of failed jobs of RQ ≤ 0.13; null before the first look. */
  failedListIsLegacy: boolean | null;
  /** Ids of jobs whose description is known to be short, where the server cannot cut. */
  readonly descriptions: Set<string>;
  /** Null until it was tried: whether the server runs our read-only scripts. */
  scripts: boolean | null;
}

/** Lengths of lists and registries: by structure, then by queue, since 10,000 queues have 80,000 of them. */
export class Lengths {
  readonly #structures = new Map<Structure, Map<string, number>>();

  get({ structure, queue }: RqPlace): number | undefined {
    return this.#structures.get(structure)?.get(queue);
  }

  set({ structure, queue }: RqPlace, length: number): void {
    this.of(structure).set(queue, length);
  }

  /** Those of one structure, by queue. */
  of(structure: Structure): Map<string, number> {
    let lengths = this.#structures.get(structure);
    if (lengths === undefined) {
      lengths = new Map();
      this.#structures.set(structure, lengths);
    }
    return lengths;
  }
}

/** What every reading function gets. */
export interface Reading {
  readonly broker: RedisBroker;
  readonly memory: Memory;
}

export function newReading(broker: RedisBroker): Reading {
  return {
    broker,
    memory: {
      queues: null,
      learnedAt: Number.NEGATIVE_INFINITY,
      lengths: new Lengths(),
      failedListIsLegacy: null,
      descriptions: new Set(),
      scripts: null,
    },
  };
}

/**
 * Whether large fields can be cut on the server: EVAL_RO (Redis 7.0) runs a script that can write nothing. On a
 * cluster, a script's keys would have to share a slot, which RQ's do not.
 */
export function canCut({ broker, memory }: Reading): boolean {
  memory.scripts ??= broker.server.mode !== 'cluster' && broker.server.atLeast('7.0') && broker.may('EVAL_RO') === true;
  return memory.scripts;
}
