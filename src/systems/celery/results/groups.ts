import type { RedisBroker } from '../../../brokers/redis/port';
import { identify } from '../../../codecs/envelope';
import { isKind } from '../../../codecs/python';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import type { Keys } from './keys';
import { readPayload } from './payload';
import { childrenOf, itemsOf } from './read';

/** A group that was saved (`GroupResult.save()`, and every chord of unordered results). */
export interface SavedGroup {
  readonly ids: readonly string[];
  readonly parent: string | null;
}

/** A chord that waits for its parts, as its counters have it. */
export interface Chord {
  /** Parts that have come in. */
  readonly arrived: number;
  /** Parts there are in all; null where it is not recorded. */
  readonly size: number | null;
  /** Ids of the parts that have come in, as far as they tell: at most 1,000. */
  readonly ids: readonly string[];
}

const GROUP_BYTES = 4 * 1024 * 1024;
const PARTS = 1000;

/** `celery-taskset-meta-<id>`: `{"result": [[id, parent], [member …]]}` (celery/result.py, GroupResult.as_tuple). */
export async function readGroup(
  broker: RedisBroker,
  keys: Keys,
  id: string,
  signal: AbortSignal,
): Promise<SavedGroup | null> {
  const [reply] = await broker.read([['GETRANGE', keys.group(id), 0, GROUP_BYTES - 1]], signal);
  const bytes = bufferOf(reply);
  if (bytes === null || bytes.length === 0) return null;
  const { fields } = await readPayload(bytes);
  const [head, members] = itemsOf(fields?.get('result'));
  const [, parent] = itemsOf(head);
  const [parentId] = typeof parent === 'string' ? [parent] : parent == null ? [null] : itemsOf(itemsOf(parent)[0]);
  return { ids: childrenOf(members), parent: typeof parentId === 'string' ? parentId : null };
}

/**
 * `.j`, a sorted set of `[1, id, status, result]` (a list where `result_chord_ordered` is off), `.s` the size, `.t` its
 * correction (celery/backends/redis.py, on_chord_part_return). Deleted when the callback is sent. Null where none waits.
 */
export async function readChord(
  broker: RedisBroker,
  keys: Keys,
  group: string,
  signal: AbortSignal,
): Promise<Chord | null> {
  const parts = keys.group(group, '.j');
  const [ordered, count, listed, length, size, more] = await broker.read(
    [
      ['ZRANGE', parts, 0, PARTS - 1],
      ['ZCARD', parts],
      ['LRANGE', parts, 0, PARTS - 1],
      ['LLEN', parts],
      ['GET', keys.group(group, '.s')],
      ['GET', keys.group(group, '.t')],
    ],
    signal,
  );
  const arrived = numberOf(count) ?? numberOf(length) ?? 0;
  const whole = numberOf(size);
  if (arrived === 0 && whole === null) return null;
  const members = arrayOf(ordered).length > 0 ? arrayOf(ordered) : arrayOf(listed);
  const ids: string[] = [];
  for (const member of members) {
    const bytes = bufferOf(member);
    if (bytes === null) continue;
    const id = await partId(bytes);
    if (id !== null) ids.push(id);
  }
  return { arrived, size: whole === null ? null : whole + (numberOf(more) ?? 0), ids };
}

/** The id in `[1, id, status, result]`: JSON mostly, else in the serializer of the results. */
async function partId(bytes: Buffer): Promise<string | null> {
  const json = /^\[\s*\d+,\s*"([^"\\]{1,500})"/.exec(bytes.toString('utf8', 0, 600));
  if (json?.[1] !== undefined) return json[1];
  const { value } = await identify(bytes, { maxBytes: GROUP_BYTES });
  const [, id] = value !== undefined && (isKind(value, 'list') || isKind(value, 'tuple')) ? value.items : [];
  return typeof id === 'string' ? id : null;
}
