import type { Command, RedisBroker, Reply } from '../../../brokers/redis/port';
import type { RedisGuard, RedisOperation, UndoUnit } from '../../../model';
import { JOB_PREFIX, type RqPlace } from '../keys';
import { isList } from '../places';
import { type Neighbours, neighboursOf } from './neighbours';
import { type KeyType, type SavedKey, savedField, saveKeys } from './saved';
import { base64, EXPIRED, IN_USE, type Latin1, latin1, readable, unit, wire } from './undo';
import { keyOf } from './walk';
import type { Item } from './work';

/** Everything that deleting a job takes away, as it stood. */
export interface SavedJob {
  readonly item: Item;
  /** The hash first; then what hangs on it. */
  readonly keys: readonly SavedKey[];
  /** The score of a zset; of a list, how often it stands there. */
  readonly from: readonly [kind: 'zset' | 'list' | 'none', key: Latin1, member: Latin1, score: string];
  /** Sets of which it ceases to be a member: dependents of its parents, its group. */
  readonly leave: readonly { readonly key: Latin1; readonly parent: Latin1 | null; readonly status: Buffer | null }[];
  readonly before: readonly Latin1[];
  readonly after: readonly Latin1[];
  /** Why it cannot be destroyed. */
  readonly problem: string | null;
}

/** Keys of a job by their types (WIRE: rq/job.py, rq/results.py, rq/executions.py). */
function keysOf(id: Latin1): readonly (readonly [Latin1, KeyType])[] {
  return [
    [`rq:job:${id}`, 'hash'],
    [`rq:job:${id}:dependents`, 'set'],
    [`rq:job::${id}:dependencies`, 'set'],
    [`rq:results:${id}`, 'stream'],
    [`rq:executions:${id}`, 'zset'],
  ];
}

/**
 * Reads exact copies of jobs and of their places; a few round trips, whatever their number.
 * @param beside what stands beside each in a list, where that is known already
 */
export async function saveJobs(
  broker: RedisBroker,
  place: RqPlace,
  items: readonly Item[],
  clockOffset: number,
  signal: AbortSignal,
  beside?: readonly Neighbours[],
): Promise<SavedJob[]> {
  const wanted = items.map(item => keysOf(item.id));
  const width = wanted[0]?.length ?? 0;
  const placeKey = keyOf(place);
  const inList = isList(place.structure);
  const inZset = !inList && place.structure !== 'job';
  const [saved, scores, neighbours] = await Promise.all([
    saveKeys(broker, wanted.flat(), clockOffset, signal),
    inZset
      ? broker.read(
          items.map(item => ['ZSCORE', wire(placeKey), wire(item.member)] as const),
          signal,
        )
      : [],
    inList ? (beside ?? neighboursOf(broker, placeKey, items, signal)) : [],
  ]);
  const own = items.map((_, index) => saved.slice(index * width, (index + 1) * width));
  const [executions, memberships] = await Promise.all([
    saveExecutions(broker, items, own, clockOffset, signal),
    membershipsOf(broker, items, own, signal),
  ]);
  return items.map((item, index): SavedJob => {
    const keys = [...(own[index] ?? []), ...(executions[index] ?? [])];
    const score = scores[index];
    const foreign = keys.find(key => key.problem !== null);
    return {
      item,
      keys,
      from: [
        inZset ? 'zset' : inList ? 'list' : 'none',
        placeKey,
        item.member,
        inList ? String(neighbours[index]?.times ?? 1) : Buffer.isBuffer(score) ? score.toString() : '',
      ],
      leave: memberships[index] ?? [],
      before: neighbours[index]?.before ?? [],
      after: neighbours[index]?.after ?? [],
      problem: foreign === undefined ? null : `${readable(foreign.key)} cannot be saved: ${foreign.problem}`,
    };
  });
}

async function saveExecutions(
  broker: RedisBroker,
  items: readonly Item[],
  own: readonly (readonly SavedKey[])[],
  clockOffset: number,
  signal: AbortSignal,
): Promise<SavedKey[][]> {
  const wanted = items.map((item, index) => {
    const value = own[index]?.[4]?.value;
    const members = value?.type === 'zset' ? value.members.map(([member]) => member) : [];
    return members.map((member): readonly [Latin1, KeyType] => [
      `rq:execution:${item.id}:${Buffer.from(member, 'base64').toString('latin1')}`,
      'hash',
    ]);
  });
  const saved = await saveKeys(broker, wanted.flat(), clockOffset, signal);
  let end = 0;
  return wanted.map(each => {
    end += each.length;
    return saved.slice(end - each.length, end);
  });
}

