import type { Command } from '../../../../brokers/redis/port';
import type { Relation, State } from '../../../../model';
import { arrayOf, nameOf, numberOf } from '../../../reading/replies';
import { dependenciesKey, dependentsKey, groupKey } from '../../keys';
import { placeOfStatus } from '../../native';
import { nameInDescription, readCall, taskName } from '../../payload';
import { refOf } from '../../places';
import type { Reading } from '../reading';
import { readRecords } from '../records';
import { type Fields, textIn } from './whole';

/** Relatives of one kind that are listed. */
const LIMIT = 100;

export interface Relatives {
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  readonly dependentCount: number;
  readonly group: string | null;
  readonly members: readonly string[];
  readonly memberCount: number;
}

/** First round trip: both sets of a job. */
export function relativesCommands(id: string): Command[] {
  return [
    ['SRANDMEMBER', dependenciesKey(id), LIMIT],
    ['SCARD', dependentsKey(id)],
    ['SRANDMEMBER', dependentsKey(id), LIMIT],
  ];
}

/** Ids that the hash names as dependencies: `dependency_ids` (JSON, 1.8 and later) or the first one alone. */
export function namedDependencies(fields: Fields): string[] {
  const list = textIn(fields, 'dependency_ids');
  if (list !== null) {
    try {
      const ids: unknown = JSON.parse(list);
      if (Array.isArray(ids)) return ids.filter((id): id is string => typeof id === 'string').slice(0, LIMIT);
    } catch {
      // No JSON: the single field below still tells the first one.
    }
  }
  const first = textIn(fields, 'dependency_id');
  return first === null ? [] : [first];
}

/** What a group holds (RQ 2.0 and later). */
export function groupCommands(group: string | null): Command[] {
  return group === null
    ? []
    : [
        ['SCARD', groupKey(group)],
        ['SRANDMEMBER', groupKey(group), LIMIT],
      ];
}

export const idsOf = (reply: Parameters<typeof arrayOf>[0]): string[] => arrayOf(reply).flatMap(id => nameOf(id) ?? []);
export const sizeOf = (reply: Parameters<typeof numberOf>[0]): number => numberOf(reply) ?? 0;

/** Relations with the state and task of each, read in one go; those that are gone have neither. */
export async function readRelations(
  reading: Reading,
  own: string,
  relatives: Relatives,
  signal: AbortSignal,
): Promise<{ readonly relations: readonly Relation[]; readonly notes: readonly string[] }> {
  const named: { kind: Relation['kind']; id: string }[] = [
    ...relatives.dependencies.map(id => ({ kind: 'depends-on' as const, id })),
    ...relatives.dependents.map(id => ({ kind: 'dependent' as const, id })),
    ...relatives.members.filter(id => id !== own).map(id => ({ kind: 'group' as const, id })),
  ];
  const ids = [...new Set(named.map(({ id }) => id))];
  const records = await readRecords(reading, ids, false, signal);
  const known = new Map<string, { state: State | null; task: string | null; queue: string }>();
  ids.forEach((id, i) => {
    const record = records[i]!;
    if (!record.exists) return;
    const call = record.data === null ? null : readCall(record.data).value;
    const place = placeOfStatus(record.text('status'));
    known.set(id, {
      state: place.state,
      task: (call && taskName(call)) ?? nameInDescription(record.text('description')),
      queue: record.name('origin') ?? '',
    });
  });
  const relations = named.map(({ kind, id }): Relation => {
    const found = known.get(id);
    const place = { structure: 'job' as const, queue: found?.queue ?? '' };
    return { kind, id, ref: found ? refOf(place, id) : null, state: found?.state ?? null, task: found?.task ?? null };
  });
  return { relations, notes: notesOf(relatives, relations) };
}

function notesOf(relatives: Relatives, relations: readonly Relation[]): string[] {
  const notes: string[] = [];
  const gone = relations.filter(relation => relation.ref === null && relation.kind === 'depends-on').length;
  if (gone > 0) {
    notes.push(
      `${gone === 1 ? 'A job' : `${gone} jobs`} that it depends on no longer ${gone === 1 ? 'exists' : 'exist'}: finished and expired, or deleted.`,
    );
  }
  if (relatives.dependentCount > relatives.dependents.length) {
    notes.push(`${relatives.dependents.length} of ${relatives.dependentCount} jobs that wait for it are listed.`);
  }
  if (relatives.group !== null) {
    notes.push(`Group ${relatives.group}: ${relatives.memberCount} ${relatives.memberCount === 1 ? 'job' : 'jobs'}.`);
  }
  return notes;
}
