import { commandsOf } from '../../../brokers/redis/commands';
import type { RedisBroker } from '../../../brokers/redis/port';
import type { ItemOutcome } from '../../../model';
import { NO_LONGER_THERE, outcome } from '../../acting/work';
import { JOB_PREFIX, SCHEDULED_JOBS, type Structure } from '../keys';
import { isEnded, neededElsewhere } from '../native';
import { SCRIPTS } from './actions';
import source from './destroy.lua';
import { answersOf } from './relocate';
import { restoring, type SavedJob, saveJobs } from './saved-jobs';
import { type Latin1, readable, wire } from './undo';
import type { Walk } from './walk';
import type { Batch, Did, Item, Work } from './work';

/** Bytes that one step saves and destroys at most; a larger single job is a step of its own. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Saving reads more than it writes: steps stay below this. */
const STEP_JOBS = 100;
export const CHANGED = 'it changed meanwhile';
/** A job that rq-scheduler repeats has one hash for its schedule and its last run. */
const ON_SCHEDULE = 'it is on the schedule of rq-scheduler, which would lose it: remove it there';

/** Commands that destroying needs. */
export const DESTROY_NEEDS: readonly string[] = [...SCRIPTS, ...commandsOf(source)];

/** One thing to destroy, as destroy.lua takes it. */
export interface Doomed {
  readonly from: readonly [kind: 'zset' | 'list' | 'set' | 'none', key: Latin1, member: Latin1, score: string];
  readonly forbid: readonly string[];
  readonly keys: readonly { readonly key: Latin1; readonly digest: string }[];
  readonly leave: readonly { readonly key: Latin1; readonly member: Latin1 }[];
}

export type Doom = 0 | 1 | string;

/** Destroys each thing that is still as it was saved. */
export async function destroy(
  broker: RedisBroker,
  name: string,
  things: readonly Doomed[],
  record: string,
  signal: AbortSignal,
): Promise<readonly Doom[]> {
  const keys: Latin1[] = [];
  const numbers = new Map<Latin1, number>();
  const number = (key: Latin1): number => {
    const known = numbers.get(key) ?? keys.push(key);
    numbers.set(key, known);
    return known;
  };
  const items = things.map(thing => ({
    from: [thing.from[0], number(thing.from[1]), thing.from[2], thing.from[3]],
    forbid: thing.forbid,
    keys: thing.keys.map(({ key, digest }) => [number(key), digest]),
    leave: thing.leave.map(({ key, member }) => [number(key), member]),
  }));
  const reply = await broker.run(
    { script: { name, source }, keys: keys.map(wire), args: [wire(JSON.stringify(items))], record },
    signal,
  );
  return answersOf<Doom>(reply);
}

export interface DestroyOptions {
  /** For messages: `rq delete`. */
  readonly name: string;
  readonly clockOffset: number;
  /** Ids that a live worker runs right now. */
  readonly running: ReadonlySet<string>;
}

/** Jobs of one structure, saved and then destroyed, in steps. */
export class DestroyWork implements Work {
  readonly total: number;
  readonly #broker: RedisBroker;
  readonly #walk: Walk;
  readonly #options: DestroyOptions;
  #again: Item[] = [];

  constructor(broker: RedisBroker, walk: Walk, total: number, options: DestroyOptions) {
    this.#broker = broker;
    this.#walk = walk;
    this.total = total;
    this.#options = options;
  }

