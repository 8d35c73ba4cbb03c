import { InspectorError, type Relation } from '../../../model';
import type { CeleryParts } from '../parts';
import { resultRef } from '../results/rows';
import type { TaskResult, TaskSignature } from '../types';
import type { Known } from './index';

/** Relatives that are listed. */
const LISTED = 200;

type Kind = Relation['kind'];

/** Tasks that belong to this one, with their states as far as results tell; one or two round trips. */
export async function readRelations(
  parts: CeleryParts,
  { row, message, result }: Known,
  signal: AbortSignal,
): Promise<{ readonly relations: readonly Relation[]; readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const wanted = new Map<string, { readonly kind: Kind; readonly id: string; readonly task: string | null }>();
  const add = (kind: Kind, id: string | null | undefined, task: string | null = null) => {
    if (id == null || id === '' || id === row.id) return;
    const name = `${kind} ${id}`;
    if (!wanted.has(name)) wanted.set(name, { kind, id, task });
  };
  const addAll = (kind: Kind, words: string, signatures: readonly TaskSignature[]) => {
    for (const { id, task } of signatures) add(kind, id, task);
    const unnamed = signatures.filter(({ id }) => id === null).map(({ task }) => task ?? 'a task');
    if (unnamed.length > 0) notes.push(`${words}: ${unnamed.slice(0, 20).join(', ')}.`);
  };
  add('parent', message?.parentId ?? result?.parentId);
  add('root', message?.rootId);
  if (message !== null) {
    addAll('chain', 'Then', message.chain);
    if (message.chord !== null) addAll('dependent', 'Once all parts of the chord are done', [message.chord]);
    addAll('dependent', 'On success', message.callbacks);
    addAll('dependent', 'On failure', message.errbacks);
  } else notes.push('What waits for a task stands in its message alone, and that is no longer there.');
  for (const child of result?.children ?? []) add('child', child);
  const group = message?.groupId ?? result?.groupId ?? null;
  if (group !== null) await addGroup(parts, group, message !== null && message.chord !== null, add, notes, signal);
  // The group itself, where nothing tells its members.
  if (group !== null && ![...wanted.values()].some(({ kind }) => kind === 'group')) add('group', group);
  const listed = [...wanted.values()].slice(0, LISTED);
  if (wanted.size > LISTED) notes.push(`${LISTED} of ${wanted.size} relatives are listed.`);
  const results = await resultsOf(parts, [...new Set(listed.map(({ id }) => id))], signal);
  const relations = listed.map(({ kind, id, task }): Relation => {
    const found = results.get(id);
    return {
      kind,
      id,
      ref: found === undefined ? null : resultRef(parts.key, id),
      state: found?.state ?? null,
      task: found?.task ?? task,
    };
  });
  return { relations, notes: [...new Set(notes)] };
}

async function addGroup(
  { results: { store } }: CeleryParts,
  group: string,
  isChord: boolean,
  add: (kind: Kind, id: string | null) => void,
  notes: string[],
  signal: AbortSignal,
): Promise<void> {
  if (store === null) {
    notes.push(`Group ${group}: its members are recorded with the results alone.`);
    return;
  }
  try {
    const [saved, chord] = await Promise.all([store.group(group, signal), store.chord(group, signal)]);
    for (const id of saved?.ids ?? []) add('group', id);
    for (const id of chord?.ids ?? []) add('group', id);
    if (chord !== null) {
      const size = chord.size === null ? '' : ` of ${chord.size}`;
      notes.push(
        `Chord ${group}: ${chord.arrived}${size} ${chord.arrived === 1 && chord.size === null ? 'part has' : 'parts have'} come in.`,
      );
    } else if (isChord) notes.push(`Chord ${group}: no part has come in.`);
    else if (saved === null) notes.push(`Group ${group}: its other members are recorded nowhere.`);
  } catch (thrown) {
    if (!(thrown instanceof InspectorError) || thrown.code === 'aborted') throw thrown;
    notes.push(`Group ${group}: ${thrown.message}`);
  }
}

async function resultsOf(
  { results: { store } }: CeleryParts,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TaskResult>> {
  if (store === null || ids.length === 0) return new Map();
  try {
    const found = await store.many(ids, signal);
    return new Map(found.flatMap((result, i) => (result === null ? [] : [[ids[i]!, result] as const])));
  } catch (thrown) {
    if (!(thrown instanceof InspectorError) || thrown.code === 'aborted') throw thrown;
    return new Map();
  }
}