/** Ids that a saved hash says it depends on: a JSON array since RQ 1.8, one id before. */
export function parentsOf(ids: Buffer | null, first: Buffer | null): Latin1[] {
  if (ids !== null) {
    try {
      const parsed: unknown = JSON.parse(ids.toString());
      if (Array.isArray(parsed)) return parsed.filter(each => typeof each === 'string').map(latin1);
    } catch {
      // Not JSON: the single id, if there is one, still counts.
    }
  }
  return first === null || first.length === 0 ? [] : [first.toString('latin1')];
}

async function membershipsOf(
  broker: RedisBroker,
  items: readonly Item[],
  own: readonly (readonly SavedKey[])[],
  signal: AbortSignal,
): Promise<SavedJob['leave'][]> {
  const asked = items.map((item, index) => {
    const hash = own[index]?.[0];
    const group = savedField(hash, 'group_id');
    const sets = parentsOf(savedField(hash, 'dependency_ids'), savedField(hash, 'dependency_id')).map(parent => ({
      key: `rq:job:${parent}:dependents`,
      parent: parent as Latin1 | null,
    }));
    if (group !== null && group.length > 0) sets.push({ key: `rq:group:${group.toString('latin1')}`, parent: null });
    return sets.map(set => ({ ...set, id: item.id }));
  });
  const flat = asked.flat();
  if (flat.length === 0) return asked.map(() => []);
  const commands = flat.flatMap(({ key, parent, id }): Command[] => [
    ['SISMEMBER', wire(key), wire(id)],
    ['HGET', wire(parent === null ? `${JOB_PREFIX}${id}` : `${JOB_PREFIX}${parent}`), 'status'],
  ]);
  const replies: readonly Reply[] = await broker.read(commands, signal);
  let at = 0;
  return asked.map(sets =>
    sets.flatMap(({ key, parent }) => {
      const [member, status] = [replies[at], replies[at + 1]];
      at += 2;
      return member === 1 ? [{ key, parent, status: Buffer.isBuffer(status) ? status : null }] : [];
    }),
  );
}

/** Puts a destroyed job back, byte for byte, where it stood. */
export function restoring(job: SavedJob, subject: string): UndoUnit {
  const guards: RedisGuard[] = [];
  const operations: RedisOperation[] = [];
  for (const { key, value, expireAt } of job.keys) {
    if (value === null) continue;
    guards.push({ kind: 'absent', key: base64(key), refusal: IN_USE });
    if (expireAt !== null) guards.push({ kind: 'before', at: expireAt, refusal: EXPIRED });
    operations.push({ kind: 'create', key: base64(key), value, expireAt });
  }
  const [kind, placeKey, member, score] = job.from;
  const key = base64(placeKey, true);
  if (kind === 'zset') {
    guards.push({ kind: 'not-in-zset', key, member: base64(member), refusal: IN_USE });
    operations.push({ kind: 'zadd', key, member: base64(member), score });
  }
  if (kind === 'list') {
    // An id that was enqueued twice may stand there still: what tells that it is in use is a hash.
    if (job.keys[0]?.value === null) guards.push({ kind: 'absent', key: base64(job.keys[0].key), refusal: IN_USE });
    const insert: RedisOperation = {
      kind: 'insert',
      key,
      value: base64(member),
      before: job.before.map(each => base64(each)),
      after: job.after.map(each => base64(each)),
      // Workers take from the head: where all neighbours are gone, it would have been next.
      otherwise: 'head',
    };
    operations.push(...Array.from({ length: Number(score) }, () => insert));
  }
  for (const { key: set, parent, status } of job.leave) {
    if (parent !== null && status !== null) {
      guards.push({
        kind: 'field-is',
        key: base64(JOB_PREFIX + parent),
        field: base64('status', true),
        value: status.toString('base64'),
        refusal: 'the job that it waited for has gone on meanwhile',
      });
    }
    operations.push({ kind: 'sadd', key: base64(set), member: base64(job.item.id) });
  }
  return unit(subject, guards, operations);
}

/** How many other jobs wait for this one. */
export function dependentsOf(job: SavedJob): number {
  const value = job.keys[1]?.value;
  return value?.type === 'set' ? value.members.length : 0;
}
