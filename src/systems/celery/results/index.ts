/** Results of Celery: found by themselves where they are in this Redis, else where a person says. */
import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import { asInspectorError, type Companion, InspectorError, isAbort } from '../../../model';
import type { CreateResults, Place, Results } from '../parts';
import { choosePrefix, resultPrefixOf } from './keys';
import { Locator } from './locate';
import { RedisResultStore } from './store';
import { foreignBackend, withoutSecret } from './urls';

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
  readonly #named: () => readonly string[];
  readonly #locator: Locator;
  #store: RedisResultStore | null = null;
  /** Where it was found in another database of the same Redis. */
  #database: number | null = null;
  #failure: InspectorError | null = null;
  /** Other places of this Redis with results. */
  #others: readonly string[] = [];
  #looked = false;
  #restUntil = 0;
  #looking: Promise<void> | null = null;

  constructor(place: Place, named: () => readonly string[]) {
    this.#place = place;
    this.#named = named;
    const { broker, companions } = place;
    this.#locator = new Locator(isRedis(broker) ? broker : null, companions);
  }

  get store(): RedisResultStore | null {
    return this.#failure === null ? this.#store : null;
  }

  get companion(): Companion {
    const named = this.#named().map(withoutSecret);
    const candidates = [...new Set([...named, ...this.#others])];
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
    const places = (await this.#locator.look(signal)).flatMap(place => {
      const prefix = choosePrefix(place.prefixes, key, options.resultPrefix);
      return prefix === null ? [] : [{ ...place, prefix }];
    });
    const [first, ...others] = places;
    this.#others = others.map(({ broker }) => `redis://${broker.address}`);
    if (first === undefined) return;
    this.#store = this.#made(first.broker, first.prefix);
    this.#database = first.database;
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
