import type { RedisBroker } from '../../../brokers/redis/port';
import type { Broker, Count, Found, JobPage, JobQuery, JobRow, Looked, SearchQuery, State } from '../../../model';
import { atLeast, exactly, InspectorError, unknown } from '../../../model';
import type { ResultStore, TaskResult } from '../types';
import { type Chord, readChord, readGroup, type SavedGroup } from './groups';
import { Indexing } from './indexing';
import { Keys } from './keys';
import { Memory } from './memory';
import { type Reading, RowCache, readPage, readRows, resultOf } from './page';
import { searchResults } from './search';
import { RESULT_STATES } from './status';
import { PAGE_BEGINNING, readValues } from './values';

export interface StoreParts {
  readonly broker: RedisBroker;
  /** In front of `celery-task-meta-`. */
  readonly prefix: string;
  /** Key of the installation, for refs. */
  readonly installation: string;
  /** The broker of the messages. */
  readonly messages: Broker;
}

/** Results in one database of a Redis. */
export class RedisResultStore implements ResultStore {
  readonly broker: RedisBroker;
  readonly prefix: string;
  /** Whether results stand in the very database of the messages, so that one script can change both. */
  readonly sameDatabase: boolean;
  readonly #keys: Keys;
  readonly #reading: Reading;

  constructor({ broker, prefix, installation, messages }: StoreParts) {
    this.broker = broker;
    this.prefix = prefix;
    this.sameDatabase = broker === messages;
    this.#keys = new Keys(prefix);
    const memory = new Memory();
    const indexing = new Indexing({ broker, keys: this.#keys, memory });
    this.#reading = { broker, keys: this.#keys, memory, indexing, installation, rows: new RowCache() };
  }

  /** Exact key of a task's result. */
  key(id: string): Buffer {
    return this.#keys.task(id);
  }

  /** Results in the index. */
  get size(): number {
    return this.#reading.memory.size;
  }

  /** When all had been looked at last, in milliseconds since the epoch; null = not yet. */
  get completedAt(): number | null {
    return this.#reading.indexing.completedAt;
  }

  /** How far a first look is. */
  get looked(): Looked {
    return this.#reading.indexing.looked;
  }

  counts(): Readonly<Partial<Record<State, Count>>> {
    const { memory, indexing } = this.#reading;
    if (indexing.completedAt !== null) return memory.counts(exactly);
    if (memory.size > 0) return memory.counts(atLeast);
    const reason = 'The results have not been looked through yet.';
    return Object.fromEntries(RESULT_STATES.map(state => [state, unknown(reason)]));
  }

  page(query: JobQuery, signal: AbortSignal): Promise<JobPage> {
    return this.#own(readPage(this.#reading, query, signal));
  }

  async get(id: string, signal: AbortSignal): Promise<TaskResult | null> {
    const [value] = await readValues(
      this.broker,
      [this.key(id)],
      { beginning: SINGLE_BEGINNING, whole: SINGLE },
      signal,
    );
    return value == null ? null : resultOf(id, value);
  }

  async many(ids: readonly string[], signal: AbortSignal): Promise<readonly (TaskResult | null)[]> {
    if (ids.length === 0) return [];
    const keys = ids.map(id => this.key(id));
    const values = await this.#own(readValues(this.broker, keys, { beginning: PAGE_BEGINNING }, signal));
    return Promise.all(values.map((value, i) => (value === null ? null : resultOf(ids[i]!, value))));
  }

  async row(id: string, signal: AbortSignal): Promise<JobRow | null> {
    const [row] = await this.rows([id], signal);
    return row ?? null;
  }

  /** Rows of many, as they stand now; null = gone. */
  rows(ids: readonly string[], signal: AbortSignal): Promise<readonly (JobRow | null)[]> {
    return this.#own(readRows(this.#reading, ids, { beginning: PAGE_BEGINNING, ttl: true }, signal));
  }

  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked> {
    return searchResults(this.#reading, query, signal);
  }

  complete(signal: AbortSignal): AsyncIterable<Looked> {
    return this.#reading.indexing.complete(signal);
  }

  /**
   * Nothing where results stand with the messages, else one command that tells whether their broker is still there: rows
   * in sight are read anew by their pages, and what is new comes with the next lap of `complete`.
   */
  async refresh(signal: AbortSignal): Promise<void> {
    if (!this.sameDatabase) await this.#own(this.broker.read([['DBSIZE']], signal));
  }

  /** Members of a group that was saved; null where it was not, or has expired. */
  group(id: string, signal: AbortSignal): Promise<SavedGroup | null> {
    return this.#own(readGroup(this.broker, this.#keys, id, signal));
  }

  /** A chord that waits for parts of a group; null where none does. */
  chord(group: string, signal: AbortSignal): Promise<Chord | null> {
    return this.#own(readChord(this.broker, this.#keys, group, signal));
  }

  /** All ids of a state as the index has them, newest first, for what acts on all of them; at most `limit`. */
  *ids(state: State, queue: string | null, limit = Number.POSITIVE_INFINITY): Generator<string, void> {
    const { memory } = this.#reading;
    let from: { date: number; id: string } | null = null;
    for (let left = limit; left > 0; ) {
      const part: { date: number; id: string }[] = [];
      for (const slot of memory.after(state, from, queue)) {
        part.push({ date: memory.table.dateOf(slot), id: memory.table.idOf(slot) });
        if (part.length >= Math.min(STEP, left)) break;
      }
      if (part.length === 0) return;
      left -= part.length;
      from = part.at(-1) ?? null;
      for (const { id } of part) yield id;
    }
  }

  /** A lost result backend is no loss of the messages' broker: it must not be taken for one. */
  async #own<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (thrown) {
      if (this.sameDatabase || !(thrown instanceof InspectorError) || thrown.code !== 'connection-lost') throw thrown;
      throw new InspectorError(
        'unreachable',
        {
          message: `The result backend ${this.broker.address} has gone: ${thrown.message}`,
          tried: thrown.tried,
          answer: thrown.answer,
          remedy: 'It is opened again by itself at the next look.',
        },
        { cause: thrown },
      );
    }
  }

  /** A result that was deleted or written by us: the index knows at once. */
  async changed(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await readRows(this.#reading, ids, { beginning: PAGE_BEGINNING }, signal);
  }
}

const STEP = 1000;
/** A single result is read whole up to so many bytes, so many of them in the first round trip. */
const SINGLE = 32 * 1024 * 1024;
const SINGLE_BEGINNING = 64 * 1024;
