import { commandsOf } from '../../../brokers/redis/commands';
import type { RedisBroker } from '../../../brokers/redis/port';
import type { ItemOutcome, RedisGuard, RedisOperation, UndoUnit } from '../../../model';
import { NO_LONGER_THERE, outcome } from '../../acting/work';
import { JOB_PREFIX, QUEUES, type RqPlace } from '../keys';
import { isList } from '../places';
import { SCRIPTS } from './actions';
import { type Neighbours, neighboursOf } from './neighbours';
import source from './relocate.lua';
import { base64, type Latin1, readable, TAKEN, unit, wire, wireAll } from './undo';
import { keyOf, type Walk } from './walk';
import { type Batch, type Did, type Item, ONLY_ITS_ID, type Work } from './work';

/** Commands that a relocation needs. */
export const RELOCATE_NEEDS: readonly string[] = [...SCRIPTS, ...commandsOf(source)];

/** Where jobs go and what becomes of their hashes; see relocate.lua. */
export interface Relocation {
  /** For messages of the driver: `rq retry`. */
  readonly name: string;
  /** Structure that they go to; null = nowhere, only the hash stays. */
  readonly to: { readonly place: RqPlace; readonly end: 'head' | 'tail' } | null;
  /** Score in a sorted set. */
  readonly score?: string;
  readonly stay?: boolean;
  /** An id that was enqueued several times is taken out of a list, and put into another, as often as it stands there. */
  readonly every?: true;
  readonly allow: readonly string[];
  readonly set: readonly (readonly [field: string, value: Latin1])[];
  readonly drop: readonly string[];
  /** `waiting`: the hash loses its expiry, or gets its ttl. */
  readonly expiry: 'waiting' | 'leave';
  /** False where nothing can be taken back. */
  readonly undoable?: false;
  /** The old expiry is the score of the registry left, as for failed jobs; saves asking for it. */
  readonly expiryIsScore?: boolean;
}

/** Chosen jobs whose neighbours in a list are looked up one by one. */
const LOOKED_UP = 50;

/** Jobs of which each is looked for in the whole list: more would take time that grows with their square. */
const EVERY = 1000;

type Answer = 0 | -1 | string | readonly [place: string | number, expiry: number, ...old: (string | false)[]];

/** Jobs of one structure going to another in steps. */
export class RelocationWork implements Work {
  readonly total: number;
  readonly #broker: RedisBroker;
  readonly #walk: Walk;
  readonly #plan: Relocation;
  readonly #parents: ((items: readonly Item[], signal: AbortSignal) => Promise<readonly (readonly Latin1[])[]>) | null;

  /** @param parents sets of dependents that each job has to leave, for deferred ones */
  constructor(
    broker: RedisBroker,
    walk: Walk,
    total: number,
    plan: Relocation,
    parents: ((items: readonly Item[], signal: AbortSignal) => Promise<readonly (readonly Latin1[])[]>) | null = null,
  ) {
    this.#broker = broker;
    this.#walk = walk;
    this.total = total;
    this.#plan = plan;
    this.#parents = parents;
  }

  async next(size: number, signal: AbortSignal): Promise<Batch | null> {
    const items = await this.#walk.next(size, signal);
    if (items.length === 0) return null;
    const parents = this.#parents === null ? [] : await this.#parents(items, signal);
    const beside = await this.#beside(items, signal);
    return {
      subjects: items.map(item => readable(item.id)),
      refs: items.map(item => item.ref),
      undo: [],
      outcomes: [],
      weight: items.length,
      run: (record, during) => this.#run(items, parents, beside, record, during),
    };
  }

