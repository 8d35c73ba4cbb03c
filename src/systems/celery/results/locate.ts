/** Where the results of an installation are: named by a person, or found by their keys, a bounded look at a time. */
import { isFailure, isRedis, type RedisBroker } from '../../../brokers/redis/port';
import type { Companions } from '../../../model';
import { arrayOf, bufferOf } from '../../reading/replies';
import { prefixOf, TASK } from './keys';

/** SCANs of one database in one look, and the COUNT of each: with as many keys as that, one look is a whole one. */
const STEPS = 20;
const COUNT = 1000;
/** Keys of results that are enough to know their prefixes. */
const ENOUGH = 200;
/** Databases that are looked into. */
const DATABASES = 16;

/** What has been looked at in one database. */
interface Search {
  cursor: string;
  /** SCAN went through all of it. */
  whole: boolean;
  readonly prefixes: Set<string>;
}

export interface Place {
  readonly broker: RedisBroker;
  readonly prefixes: readonly string[];
  /** Of this Redis; null where it is another. */
  readonly database: number | null;
}

/** Remembers how far it has looked, so that every look is short and each goes on where the last one ended. */
export class Locator {
  readonly #messages: RedisBroker | null;
  readonly #companions: Companions | null;
  readonly #searches = new Map<string, Search>();

  constructor(messages: RedisBroker | null, companions: Companions | null) {
    this.#messages = messages;
    this.#companions = companions;
  }

  /** The broker's own database, then the others of this Redis, the fullest first. Every place with results, own first. */
  async look(signal: AbortSignal): Promise<readonly Place[]> {
    const own = this.#messages;
    if (own === null) return [];
    const found: Place[] = [];
    const prefixes = await this.searchIn(own, signal);
    if (prefixes.length > 0) return [{ broker: own, prefixes, database: null }];
    const others = (await this.#companions?.otherDatabases(signal)) ?? [];
    const fullest = [...others].sort((a, b) => b.keys - a.keys).slice(0, DATABASES);
    for (const { db } of fullest) {
      const broker = await this.#companions?.database(db, signal);
      if (broker == null || !isRedis(broker)) continue;
      const there = await this.searchIn(broker, signal);
      if (there.length > 0) found.push({ broker, prefixes: there, database: db });
    }
    return found;
  }

  /** True where every database that was looked into has been looked at wholly. */
  get whole(): boolean {
    return [...this.#searches.values()].every(search => search.whole);
  }

  /** Prefixes of the result keys in a database, as far as a bounded look finds them. */
  async searchIn(broker: RedisBroker, signal: AbortSignal): Promise<readonly string[]> {
    let search = this.#searches.get(broker.address);
    if (search === undefined || search.whole) {
      search = { cursor: '0', whole: false, prefixes: new Set() };
      this.#searches.set(broker.address, search);
    }
    let keys = 0;
    for (let step = 0; step < STEPS && keys < ENOUGH; step++) {
      const [reply] = await broker.read([['SCAN', search.cursor, 'MATCH', `*${TASK}*`, 'COUNT', COUNT]], signal);
      if (reply === undefined || isFailure(reply)) {
        search.whole = true;
        break;
      }
      const [cursor, found] = arrayOf(reply);
      for (const key of arrayOf(found)) {
        const prefix = Buffer.isBuffer(key) ? prefixOf(key) : null;
        if (prefix === null) continue;
        search.prefixes.add(prefix);
        keys++;
      }
      search.cursor = bufferOf(cursor)?.toString() ?? '0';
      if (search.cursor !== '0') continue;
      search.whole = true;
      break;
    }
    return [...search.prefixes];
  }
}
