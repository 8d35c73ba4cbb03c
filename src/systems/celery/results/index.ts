/** Results of Celery: found by themselves where they are in this Redis, else where a person says. */
import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import { asInspectorError, type Companion, InspectorError, isAbort } from '../../../model';
import { names } from '../../acting/words';
import type { CreateResults, NamedBackend, Place, Results } from '../parts';
import { choosePrefix, resultPrefixOf } from './keys';
import { type Place as Found, Locator } from './locate';
import { RedisResultStore } from './store';
import { foreignBackend, withoutSecret } from './urls';

export { namedBackends } from './named';
export { resultRef } from './rows';
export { stateOfStatus } from './status';
export { RedisResultStore } from './store';

const ROLE = 'results';
const TITLE = 'Result backend';
/** After a look that found nothing, or that failed, the next one comes no sooner. Milliseconds. */
const REST = 10_000;
const SHORT_REST = 500;

export const createResults: CreateResults = (place, named) => new CeleryResults(place, named);

class CeleryResults implements Results {
  readonly #place: Place;
  readonly #named: () => readonly NamedBackend[];
  readonly #locator: Locator;
  #store: RedisResultStore | null = null;
  /** Where it was found in another database of the same Redis. */
  #database: number | null = null;
  #failure: InspectorError | null = null;
  /** Places of this Redis with results of which it cannot be told whose they are. */
  #others: readonly Found[] = [];
  #looked = false;
  #restUntil = 0;
  #looking: Promise<void> | null = null;

  constructor(place: Place, named: () => readonly NamedBackend[]) {
    this.#place = place;
    this.#named = named;
    const { broker, companions } = place;
    this.#locator = new Locator(isRedis(broker) ? broker : null, companions);
  }

  get store(): RedisResultStore | null {
    return this.#failure === null ? this.#store : null;
  }