  /** What stands beside jobs of a list, so that undo finds their place again. Of many chosen ones that is too dear. */
  async #beside(items: readonly Item[], signal: AbortSignal): Promise<readonly Neighbours[]> {
    const { place } = this.#walk;
    if (!isList(place.structure) || this.#plan.undoable === false) return [];
    const known = this.#walk.beside(items);
    if (known !== undefined || this.total > LOOKED_UP) return known ?? [];
    return neighboursOf(this.#broker, keyOf(place), items, signal);
  }

  async #run(
    items: readonly Item[],
    parents: readonly (readonly Latin1[])[],
    beside: readonly Neighbours[],
    record: string,
    signal: AbortSignal,
  ): Promise<Did> {
    const plan = this.#plan;
    const from = this.#walk.place;
    const sourceKey = wire(keyOf(from));
    const targetKey = plan.to === null ? sourceKey : wire(keyOf(plan.to.place));
    const keys = [sourceKey, targetKey, QUEUES, ...wireAll(items.map(item => JOB_PREFIX + item.id))];
    const unlink: number[] = [];
    parents.forEach((sets, index) => {
      for (const set of sets) unlink.push(index + 1, keys.push(wire(set)));
    });
    const keep = keptFields(plan);
    const pttl = plan.expiry === 'waiting' && plan.expiryIsScore !== true;
    const toList = plan.to !== null && isList(plan.to.place.structure);
    const options = {
      from: isList(from.structure) ? 'list' : 'zset',
      stay: plan.stay === true,
      every: plan.every === true && this.total <= EVERY,
      to: plan.to === null ? 'none' : toList ? plan.to.end : 'zset',
      score: plan.score ?? 'same',
      queue: toList && plan.to !== null ? keyOf(plan.to.place) : '',
      allow: plan.allow,
      set: plan.set.flat(),
      drop: plan.drop,
      keep: keep.slice(1),
      expiry: plan.expiry,
      pttl,
      unlink,
    };
    const reply = await this.#broker.run(
      {
        script: { name: plan.name, source },
        keys,
        args: [wire(JSON.stringify(options)), ...wireAll(items.map(item => item.id))],
        record,
      },
      signal,
    );
    const answers = answersOf<Answer>(reply);
    return this.#read(items, answers, parents, beside, keep, pttl);
  }

  #read(
    items: readonly Item[],
    answers: readonly Answer[],
    parents: readonly (readonly Latin1[])[],
    beside: readonly Neighbours[],
    keep: readonly string[],
    pttl: boolean,
  ): Did {
    const outcomes: ItemOutcome[] = [];
    const undo: UndoUnit[] = [];
    const now = Date.now();
    items.forEach((item, index) => {
      const answer = answers[index] ?? 'the script did not say what became of it';
      const id = readable(item.id);
      if (answer === 0) outcomes.push(outcome({ id, ref: item.ref }, 'gone', NO_LONGER_THERE));
      else if (answer === -1) outcomes.push(outcome({ id, ref: item.ref }, 'refused', ONLY_ITS_ID));
      else if (typeof answer === 'string') {
        // Whether a list still holds an id is too dear to look up; one with another status has left it.
        const left = answer.startsWith('its status is ') && isList(this.#walk.place.structure);
        outcomes.push(outcome({ id, ref: item.ref }, left ? 'gone' : 'refused', answer));
      } else {
        outcomes.push(outcome({ id, ref: item.ref }, 'done', null));
        if (this.#plan.undoable === false) return;
        const expireAt = pttl ? expiryAt(answer[1], now) : null;
        undo.push(this.#back(item, id, answer, keep, parents[index] ?? [], beside[index], expireAt));
      }
    });
    return { outcomes, undo };
  }

  /** Takes back what still waits where it was put. */
  #back(
    item: Item,
    subject: string,
    [stood, taken, ...old]: Exclude<Answer, number | string>,
    keep: readonly string[],
    parents: readonly Latin1[],
    beside: Neighbours | undefined,
    expireAt: number | null,
  ): UndoUnit {
    const plan = this.#plan;
    const job = base64(JOB_PREFIX + item.id);
    const member = base64(item.member);
    const guards: RedisGuard[] = [];
    const operations: RedisOperation[] = [];
    if (plan.to !== null) {
      const key = base64(keyOf(plan.to.place), true);
      const list = isList(plan.to.place.structure);
      guards.push(
        list
          ? { kind: 'in-list', key, value: member, refusal: TAKEN }
          : { kind: 'in-zset', key, member, refusal: TAKEN },
      );
      const times = typeof stood === 'number' ? Math.max(1, stood) : 1;
      operations.push(
        ...(list
          ? Array.from({ length: times }, () => ({ kind: 'lrem', key, value: member }) as const)
          : [{ kind: 'zrem', key, member } as const]),
      );
    }
    for (const [field, value] of plan.set) {
      guards.push({
        kind: 'field-is',
        key: job,
        field: base64(field, true),
        value: base64(value, true),
        refusal: TAKEN,
      });
    }
    if (plan.stay !== true) {
      const key = base64(keyOf(this.#walk.place), true);
      const insert: RedisOperation = {
        kind: 'insert',
        key,
        value: member,
        before: (beside?.before ?? []).map(each => base64(each)),
        after: (beside?.after ?? []).map(each => base64(each)),
        otherwise: 'head',
      };
      operations.push(
        ...(typeof stood === 'string'
          ? [{ kind: 'zadd', key, member, score: stood } as const]
          : Array.from({ length: stood }, () => insert)),
      );
    }
    const back: (readonly [string, string])[] = [];
    const absent: string[] = [];
    keep.forEach((field, index) => {
      const value = old[index];
      if (typeof value === 'string') back.push([base64(field, true), base64(value, field === 'status')]);
      else absent.push(base64(field, true));
    });
    if (back.length > 0) operations.push({ kind: 'hset', key: job, fields: back });
    if (absent.length > 0) operations.push({ kind: 'hdel', key: job, fields: absent });
    for (const set of parents) operations.push({ kind: 'sadd', key: base64(set), member: base64(item.id) });
    const at = plan.expiryIsScore === true && taken === 1 ? Math.round(Number(stood) * 1000) : expireAt;
    if (at !== null && at > 0 && Number.isFinite(at)) operations.push({ kind: 'expire-at', key: job, at });
    return unit(subject, guards, operations);
  }
}

function expiryAt(pttl: number, now: number): number | null {
  return pttl > 0 ? now + pttl : null;
}

/** Fields of a job's hash that undo puts back, the status first. */
function keptFields(plan: Relocation): string[] {
  return [...new Set(['status', ...plan.set.map(([field]) => field), ...plan.drop])];
}

/** A script's answer: JSON whose texts hold one character a byte. */
export function answersOf<T>(reply: unknown): readonly T[] {
  const parsed: unknown = Buffer.isBuffer(reply) ? JSON.parse(reply.toString('latin1')) : [];
  return Array.isArray(parsed) ? (parsed as T[]) : [];
}
