import { InspectorError, type JobRow, makeRef, parseRef, type Ref } from '../../model';
import type { Message } from './message/message';
import { type CeleryParts, HELD_PLACE, RESULT_PLACE } from './parts';
import { instantOfScore } from './redis/held';
import { rowParts } from './redis/rows';
import type { HeldTask, StoredMessage } from './types';

/** Native words of what a worker holds. */
const HELD_WORDS: Readonly<Record<HeldTask['how'], string>> = {
  active: 'active',
  reserved: 'reserved',
  scheduled: 'waiting for its ETA',
};

/** A message as a row. */
export function rowOfMessage(stored: StoredMessage): JobRow {
  return {
    ref: stored.ref,
    queue: stored.queue,
    state: stored.state,
    nativeState: stored.nativeState,
    worker: null,
    ...rowParts(stored.message as Message),
    ...(stored.state === 'taken' ? { takenAt: instant(stored.heldSince) } : {}),
  };
}

/** What workers told of a message that they hold. */
export function withWorker({ workers: { fleet } }: CeleryParts, row: JobRow): JobRow {
  const held = row.id === null || row.state !== 'taken' ? undefined : fleet.held.get(row.id);
  if (held === undefined) return row;
  return {
    ...row,
    worker: held.worker,
    nativeState: HELD_WORDS[held.how],
    startedAt: row.startedAt ?? instant(held.how === 'active' ? held.startedAt : null),
  };
}

/** A task that a worker has told of: it runs, or it stands in no list that can be read. */
export function rowOfHeld(key: string, held: HeldTask): JobRow {
  const running = held.how === 'active';
  return {
    ref: makeRef({ system: 'celery', installation: key, place: `${HELD_PLACE}:${held.worker}`, locator: held.id }),
    id: held.id,
    queue: held.queue,
    task: held.task,
    state: running ? 'running' : 'taken',
    nativeState: HELD_WORDS[held.how],
    args: callOfHeld(held),
    error: null,
    worker: held.worker,
    problems: [],
    createdAt: null,
    enqueuedAt: null,
    startedAt: instant(held.startedAt),
    endedAt: null,
    dueAt: held.eta,
    expiresAt: null,
  };
}

/** Arguments in one line, as far as a row shows them. */
function callOfHeld({ args, kwargs }: HeldTask): { readonly text: string } | null {
  if (args === null && kwargs === null) return null;
  const inner = (args?.text ?? '').replace(/^[([]|,?[)\]]$/g, '');
  const named = kwargs === null || kwargs.text === '{}' ? '' : `**${kwargs.text}`;
  const text = `(${[inner, named].filter(part => part !== '').join(', ')})`;
  return { text: text.length > ROW ? `${text.slice(0, ROW - 1).toWellFormed()}…` : text };
}

/** Characters of a call in a row. */
const ROW = 160;

const instant = (at: number | null): string | null =>
  at === null || Math.abs(at) > 8.64e15 ? null : new Date(Math.round(at)).toISOString();

/** A task that workers told of, by the locator of a ref; undefined where they no longer do. */
export function heldByRef({ workers: { fleet } }: CeleryParts, place: string, id: string): HeldTask | undefined {
  const held = fleet.held.get(id);
  return held !== undefined && place === `${HELD_PLACE}:${held.worker}` ? held : undefined;
}

/** Rows of tasks by their refs, as they stand now; those that have left their place are left out. */
export async function rowsOfRefs(parts: CeleryParts, refs: readonly Ref[], signal: AbortSignal): Promise<JobRow[]> {
  const { results, transport, redis } = parts;
  const rows = new Map<Ref, JobRow | null>();
  const messages: Ref[] = [];
  const stored: { readonly ref: Ref; readonly id: string }[] = [];
  for (const ref of refs) {
    const { place, locator } = parseRef(ref);
    if (place === RESULT_PLACE) stored.push({ ref, id: locator });
    else if (place.startsWith(`${HELD_PLACE}:`)) {
      const held = heldByRef(parts, place, locator);
      rows.set(ref, held === undefined ? null : rowOfHeld(parts.key, held));
    } else messages.push(ref);
  }
  if (stored.length > 0) {
    await results.locate(signal);
    const ids = stored.map(({ id }) => id);
    const found = (await results.store?.rows(ids, signal)) ?? [];
    for (const [i, { ref }] of stored.entries()) rows.set(ref, found[i] ?? null);
  }
  if (redis !== null && messages.length > 0) {
    const elements = await redis.elements(messages, signal);
    for (const [i, ref] of messages.entries()) {
      const element = elements[i];
      if (element == null) continue;
      const state = element.kind === 'list' ? 'waiting' : 'taken';
      const nativeState = element.kind === 'list' ? 'PENDING' : 'unacked';
      const row: JobRow = {
        ref: element.ref,
        queue: element.queue,
        state,
        nativeState,
        worker: null,
        ...rowParts(element.message as Message),
        ...(state === 'taken' ? { takenAt: instantOfScore(element.score) } : {}),
      };
      rows.set(ref, withWorker(parts, row));
    }
  } else {
    for (const ref of messages) {
      try {
        rows.set(ref, withWorker(parts, rowOfMessage(await transport.message(ref, signal))));
      } catch (thrown) {
        if (!(thrown instanceof InspectorError) || thrown.code !== 'gone') throw thrown;
      }
    }
  }
  return refs.flatMap(ref => rows.get(ref) ?? []);
}
