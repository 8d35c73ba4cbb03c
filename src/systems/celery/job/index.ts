import { InspectorError, type Job, type JobRow, type Problem, parseRef, type Ref } from '../../../model';
import { goneOrForeign } from '../errors';
import type { Message } from '../message/message';
import { type CeleryParts, HELD_PLACE, RESULT_PLACE } from '../parts';
import { jobErrorOf } from '../results/errors';
import { heldByRef, rowOfHeld, rowOfMessage, withWorker } from '../rows';
import type { HeldTask, SeenTask, StoredMessage, TaskResult } from '../types';
import { enqueueParametersOf } from './copy';
import { factsOf } from './facts';
import { readRelations } from './relations';
import { timelineOf } from './timeline';

/** Everything that is known of one task: its message, its result, and what the worker that holds it said. */
export interface Known {
  readonly row: JobRow;
  readonly stored: StoredMessage | null;
  readonly message: Message | null;
  readonly result: TaskResult | null;
  /** When the result expires. */
  readonly resultExpiresAt: string | null;
  readonly held: HeldTask | null;
  /** What events said of it, while they were followed. */
  readonly seen: SeenTask | null;
}

/**
 * Everything about one task. Two to four round trips: its message, its result, its relatives.
 * @throws InspectorError `gone`, `bad-request`
 */
export async function readJob(parts: CeleryParts, ref: Ref, signal: AbortSignal): Promise<Job> {
  const { place, locator } = parseRef(ref);
  await parts.results.locate(signal);
  if (place === RESULT_PLACE) return compose(parts, await byResult(parts, ref, locator, signal), signal);
  if (place.startsWith(`${HELD_PLACE}:`))
    return compose(parts, await byHeld(parts, ref, place, locator, signal), signal);
  const stored = await parts.transport.message(ref, signal);
  const { id } = stored.message;
  const { result, row: resultRow } = id === null ? NO_RESULT : await resultOf(parts, id, signal);
  const row = withWorker(parts, rowOfMessage(stored));
  const held = id === null ? null : (parts.workers.fleet.held.get(id) ?? null);
  const resultExpiresAt = resultRow?.expiresAt ?? null;
  return compose(parts, { row, stored, message: stored.message as Message, result, resultExpiresAt, held }, signal);
}

const NO_RESULT = { result: null, row: null };

async function resultOf({ results: { store } }: CeleryParts, id: string, signal: AbortSignal) {
  if (store === null) return NO_RESULT;
  try {
    const [result, row] = await Promise.all([store.get(id, signal), store.row(id, signal)]);
    return { result, row };
  } catch (thrown) {
    // The result backend is another broker: that it has gone hides no message.
    if (!(thrown instanceof InspectorError) || thrown.code === 'aborted') throw thrown;
    return NO_RESULT;
  }
}

async function byResult(parts: CeleryParts, ref: Ref, id: string, signal: AbortSignal): Promise<Omit<Known, 'seen'>> {
  const { store, companion } = parts.results;
  if (store === null) throw goneOrForeign(ref, companion.reason ?? 'nobody has said where the results are');
  const [result, row] = await Promise.all([store.get(id, signal), store.row(id, signal)]);
  if (result === null || row === null) throw goneOrForeign(ref, 'its result has expired or was deleted');
  // Only a task that goes on can have a message; looking for one takes time.
  const goesOn = result.state === 'scheduled' || result.state === 'running';
  const stored = goesOn ? await messageOf(parts, id, signal) : null;
  const held = parts.workers.fleet.held.get(id) ?? null;
  return {
    row: wholeRow(row, result),
    stored,
    message: (stored?.message as Message) ?? null,
    result,
    resultExpiresAt: row.expiresAt,
    held,
  };
}

/** A list reads of long results the ends alone: what the whole of it says besides. */
function wholeRow(row: JobRow, result: TaskResult): JobRow {
  if (row.problems.length === 0) return row;
  return {
    ...row,
    task: result.task,
    queue: result.queue,
    worker: result.worker,
    error: result.error,
    endedAt: row.endedAt ?? (row.state === 'running' || row.state === 'scheduled' ? null : result.dateDone),
    problems: result.problems,
  };
}

