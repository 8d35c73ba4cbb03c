import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import type { Evidence, Found, JobPage, JobQuery, Looked, Ref, SearchQuery } from '../../../model';
import { goneOrForeign } from '../errors';
import { PRIORITY_STEPS } from '../keys';
import type { Place, RedisTransport, StoredElement } from '../parts';
import type { Mailbox, StoredMessage, TransportOverview } from '../types';
import { discoveryOf } from './discovery';
import { readElements } from './elements';
import { findById } from './find';
import { readOverview } from './overview';
import { unackedRef } from './places';
import { listsOf, queueNames } from './queues';
import { newMemory, type Reading } from './reading';
import { refOfElement } from './rows';
import { search } from './search';
import { storedMessage } from './stored';
import { readTakenPage } from './taken';
import { readWaitingPage } from './waiting';
import { type WalkQuery, walk } from './walk';

/** Celery's messages on one Redis database, under one key prefix. No round trip. */
export function createRedisTransport(place: Place, mailbox: Mailbox, evidence: readonly Evidence[]): RedisTransport {
  if (!isRedis(place.broker)) throw new Error('This broker is no Redis.');
  return new Lists(place, place.broker, mailbox, evidence);
}

class Lists implements RedisTransport {
  readonly kind = 'redis';
  readonly broker: RedisBroker;
  readonly evidence: readonly Evidence[];
  readonly mailbox: Mailbox;
  readonly #reading: Reading;

  constructor(place: Place, broker: RedisBroker, mailbox: Mailbox, evidence: readonly Evidence[]) {
    this.broker = broker;
    this.mailbox = mailbox;
    this.evidence = evidence;
    const discovery = discoveryOf(broker);
    let met = -1;
    let steps: readonly number[] = [];
    this.#reading = {
      broker,
      place,
      prefix: place.key,
      /** The same array while nothing is added to it. */
      get steps() {
        if (met !== discovery.steps.size) {
          met = discovery.steps.size;
          steps = stepsOf(place, discovery.steps);
        }
        return steps;
      },
      discovery,
      memory: newMemory(),
    };
  }

  overview(signal: AbortSignal): Promise<TransportOverview> {
    return readOverview(this.#reading, signal);
  }

  page(query: JobQuery, signal: AbortSignal): Promise<JobPage> {
    const size = Math.max(1, Math.min(1000, Math.floor(query.size)));
    return query.state === 'taken'
      ? readTakenPage(this.#reading, query, size, signal)
      : readWaitingPage(this.#reading, query, size, signal);
  }

  async message(ref: Ref, signal: AbortSignal): Promise<StoredMessage> {
    const [element] = await this.elements([ref], signal);
    if (element == null) throw goneOrForeign(ref);
    return storedMessage(this.#reading, element);
  }

  async find(id: string, queue: string | null, signal: AbortSignal): Promise<readonly StoredMessage[]> {
    const { held, waiting } = await findById(this.#reading, id, queue, signal);
    const { key } = this.#reading.place;
    const refs = [...held.map(({ tag }) => unackedRef(key, tag)), ...waiting.map(each => refOfElement(key, each))];
    const elements = refs.length === 0 ? [] : await this.elements(refs, signal);
    return Promise.all(elements.flatMap(element => (element === null ? [] : [storedMessage(this.#reading, element)])));
  }

  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked> {
    return search(this.#reading, query, signal);
  }

  elements(refs: readonly Ref[], signal: AbortSignal): Promise<readonly (StoredElement | null)[]> {
    return readElements(this.#reading, refs, signal);
  }

  walk(query: WalkQuery, signal: AbortSignal): AsyncIterable<readonly StoredElement[]> {
    return walk(this.#reading, query, signal);
  }

  listKeys(queue: string): readonly { readonly step: number; readonly key: string | Buffer }[] {
    return listsOf(this.#reading, queue);
  }

  queueNames(signal: AbortSignal): Promise<readonly string[]> {
    return queueNames(this.#reading, signal);
  }
}

/** kombu's own steps and those of which lists were met, unless a person names them (`priority_steps`). */
function stepsOf({ options }: Place, met: ReadonlySet<number>): readonly number[] {
  const given = options.prioritySteps;
  if (given !== null) return given;
  const own: ReadonlySet<number> = new Set(PRIORITY_STEPS);
  const others = [...met].filter(step => !own.has(step));
  return others.length === 0 ? PRIORITY_STEPS : [...PRIORITY_STEPS, ...others].sort((a, b) => a - b);
}
