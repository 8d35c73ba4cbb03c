import type { RedisBroker, Reply } from '../../../brokers/redis/port';
import type { Place } from '../parts';
import { type Binding, Bindings } from './bindings';
import type { Discovery, Found } from './discovery';
import type { List } from './queues';
import { Shown } from './shown';

/** What one installation on a Redis has learned, and keeps between looks. */
export interface Memory {
  /** Bindings as of the last look; empty before the first. */
  bindings: Bindings;
  /** Names of queues, sorted; null before the first look. */
  queues: readonly string[] | null;
  /** What the discovery had found when they were made. */
  from: { readonly prefixes: ReadonlyMap<string, Found>; readonly lists: readonly string[] } | null;
  /** Lists of each queue, made once for these priority steps and this separator. */
  readonly lists: { steps: readonly number[]; separator: string; readonly byQueue: Map<string, readonly List[]> };
  /** Length of each list when last counted, by `step:queue`. */
  readonly lengths: Map<string, number>;
  /** Lists of other priorities than the first that hold something, by `step:queue`. */
  readonly priorities: Set<string>;
  /** Whether these were ever looked for. */
  prioritiesKnown: boolean;
  /** Bindings of each exchange as last read, and where the next look goes on: of thousands only some are read anew. */
  readonly exchanges: Map<string, readonly Binding[]>;
  nextExchange: number;
  /** Elements that were shown lately, so that a ref leads back to them without a search. */
  readonly shown: Shown;
  /** Null until it was tried: whether the server runs our read-only scripts. */
  scripts: boolean | null;
}

/** What every reading function gets. */
export interface Reading {
  readonly broker: RedisBroker;
  readonly place: Place;
  /** `global_keyprefix`. */
  readonly prefix: string;
  readonly steps: readonly number[];
  /** `sep` of the transport options. */
  readonly separator: string;
  readonly discovery: Discovery;
  readonly memory: Memory;
}

/** Nothing is known yet. */
export function newMemory(): Memory {
  return {
    bindings: Bindings.none,
    queues: null,
    from: null,
    lists: { steps: [], separator: '', byQueue: new Map() },
    lengths: new Map(),
    priorities: new Set(),
    prioritiesKnown: false,
    exchanges: new Map(),
    nextExchange: 0,
    shown: new Shown(),
    scripts: null,
  };
}

/**
 * Whether large elements can be cut on the server: EVAL_RO (Redis 7.0) runs a script that can write nothing. Not on a
 * cluster, where the lists of one queue lie on several nodes.
 */
export function canScript({ broker, memory }: Reading): boolean {
  memory.scripts ??= broker.server.mode !== 'cluster' && broker.server.atLeast('7.0') && broker.may('EVAL_RO') === true;
  return memory.scripts;
}

/** Lua as it is sent with every call: without its comments. */
export const bare = (source: string): string => source.replaceAll(/^ *--.*\n/gm, '');

export const lengthOf = (reply: Reply | undefined): number => (typeof reply === 'number' ? reply : 0);