  get companion(): Companion {
    const others = this.#others.map(({ broker }) => `redis://${broker.address}`);
    const candidates = [...new Set([...this.#named().map(({ url }) => url), ...others])];
    const base = { role: ROLE, title: TITLE, candidates };
    const store = this.#store;
    const wanted = this.#place.options.results;
    if (this.#failure !== null) {
      const address = store?.broker.address ?? (wanted === null ? null : withoutSecret(wanted));
      return { ...base, state: 'failed', address, reason: this.#failure.message };
    }
    if (store !== null) return { ...base, state: 'found', address: store.broker.address, reason: null };
    return { ...base, state: 'missing', address: null, reason: this.#missing() };
  }

  async locate(signal: AbortSignal): Promise<void> {
    if (this.#isRefuted()) {
      this.#store = null;
      this.#database = null;
      this.#restUntil = 0;
    }
    if (this.#store !== null && this.#failure === null && !this.#isLost()) return;
    if (this.#looking === null && Date.now() < this.#restUntil) return;
    this.#looking ??= this.#look(signal).finally(() => {
      this.#looking = null;
    });
    await this.#looking;
    signal.throwIfAborted();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const began = Date.now();
    try {
      const { options } = this.#place;
      if (options.results !== null) await this.#open(options.results, signal);
      else await this.#find(signal);
      this.#failure = null;
      // The first results may come any moment: short looks are taken often, long ones seldom.
      const rest = Math.min(REST, Math.max(SHORT_REST, 20 * (Date.now() - began)));
      if (this.#store === null) this.#restUntil = Date.now() + rest;
    } catch (thrown) {
      if (isAbort(thrown) || signal.aborted) throw thrown;
      const error = asInspectorError(thrown, 'looking for the result backend');
      this.#failure = error;
      this.#restUntil = Date.now() + REST;
    } finally {
      this.#looked = true;
    }
  }

  async #open(url: string, signal: AbortSignal): Promise<void> {
    const foreign = foreignBackend(url);
    if (foreign !== null) throw foreign;
    const { broker: messages, companions, key } = this.#place;
    if (companions === null) throw unavailable(withoutSecret(url));
    const broker = await companions.open(ROLE, url, signal);
    if (!isRedis(broker)) throw unavailable(withoutSecret(url));
    await broker.read([['PING']], signal);
    if (this.#store?.broker === broker) return;
    const { resultPrefix } = this.#place.options;
    const prefixes = await this.#locator.searchIn(broker, signal);
    const prefix = choosePrefix(prefixes, key, resultPrefix) ?? resultPrefixOf(resultPrefix);
    const here = broker.address === messages.address && isRedis(messages) ? messages : broker;
    this.#store = this.#made(here, prefix);
  }

  async #find(signal: AbortSignal): Promise<void> {
    const known = this.#store;
    if (known !== null) {
      // Found before, lost since: the companions open the same database anew, in place.
      if (this.#database !== null) await this.#place.companions?.database(this.#database, signal);
      await known.broker.read([['PING']], signal);
      return;
    }
    const { key, options } = this.#place;
    const told = this.#told();
    const found = await this.#placesFor(told, signal);
    const places = found.flatMap(place => {
      const prefix = choosePrefix(place.prefixes, key, options.resultPrefix);
      return prefix === null ? [] : [{ ...place, prefix }];
    });
    // Nobody's word for it: results beside messages belong to these, and one other place is taken for the backend.
    const fitting = told !== null ? places : places.filter(({ database, isBroker }) => database === null || !isBroker);
    const [only] = fitting.length === 1 ? fitting : [];
    this.#others = places.filter(place => place !== only);
    if (only === undefined) return;
    this.#store = this.#made(only.broker, only.prefix);
    this.#database = only.database;
  }

  #placesFor(told: readonly number[] | null, signal: AbortSignal): Promise<readonly Found[]> {
    if (told === null) return this.#locator.look(signal);
    return told.length > 0 ? this.#locator.lookInto(told, signal) : this.#locator.lookBeside(signal);
  }

  /** Databases of this Redis that workers name, none where they name other places; null where nobody has told. */
  #told(): readonly number[] | null {
    const named = this.#named();
    if (named.length === 0 || named.some(({ database }) => database === null)) return null;
    return [...new Set(named.flatMap(({ database }) => (typeof database === 'number' ? [database] : [])))];
  }

  /** Whether results were taken for those of this Celery, and its workers have named another place since. */
  #isRefuted(): boolean {
    if (this.#store === null || this.#place.options.results !== null) return false;
    const told = this.#told();
    const database = /\/(\d+)$/.exec(this.#store.broker.address)?.[1];
    if (told === null || database === undefined) return false;
    return told.length > 0 ? !told.includes(Number(database)) : this.#database !== null;
  }

  #made(broker: RedisBroker, prefix: string): RedisResultStore {
    const { broker: messages, key } = this.#place;
    return new RedisResultStore({ broker, prefix, installation: key, messages });
  }

  /** A broker of our own making says by itself that it was lost. */
  #isLost(): boolean {
    const broker = this.#store?.broker;
    return broker !== undefined && broker !== this.#place.broker && 'lost' in broker && broker.lost !== null;
  }

  #missing(): string {
    if (!this.#looked) return 'The result backend has not been looked for yet.';
    const { broker } = this.#place;
    if (!isRedis(broker))
      return 'Results are not kept on RabbitMQ. Name the result backend to see failed and finished tasks.';
    if (this.#others.length > 0) {
      const where = this.#others.map(place => place.broker.address);
      return `Results stand in ${names(where)}, and nothing tells whether they are of this Celery. Name its result backend.`;
    }
    const { refusal } = this.#locator;
    if (refusal !== null) return `Results cannot be looked for, since SCAN is refused (${refusal}).`;
    const far = this.#locator.whole ? '' : ' so far';
    return `No results were found in the databases of this Redis${far}. Name the result backend if there is another.`;
  }
}

function unavailable(url: string): InspectorError {
  return new InspectorError('unsupported', {
    message: 'The result backend cannot be reached from here.',
    tried: `opening the result backend ${url}`,
    answer: 'it is no Redis, or no further connections can be made',
    remedy: 'Name a Redis: redis://host:6379/1',
  });
}
