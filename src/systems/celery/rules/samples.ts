import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import { knownAmount, type Overview } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { arrayOf, numberOf, scoredOf } from '../../reading/replies';
import { unackedIndexKey } from '../keys';
import type { CeleryContext } from '../parts';
import { unackedRef } from '../redis/places';
import SCRIPT from './sample.lua';
import { END, type HeldSample, RANDOM, type Sample, type Sampled, sampledOf, sampledRow } from './sampled';

/** Queues that are looked into, the fullest. */
const QUEUES = 20;
/** Held messages that are looked at, longest held first. */
const HELD = 500;
const WHOLE = 64 * 1024;
const ROOM = 8 * 1024 * 1024;
const TAIL = 16 * 1024;

/**
 * Waiting messages: all of a short queue; of a longer one both ends and a random 200. What workers hold: the 500 held
 * longest. Each is read once, whatever the number of rules that look at it.
 */
export class Samples {
  readonly #celery: CeleryContext;
  readonly #redis: RedisBroker | null;
  readonly #overview: Overview;
  readonly #signal: AbortSignal;
  #waiting: Promise<readonly Sample[] | string> | null = null;
  #held: Promise<HeldSample> | null = null;

  constructor(celery: CeleryContext, redis: RedisBroker | null, overview: Overview, signal: AbortSignal) {
    this.#celery = celery;
    this.#redis = redis;
    this.#overview = overview;
    this.#signal = signal;
  }

  /** Of the fullest queues; a text says why none can be looked at. */
  waiting(): Promise<readonly Sample[] | string> {
    this.#waiting ??= this.#redis === null ? this.#rows() : this.#lists(this.#redis);
    return this.#waiting;
  }

  /** What `unacked` holds; Redis only. */
  held(): Promise<HeldSample> {
    this.#held ??= this.#unacked();
    return this.#held;
  }

  get #queues(): string[] {
    const filled = this.#overview.queues.filter(({ counts }) => knownAmount(counts.waiting) > 0);
    return filled
      .sort((a, b) => knownAmount(b.counts.waiting) - knownAmount(a.counts.waiting))
      .slice(0, QUEUES)
      .map(({ name }) => name);
  }

  async #lists(redis: RedisBroker): Promise<readonly Sample[]> {
    const { redis: transport, key: installation } = this.#celery;
    const queues = this.#queues.map(name => ({ name, lists: transport?.listKeys(name) ?? [] }));
    const scripted = redis.server.mode !== 'cluster' && redis.server.atLeast('7.0') && redis.may('EVAL_RO') === true;
    const replies = scripted
      ? await this.#scripted(
          redis,
          queues.map(({ lists }) => lists.map(({ key }) => key)),
        )
      : null;
    const samples: Sample[] = [];
    for (const [index, { name, lists }] of queues.entries()) {
      const reply = replies?.[index];
      const read =
        reply === undefined || isFailure(reply)
          ? await this.#stepwise(
              redis,
              lists.map(({ key }) => key),
            )
          : arrayOf(reply).map(list => arrayOf(list));
      const steps = new Map<number, number>();
      const members: Sampled[] = [];
      for (const [n, [length, ...rows]] of read.entries()) {
        const step = lists[n]?.step ?? 0;
        const total = numberOf(length) ?? 0;
        if (total > 0) steps.set(step, total);
        members.push(...(await sampledOf(installation, name, step, rows)));
      }
      const total = [...steps.values()].reduce((sum, each) => sum + each, 0);
      samples.push({ queue: name, total, members, steps, source: `LRANGE ${installation}${name}` });
    }
    return samples;
  }

  #scripted(redis: RedisBroker, lists: readonly (readonly (string | Buffer)[])[]): Promise<readonly Reply[]> {
    const places = Array.from({ length: RANDOM }, () => Math.floor(Math.random() * 1_000_000));
    const source = SCRIPT.replaceAll(/^ *--.*\n/gm, '');
    const room = Math.floor(ROOM / Math.max(1, lists.length));
    return redis.read(
      lists.map((keys): Command => ['EVAL_RO', source, keys.length, ...keys, END, WHOLE, room, TAIL, ...places]),
      this.#signal,
    );
  }

  /** The same where scripts are not allowed: fewer of a list whose messages are long. */
  async #stepwise(redis: RedisBroker, keys: readonly (string | Buffer)[]): Promise<Reply[][]> {
    const facts = await redis.read(
      keys.flatMap((key): Command[] => [
        ['LLEN', key],
        ['MEMORY', 'USAGE', key, 'SAMPLES', 20],
      ]),
      this.#signal,
    );
    const plans = keys.map((key, i) => {
      const length = numberOf(facts[i * 2]) ?? 0;
      const average = Math.max(64, (numberOf(facts[i * 2 + 1]) ?? 0) / Math.max(1, length));
      const size = Math.max(1, Math.min(END, Math.floor(ROOM / average / keys.length / 2)));
      return { key, length, size };
    });
    const replies = await redis.read(
      plans.flatMap(({ key, length, size }): Command[] => [
        ['LRANGE', key, -size, -1],
        ['LRANGE', key, 0, Math.min(size, Math.max(0, length - size)) - 1],
      ]),
      this.#signal,
    );
    return plans.map(({ length, size }, i) => {
      const next = [...arrayOf(replies[i * 2])].reverse();
      const last = length <= size ? [] : [...arrayOf(replies[i * 2 + 1])].reverse();
      const rows = [
        ...next.map((message, rank): Reply => [rank, message]),
        ...last.map((message, n): Reply => [length - last.length + n, message]),
      ];
      return [length, ...rows];
    });
  }

  /** Where messages are only seen when somebody looks: the rows of the last look. */
  async #rows(): Promise<readonly Sample[] | string> {
    const samples: Sample[] = [];
    let why: string | null = null;
    for (const queue of this.#queues) {
      const query = { queue, state: 'waiting', cursor: null, size: 2 * END + RANDOM } as const;
      const page = await this.#celery.page(query, this.#signal);
      if (page.withheld !== null) why ??= 'waiting messages were not looked at';
      else {
        samples.push({
          queue,
          total: Math.max(knownAmount(page.total), page.items.length),
          members: page.items.map(sampledRow),
          steps: new Map(),
          source: `basic.get ${queue}, as of the last look`,
        });
      }
    }
    return samples.length === 0 && why !== null ? why : samples;
  }

  async #unacked(): Promise<HeldSample> {
    const { key } = this.#celery;
    const redis = this.#redis;
    if (redis === null) return { total: 0, members: [] };
    const query = { queue: null, state: 'taken', cursor: null, size: HELD } as const;
    const [index, page] = await Promise.all([
      redis.read([['ZRANGE', unackedIndexKey(key), 0, HELD - 1, 'WITHSCORES']], this.#signal),
      this.#celery.transport.page(query, this.#signal),
    ]);
    const since = new Map(scoredOf(index[0]).map(({ member, score }) => [unackedRef(key, member), score * 1000]));
    return {
      total: knownAmount(page.total),
      members: page.items.map(row => ({ ...row, heldSince: since.get(row.ref) ?? null })),
    };
  }
}

/** @throws NotCheckable where waiting messages cannot be seen */
export async function samplesOf({ samples }: { readonly samples: Samples }): Promise<readonly Sample[]> {
  const read = await samples.waiting();
  if (typeof read === 'string') throw new NotCheckable(read);
  return read;
}
