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
export function createRedisTransport(
  place: Place,
  mailbox: Mailbox,
  evidence: readonly Evidence[],
  /** `priority_steps` of configurations that workers told; null where none did. */
  toldSteps: () => readonly number[] | null,
): RedisTransport {
  if (!isRedis(place.broker)) throw new Error('This broker is no Redis.');
  return new Lists(place, place.broker, mailbox, evidence, toldSteps);
}

class Lists implements RedisTransport {
  readonly kind = 'redis';
  readonly broker: RedisBroker;
  readonly evidence: readonly Evidence[];
  readonly mailbox: Mailbox;
  readonly #reading: Reading;
  readonly #toldSteps: () => readonly number[] | null;

  constructor(
    place: Place,
    broker: RedisBroker,
    mailbox: Mailbox,
    evidence: readonly Evidence[],
    toldSteps: () => readonly number[] | null,
  ) {
    this.broker = broker;
    this.#toldSteps = toldSteps;
    this.mailbox = mailbox;
    this.evidence = evidence;
    const discovery = discoveryOf(broker);
    let met = -1;
    let told: readonly number[] | null = null;
    let steps: readonly number[] = [];
    this.#reading = {
      broker,
      place,
      prefix: place.key,
      /** The same array while nothing is added to it. */
      get steps() {
        if (met !== discovery.steps.size || String(told) !== String(toldSteps())) {
          met = discovery.steps.size;
          told = toldSteps();
          steps = stepsOf(place, discovery.steps, told);
        }
        return steps;
      },
      get separator() {
        return discovery.separator(place.key);
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

  servedListKeys(queue: string): readonly { readonly step: number; readonly key: string | Buffer }[] {
    const { place, discovery } = this.#reading;
    const served = place.options.prioritySteps ?? this.#toldSteps() ?? stepsInUse(discovery.steps);
    return this.listKeys(queue).filter(({ step }) => served.includes(step));
  }

  get separator(): string {
    return this.#reading.separator;
  }

  queueNames(signal: AbortSignal): Promise<readonly string[]> {
    return queueNames(this.#reading, signal);
  }
}

/** Those that workers told, else kombu's own, and those of which lists were met, unless a person names them. */
function stepsOf({ options }: Place, met: ReadonlySet<number>, told: readonly number[] | null): readonly number[] {
  const given = options.prioritySteps;
  if (given !== null) return given;
  const own = told ?? PRIORITY_STEPS;
  const others = [...met].filter(step => !own.includes(step));
  return others.length === 0 ? own : [...own, ...others].sort((a, b) => a - b);
}

/** Steps that workers look at for certain: kombu's own, or where others were met, these. The first list always is. */
function stepsInUse(met: ReadonlySet<number>): readonly number[] {
  const own: ReadonlySet<number> = new Set(PRIORITY_STEPS);
  return [...met].every(step => own.has(step)) ? PRIORITY_STEPS : [0, ...met];
}
