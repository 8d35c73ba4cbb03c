import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import { type Evidence, type JobRow, knownAmount, type Overview, type Problem, type Ref } from '../../../model';
import { arrayOf, bufferOf, numberOf, plainOf, scoredOf } from '../../reading/replies';
import { unackedIndexKey } from '../keys';
import { serializerOf } from '../message/body';
import type { Message } from '../message/message';
import { readEnvelope, readEnvelopeTail } from '../message/read';
import type { CeleryContext } from '../parts';
import { unackedRef, waitingRef } from '../redis/places';
import { hashOf } from '../redis/shown';
import SCRIPT from './sample.lua';

/** Messages of each end of a list, and taken from between at random. */
const END = 100;
const RANDOM = 200;
/** Queues that are looked into, the fullest. */
const QUEUES = 20;
/** Held messages that are looked at, longest held first. */
const HELD = 500;
const WHOLE = 64 * 1024;
const ROOM = 8 * 1024 * 1024;
const TAIL = 16 * 1024;

/** A waiting message as far as rules need it. */
export interface Sampled {
  readonly ref: Ref;
  readonly id: string | null;
  readonly task: string | null;
  readonly eta: string | null;
  readonly expires: string | null;
  /** Which process published it: `gen812@web-1`; null where it does not say. */
  readonly origin: string | null;
  readonly call: string | null;
  readonly contentType: string | null;
  readonly problems: readonly Problem[];
  /** Written by a serializer that is not one of kombu's: the application may know it. */
  readonly ownSerializer: boolean;
}

export interface Sample {
  readonly queue: string;
  readonly total: number;
  /** In the order in which they are served. */
  readonly members: readonly Sampled[];
  /** Messages by priority step; empty where the broker has no such lists. */
  readonly steps: ReadonlyMap<number, number>;
  /** How it was read, for evidence. */
  readonly source: string;
}

/** What workers hold, with how long. */
export interface HeldSample {
  readonly total: number;
  readonly members: readonly (JobRow & { readonly heldSince: number | null })[];
}

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
          members: page.items.map(rowOf),
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

async function sampledOf(
  installation: string,
  queue: string,
  step: number,
  rows: readonly Reply[],
): Promise<Sampled[]> {
  const met = new Map<string, number>();
  const members: Sampled[] = [];
  for (const row of rows) {
    const [, message] = arrayOf(row);
    const bytes = bufferOf(message);
    const [length, sha, tail] = arrayOf(message);
    const end = bufferOf(tail);
    if (bytes === null && end === null) continue;
    const read = bytes === null ? readEnvelopeTail(end ?? Buffer.alloc(0), numberOf(length) ?? 0) : readEnvelope(bytes);
    if (bytes !== null && read.unpacked === null) await read.open();
    const hash = bytes === null ? (plainOf(sha) ?? '') : hashOf(bytes);
    const nth = (met.get(hash) ?? 0) + 1;
    met.set(hash, nth);
    members.push(sampledMessage(read, waitingRef(installation, { step, queue }, hash, nth, read.id), bytes !== null));
  }
  return members;
}

function sampledMessage(message: Message, ref: Ref, whole: boolean): Sampled {
  const { id, task, eta, expires, origin, callText: call, contentType } = message;
  // What a cut message lacks is no fault of it.
  const problems = whole ? message.problems : [];
  const ownSerializer = contentType !== null && serializerOf(contentType, message.body) === 'unknown';
  return { ref, id, task, eta, expires, origin, call, contentType, problems, ownSerializer };
}

const rowOf = ({ ref, id, task, dueAt, expiresAt, args, problems }: JobRow): Sampled => ({
  ref,
  id,
  task,
  eta: dueAt,
  expires: expiresAt,
  origin: null,
  call: args?.text ?? null,
  contentType: null,
  problems,
  ownSerializer: false,
});

/** Says how much was looked at; nothing where it was all. */
export function lookedAt({ members, total, source }: Sample): Evidence[] {
  return members.length >= total
    ? []
    : [
        {
          what: 'looked at',
          value: `${members.length} of ${total.toLocaleString('en-US')}: both ends and at most ${RANDOM} at random`,
          source,
        },
      ];
}

/** `at least` where not all were looked at. */
export const atLeastText = (samples: readonly Sample[]): string =>
  samples.every(({ members, total }) => members.length >= total) ? '' : 'at least ';