async function byHeld(
  parts: CeleryParts,
  ref: Ref,
  place: string,
  id: string,
  signal: AbortSignal,
): Promise<Omit<Known, 'seen'>> {
  const held = heldByRef(parts, place, id);
  if (held === undefined) throw goneOrForeign(ref, 'the worker no longer holds it, as far as it told');
  const [stored, { result, row }] = await Promise.all([messageOf(parts, id, signal), resultOf(parts, id, signal)]);
  return {
    row: rowOfHeld(parts.key, held),
    stored,
    message: (stored?.message as Message) ?? null,
    result,
    resultExpiresAt: row?.expiresAt ?? null,
    held,
  };
}

async function messageOf({ transport }: CeleryParts, id: string, signal: AbortSignal): Promise<StoredMessage | null> {
  const [first] = await transport.find(id, null, signal);
  return first ?? null;
}

async function compose(parts: CeleryParts, found: Omit<Known, 'seen'>, signal: AbortSignal): Promise<Job> {
  const seen = found.row.id === null ? null : parts.workers.fleet.seen(found.row.id);
  const known: Known = { ...found, seen };
  const { row, stored, message, result, held } = known;
  const { relations, notes } = await readRelations(parts, known, signal);
  const { events, notes: timelineNotes } = timelineOf(known);
  const problems: Problem[] = [
    ...new Set([...row.problems, ...(message?.problems ?? []), ...(result?.problems ?? [])]),
  ];
  const { store } = parts.results;
  const ended = row.state === 'failed' || row.state === 'scheduled' || row.state === 'canceled';
  // What is tried again stands as a message of its own: why it is tried again, its result tells.
  const failed = (ended && row.error !== null) || result?.status === 'RETRY';
  const [hard, soft] = message?.timeLimit ?? [null, null];
  return {
    ...row,
    task: row.task ?? seen?.task ?? null,
    args: message?.args ?? result?.args ?? held?.args ?? null,
    kwargs: message?.kwargs ?? result?.kwargs ?? held?.kwargs ?? null,
    result: result?.result ?? null,
    meta: null,
    error: failed && result !== null ? jobErrorOf(result.error, result.traceback) : null,
    description: message?.shadow ?? null,
    timeoutSeconds: hard ?? soft,
    attempts: attemptsOf(known),
    retriesLeft: null,
    relations,
    relationNotes: notes,
    timeline: events,
    timelineNotes,
    facts: factsOf(parts, known),
    sources: [
      ...(stored?.sources ?? []),
      ...(result === null || store === null ? [] : [`GET ${store.key(result.id).toString()}`]),
      ...(held === null ? [] : [`inspect ${held.how} of ${held.worker}`]),
    ],
    raw: [...(stored?.raw ?? []), ...rawResult(parts, result)],
    enqueueParameters: enqueueParametersOf(known),
    problems: distinct(problems),
  };
}

/** Runs that have begun: each retry was one, and so is what has ended or runs. */
function attemptsOf({ row, message, result }: Known): number | null {
  const retries = message?.retries ?? result?.retries ?? null;
  if (retries === null) return null;
  const began = row.state === 'running' || row.state === 'failed' || row.state === 'finished';
  return began ? retries + 1 : retries;
}

/** Bytes of a payload that are shown. */
const SHOWN = 64 * 1024;

function rawResult({ results: { store } }: CeleryParts, result: TaskResult | null): Job['raw'] {
  if (result === null || store === null) return [];
  const key = store.key(result.id);
  return [
    {
      name: key.toString(),
      type: 'string',
      entries: [
        {
          name: 'result',
          bytes: result.raw.subarray(0, SHOWN),
          totalBytes: result.raw.length,
          decoded: result.serializer === 'unknown' ? null : result.serializer,
        },
      ],
      command: store.broker.cli(['GET', key]),
    },
  ];
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ part, reason }) => {
    const name = `${part}: ${reason}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
