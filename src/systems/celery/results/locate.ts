/** Where the results of an installation are: named by a person, or found by their keys, a bounded look at a time. */
import { isFailure, isRedis, type RedisBroker } from '../../../brokers/redis/port';
import type { Companions } from '../../../model';
import { arrayOf, bufferOf, failureOf } from '../../reading/replies';
import { bindingKey } from '../keys';
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
  /** Its number, where it is another database of this Redis than that of the messages. */
  readonly database: number | null;
  /** A Celery has messages there: its results are its own. */
  readonly isBroker: boolean;
}

/** Exchanges that every Celery leaves behind which has its messages in a database. */
const EXCHANGES = ['celery', 'celeryev', 'celery.pidbox'];

/** Remembers how far it has looked, so that every look is short and each goes on where the last one ended. */
export class Locator {
  readonly #messages: RedisBroker | null;
  readonly #companions: Companions | null;
  readonly #searches = new Map<string, Search>();
  /** The server's words where SCAN may not be run. */
  refusal: string | null = null;

  constructor(messages: RedisBroker | null, companions: Companions | null) {
    this.#messages = messages;
    this.#companions = companions;
  }

  /** The broker's own database, then the others of this Redis, the fullest first. Every place with results, own first. */
  async look(signal: AbortSignal): Promise<readonly Place[]> {
    const own = await this.lookBeside(signal);
    if (own.length > 0 || this.#messages === null) return own;
    const others = (await this.#companions?.otherDatabases(signal)) ?? [];
    const fullest = [...others].sort((a, b) => b.keys - a.keys).slice(0, DATABASES);
    return this.lookInto(
      fullest.map(({ db }) => db),
      signal,
    );
  }

  /** The broker's own database. */
  async lookBeside(signal: AbortSignal): Promise<readonly Place[]> {
    const broker = this.#messages;
    const prefixes = broker === null ? [] : await this.searchIn(broker, signal);
    return broker === null || prefixes.length === 0 ? [] : [{ broker, prefixes, database: null, isBroker: true }];
  }

  /** Databases of this Redis by their numbers, those with results. */
  async lookInto(databases: readonly number[], signal: AbortSignal): Promise<readonly Place[]> {
    const own = this.#messages;
    const found: Place[] = [];
    for (const db of databases) {
      const broker = await this.#companions?.database(db, signal);
      if (broker == null || !isRedis(broker)) continue;
      const prefixes = await this.searchIn(broker, signal);
      if (prefixes.length === 0) continue;
      // One object for one database: changes there are made in one script with those of the messages.
      if (broker.address === own?.address) found.push({ broker: own, prefixes, database: null, isBroker: true });
      else found.push({ broker, prefixes, database: db, isBroker: await isBrokerOf(broker, prefixes, signal) });
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
        this.refusal = failureOf(reply);
        break;
      }
      this.refusal = null;
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

async function isBrokerOf(broker: RedisBroker, prefixes: readonly string[], signal: AbortSignal): Promise<boolean> {
  const keys = ['', ...prefixes].flatMap(prefix => EXCHANGES.map(exchange => bindingKey(prefix, exchange)));
  const [known] = await broker.read([['EXISTS', ...keys]], signal);
  return typeof known === 'number' && known > 0;
}