  async next(size: number, signal: AbortSignal): Promise<Batch | null> {
    const second = this.#again.length > 0;
    const items = second ? this.#again.splice(0) : await this.#fitting(Math.min(size, STEP_JOBS), signal);
    if (items.length === 0) return null;
    const beside = second ? undefined : this.#walk.beside(items);
    const saved = await saveJobs(this.#broker, this.#walk.place, items, this.#options.clockOffset, signal, beside);
    const scheduled = await onSchedule(this.#broker, this.#walk.place.structure, items, signal);
    const refused = new Map(saved.flatMap(job => this.#refusal(job, scheduled)));
    const left = withoutDestroyedParents(saved.filter(job => !refused.has(job.item)));
    return {
      subjects: left.map(({ item }) => readable(item.id)),
      refs: left.map(({ item }) => item.ref),
      undo: left.map(job => restoring(job, readable(job.item.id))),
      outcomes: [...refused].map(([item, reason]) =>
        outcome({ id: readable(item.id), ref: item.ref }, 'refused', reason),
      ),
      weight: left.length,
      run: (record, during) => this.#run(left, record, during),
    };
  }

  settle(did: Did): void {
    if (did.again !== undefined) this.#again.push(...did.again.map(item => ({ ...item, second: true })));
  }

  /** As many of the next ids as their payloads allow in one step. */
  async #fitting(size: number, signal: AbortSignal): Promise<Item[]> {
    const items = await this.#walk.next(size, signal);
    const fields = ['data', 'exc_info', 'result', 'meta'];
    const sizes = await this.#broker.read(
      items.flatMap(({ id }) => fields.map(field => ['HSTRLEN', wire(JOB_PREFIX + id), field] as const)),
      signal,
    );
    let bytes = 0;
    const end = items.findIndex((_, index) => {
      for (let at = 0; at < fields.length; at++) bytes += Number(sizes[index * fields.length + at]) || 0;
      return bytes > STEP_BYTES && index > 0;
    });
    if (end < 0) return items;
    this.#walk.putBack(items.slice(end));
    return items.slice(0, end);
  }

  #refusal(job: SavedJob, scheduled: ReadonlySet<Item>): [Item, string][] {
    if (job.problem !== null) return [[job.item, job.problem]];
    if (scheduled.has(job.item)) return [[job.item, ON_SCHEDULE]];
    const runs = this.#walk.place.structure === 'wip' || this.#options.running.has(readable(job.item.id));
    return runs ? [[job.item, 'it runs: stop it first']] : [];
  }

  async #run(jobs: readonly SavedJob[], record: string, signal: AbortSignal): Promise<Did> {
    if (jobs.length === 0) return { outcomes: [], undo: [] };
    const forbid = neededElsewhere(this.#walk.place.structure);
    const things = jobs.map(
      ({ from, keys, leave, item }): Doomed => ({
        from,
        forbid,
        keys,
        leave: leave.map(({ key }) => ({ key, member: item.id })),
      }),
    );
    const answers = await destroy(this.#broker, this.#options.name, things, record, signal);
    const outcomes: ItemOutcome[] = [];
    const again: Item[] = [];
    jobs.forEach(({ item }, index) => {
      const answer = answers[index];
      const about = { id: readable(item.id), ref: item.ref };
      if (answer === 1) outcomes.push(outcome(about, 'done', null));
      else if (answer === 0) outcomes.push(outcome(about, 'gone', NO_LONGER_THERE));
      else if (answer === 'changed' && item.second !== true) again.push(item);
      else
        outcomes.push(
          outcome(
            about,
            'refused',
            answer === 'changed' ? CHANGED : (answer ?? 'the script did not say what became of it'),
          ),
        );
    });
    return { outcomes, undo: [], again };
  }
}

/**
 * Of a job and one that waits for it, both destroyed in one step, the first goes with its whole set of dependents, and
 * comes back with it. So the second leaves no set: undo may bring it back before the first.
 */
function withoutDestroyedParents(jobs: readonly SavedJob[]): SavedJob[] {
  const going = new Set(jobs.map(({ item }) => item.id));
  return jobs.map(job => {
    const leave = job.leave.filter(({ parent }) => parent === null || !going.has(parent));
    return leave.length === job.leave.length ? job : { ...job, leave };
  });
}

/** Of jobs that have ended, those that rq-scheduler will enqueue again. */
async function onSchedule(
  broker: RedisBroker,
  structure: Structure,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<ReadonlySet<Item>> {
  if (!isEnded(structure)) return new Set();
  const scores = await broker.read(
    items.map(({ id }) => ['ZSCORE', SCHEDULED_JOBS, wire(id)] as const),
    signal,
  );
  return new Set(items.filter((_, index) => Buffer.isBuffer(scores[index])));
}
