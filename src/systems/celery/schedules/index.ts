import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import { asInspectorError, isAbort, type Problem, type ScheduleSummary } from '../../../model';
import type { CreateSchedules, Place } from '../parts';
import type { ScheduleSource } from '../types';
import { type FoundBeatFile, fileProblems, fileSummaries, readBeatFiles } from './file';
import { PREFIX, type RedBeat, type RedBeatEntry, readRedBeat, summariesOf } from './redbeat';

export type { FoundBeatFile, RedBeat, RedBeatEntry };

/** Periodic tasks with what acting and rules need of them. */
export interface Schedules extends ScheduleSource {
  /** RedBeat wherever it was found, as of the last look. */
  readonly redbeats: readonly RedBeat[];
  /** Files of celery beat in the open folder, as of the last look. */
  readonly files: readonly FoundBeatFile[];
  /** What could not be read, or was left out, as of the last look: for the overview. */
  readonly problems: readonly Problem[];
  /** An entry of RedBeat by the id of its schedule, as of the last look; null where it is none. */
  entry(id: string): { readonly redbeat: RedBeat; readonly entry: RedBeatEntry } | null;
  /** Also looks for RedBeat under this prefix from now on. */
  learn(prefix: string): void;
}

/** Milliseconds after which other databases are looked through again, where RedBeat was found in none. */
const AGAIN = 60_000;
/** Milliseconds after which the folder is looked through again: it may be large. */
const FOLDER_AGAIN = 30_000;
/** Other databases that are looked into. */
const DATABASES = 16;
const PREFIXES = 20;

/**
 * Schedules of an installation. RedBeat names no installation: one that is found is listed in each. It is looked for on
 * the broker, on the Redis of the option `redbeat`, on that of the results, and in other databases of the same Redis.
 */
export const createSchedules: CreateSchedules = (place): Schedules => new Found(place);

class Found implements Schedules {
  redbeats: readonly RedBeat[] = [];
  files: readonly FoundBeatFile[] = [];
  problems: readonly Problem[] = [];
  readonly #place: Place;
  readonly #prefixes: Set<string>;
  /** Databases where RedBeat was found, or that a person named. */
  #others: RedisBroker[] = [];
  #searchedAt = Number.NEGATIVE_INFINITY;
  #folderAt = Number.NEGATIVE_INFINITY;

  constructor(place: Place) {
    this.#place = place;
    this.#prefixes = new Set([PREFIX, place.options.redbeatPrefix ?? PREFIX]);
  }

  get found(): number {
    return this.redbeats.length + this.files.length;
  }

  learn(prefix: string): void {
    if (this.#prefixes.size < PREFIXES) this.#prefixes.add(prefix);
  }

  entry(id: string) {
    for (const redbeat of this.redbeats) {
      const entry = redbeat.entries.find(each => each.id === id);
      if (entry !== undefined) return { redbeat, entry };
    }
    return null;
  }

  async schedules(signal: AbortSignal): Promise<readonly ScheduleSummary[]> {
    const problems: Problem[] = [];
    const [redbeats, files] = await Promise.all([this.#redbeats(problems, signal), this.#inFolder(signal)]);
    this.redbeats = redbeats;
    this.files = files;
    this.problems = [...problems, ...redbeats.flatMap(each => each.problems), ...fileProblems(files)];
    return [...redbeats.flatMap(summariesOf), ...fileSummaries(files)];
  }

  async #inFolder(signal: AbortSignal): Promise<readonly FoundBeatFile[]> {
    const surroundings = this.#place.companions?.surroundings;
    if (surroundings === undefined || Date.now() - this.#folderAt < FOLDER_AGAIN) return this.files;
    const files = await readBeatFiles(surroundings, signal);
    this.#folderAt = Date.now();
    return files;
  }

  async #redbeats(problems: Problem[], signal: AbortSignal): Promise<RedBeat[]> {
    const { broker } = this.#place;
    const known = isRedis(broker) ? [broker, ...this.#others] : this.#others;
    const found = await this.#lookInto(known, problems, signal);
    if (found.length > 0 || Date.now() - this.#searchedAt < AGAIN) return found;
    this.#searchedAt = Date.now();
    const others = await this.#candidates(problems, signal);
    const further = await this.#lookInto(others, problems, signal);
    this.#others = [...new Set(further.map(each => each.broker))];
    return further;
  }

  async #lookInto(brokers: readonly RedisBroker[], problems: Problem[], signal: AbortSignal): Promise<RedBeat[]> {
    const looks = brokers.flatMap(broker => [...this.#prefixes].map(prefix => ({ broker, prefix })));
    const found = await Promise.all(
      looks.map(async ({ broker, prefix }) => {
        try {
          return await readRedBeat(broker, prefix, signal);
        } catch (thrown) {
          problems.push(this.#problem(thrown, signal));
          return null;
        }
      }),
    );
    return found.filter(each => each !== null);
  }

  /** Where RedBeat may be beside the broker itself; what cannot be opened is a problem only where a person named it. */
  async #candidates(problems: Problem[], signal: AbortSignal): Promise<RedisBroker[]> {
    const { broker, companions, options } = this.#place;
    if (companions === null) return [];
    if (options.redbeat !== null) {
      try {
        const opened = await companions.open('redbeat', options.redbeat, signal);
        return isRedis(opened) ? [opened] : [];
      } catch (thrown) {
        problems.push(this.#problem(thrown, signal));
        return [];
      }
    }
    try {
      if (!isRedis(broker)) {
        const opened = options.results === null ? null : await companions.open('results', options.results, signal);
        return opened !== null && isRedis(opened) ? [opened] : [];
      }
      const databases = (await companions.otherDatabases(signal)).slice(0, DATABASES);
      const opened = await Promise.all(databases.map(({ db }) => companions.database(db, signal)));
      return opened.filter(each => each !== null).filter(isRedis);
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown;
      return [];
    }
  }

  #problem(thrown: unknown, signal: AbortSignal): Problem {
    if (signal.aborted || isAbort(thrown)) throw thrown;
    return {
      part: 'schedules',
      reason: asInspectorError(thrown, 'reading the entries of RedBeat').message,
      offset: null,
    };
  }
}
