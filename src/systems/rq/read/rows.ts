import type { Command } from '../../../brokers/redis/port';
import { callText } from '../../../codecs/python';
import type { JobRow, Problem, Ref } from '../../../model';
import { bytesOf } from '../../reading/ids';
import { numberOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { errorOfRow, resultTracebackText, tracebackText } from '../errors';
import { jobKey, placeKey, type RqPlace } from '../keys';
import { NATIVE_WORD, statusProblem } from '../native';
import { nameInDescription, readCall, taskName } from '../payload';
import { idOfMember, isList, locate, refOf, stateOf } from '../places';
import { instantOf, instantOfSeconds } from '../times';
import type { Reading } from './reading';
import { type RowRecord, readRecordGroups } from './records';

/** A member of a list or registry: what a row is made for. */
export interface Standing {
  readonly place: RqPlace;
  readonly member: string;
  /** Of a sorted set: expiry, due time or time of the change, by structure. */
  readonly score: number | null;
}

/** Characters of arguments in a row. */
const ARGS = 160;

/**
 * Rows of jobs wherever they stand, in the order asked: one round trip where the server cuts large fields, else two.
 * A job that cannot be read is a row with its problems. @param known what has been read of the first of them already
 */
export async function readRows(
  reading: Reading,
  standings: readonly Standing[],
  signal: AbortSignal,
  known: readonly RowRecord[] = [],
): Promise<JobRow[]> {
  const ids = standings.map(({ place, member }) => idOfMember(place.structure, member));
  const errors = standings.some(({ place }) => stateOf(place.structure) === 'failed');
  const rows: JobRow[] = [];
  const turns = new Turns();
  const rest = readRecordGroups(reading, ids.slice(known.length), errors, signal);
  for await (const records of startedBefore(known, rest)) {
    for (const record of records) {
      const i = rows.length;
      if (i % 8 === 7 && turns.over) await turns.next();
      rows.push(rowOf(standings[i]!, ids[i]!, record));
    }
  }
  return rows;
}

/** What is known first, while the source is at work already. */
async function* startedBefore<T>(known: readonly T[], source: AsyncGenerator<T[], void>): AsyncGenerator<readonly T[]> {
  const first = source.next();
  // Told when its turn comes.
  first.catch(() => undefined);
  yield known;
  for (let next = await first; next.done !== true; next = await source.next()) yield next.value;
}

/** One row from what was read of its hash. */
export function rowOf(standing: Standing, id: string, record: RowRecord): JobRow {
  const { place, member, score } = standing;
  const { structure } = place;
  const state = stateOf(structure);
  const problems: Problem[] = [];
  const status = record.text('status');
  let task: string | null = null;
  let args: JobRow['args'] = null;
  if (record.failure !== null) {
    problems.push({ part: 'hash', reason: `The job could not be read: ${record.failure}.`, offset: null });
  } else if (!record.exists) {
    problems.push({
      part: 'hash',
      reason: 'Only its id is left: the job itself has expired or was deleted.',
      offset: null,
    });
  } else {
    ({ task, args } = callOfRow(record, problems));
    const wrong = statusProblem(structure, status);
    if (wrong !== null) problems.push(wrong);
  }
  const queue =
    structure === 'failed-list' || structure === 'scheduler' || structure === 'job'
      ? (record.name('origin') ?? (place.queue || null))
      : place.queue;
  const failed = state === 'failed';
  const ends = structure === 'failed' || structure === 'finished';
  return {
    // What belongs to no queue is told apart by the job's own.
    ref: refOf({ structure, queue: place.queue || (queue ?? '') }, member),
    id,
    queue,
    task,
    state,
    nativeState:
      structure === 'job' ? (status ?? 'created') : status === 'stopped' && failed ? 'stopped' : NATIVE_WORD[structure],
    args,
    error: failed ? errorOfRow(resultTracebackText(record.resultError) ?? tracebackText(record.error)) : null,
    worker: record.resultWorker ?? record.name('worker_name'),
    problems,
    createdAt: instantOf(record.text('created_at')),
    enqueuedAt: instantOf(record.text('enqueued_at')),
    startedAt: instantOf(record.text('started_at')),
    // Only the registry knows when a job was canceled, and only its result when it was stopped (rq/worker.py, 1.16).
    endedAt:
      instantOf(record.text('ended_at')) ??
      instantOfSeconds(state === 'canceled' ? score : ends ? record.resultAt : null),
    dueAt: structure === 'scheduled' || structure === 'scheduler' ? instantOfSeconds(score) : null,
    expiresAt: instantOfSeconds(ends ? score : record.expiresAt === null ? null : record.expiresAt / 1000),
  };
}

/** Function and arguments from `data`; from the description where `data` is too long for a row or unreadable. */
function callOfRow(record: RowRecord, problems: Problem[]): Pick<JobRow, 'task' | 'args'> {
  const described = () => nameInDescription(record.text('description'));
  if (record.data === null) {
    if (record.dataLength === 0) {
      problems.push({ part: 'args', reason: 'The job has no field "data": nothing says what to call.', offset: null });
      return { task: described(), args: null };
    }
    const size = `${(record.dataLength / 1024).toFixed(0)} kB of arguments`;
    return { task: described(), args: { text: `(… ${size})` } };
  }
  const decoded = readCall(record.data);
  if (decoded.problem !== null) problems.push(decoded.problem);
  const call = decoded.value;
  if (call === null) return { task: described(), args: null };
  return { task: taskName(call) ?? described(), args: { text: callText(call.args, call.kwargs, ARGS) } };
}

/** Rows of jobs by their refs, as they stand now; those that have left their place are left out. Two round trips. */
export async function readRefs(reading: Reading, refs: readonly Ref[], signal: AbortSignal): Promise<JobRow[]> {
  const located = refs.map(ref => locate(ref));
  const scores = await reading.broker.read(
    located.map(({ place, member }): Command => {
      const key = placeKey(place);
      if (key === null) return ['EXISTS', jobKey(idOfMember(place.structure, member))];
      return isList(place.structure) ? ['EXISTS', key] : ['ZSCORE', key, bytesOf(member)];
    }),
    signal,
  );
  const standings = located.flatMap(({ place, member }, i): Standing[] => {
    const score = numberOf(scores[i]);
    const listed = isList(place.structure) || placeKey(place) === null;
    if (listed) return score === 0 ? [] : [{ place, member, score: null }];
    return score === null ? [] : [{ place, member, score }];
  });
  return readRows(reading, standings, signal);
}
