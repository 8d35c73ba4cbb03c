/** The JSON of `inspect`: names are the domain's, and a contract. What stands first is promised; the rest may grow. */
import type { AccessNow, JournalEntry, Receipt } from '../inspector/api';
import type { Finding, Installation, Job, JobPage, JobRow, NotChecked, Overview, Plan, RenderedValue } from '../model';

export function accessJson(access: AccessNow) {
  return { writable: access.writable, reason: access.reason };
}

export function installationJson({ system, key, name, evidence }: Installation) {
  return { system: system.id, name, evidence, key };
}

export function overviewJson(installation: Installation, overview: Overview) {
  const { system, name, version, versions, evidence, counts, nativeStates } = overview;
  const { notRecorded, absent, notices, problems, readAt, cost } = overview;
  return {
    system,
    name,
    version,
    evidence,
    counts,
    queues: overview.queues.map(queue => {
      const { name, counts, ...rest } = queue;
      return { name, counts, ...rest };
    }),
    workers: overview.workers.map(worker => {
      const { name, state, queues, pid, host, version, lastHeartbeat, currentJob, alive, ...rest } = worker;
      return { name, state, queues, pid, host, version, lastHeartbeat, currentJob, alive, ...rest };
    }),
    schedules: overview.schedules.map(schedule => {
      const { id, task, trigger, nextRun, paused, ...rest } = schedule;
      return { id, task, trigger, nextRun, paused, ...rest };
    }),
    key: installation.key,
    versions,
    nativeStates,
    ...(overview.asked === undefined ? {} : { asked: overview.asked }),
    ...(installation.companions === undefined ? {} : { companions: installation.companions }),
    notRecorded,
    absent,
    notices,
    problems,
    readAt,
    cost,
  };
}

export function rowJson(row: JobRow) {
  const { ref, id, queue, task, state, nativeState, args, error, worker, problems } = row;
  const { createdAt, enqueuedAt, startedAt, endedAt, dueAt, expiresAt } = row;
  return {
    ref,
    id,
    queue,
    task,
    state,
    nativeState,
    args: args === null ? null : { text: args.text },
    error: error === null ? null : { type: error.type, message: error.message },
    ...{ createdAt, enqueuedAt, startedAt, endedAt, dueAt, expiresAt },
    ...(row.takenAt === undefined ? {} : { takenAt: row.takenAt }),
    worker,
    problems,
  };
}

export function pageJson(page: JobPage) {
  const { items, next, total, withheld, order, moved } = page;
  return { items: items.map(rowJson), next, total, withheld, order, moved };
}

export function jobJson(job: Job) {
  const { ref, id, queue, task, state, nativeState, error, worker, relations, sources, problems } = job;
  const { createdAt, enqueuedAt, startedAt, endedAt, dueAt, expiresAt } = job;
  const { timeoutSeconds, attempts, retriesLeft } = job;
  return {
    ...{ ref, id, queue, task, state, nativeState },
    args: valueJson(job.args),
    kwargs: valueJson(job.kwargs),
    ...{ createdAt, enqueuedAt, startedAt, endedAt, dueAt, expiresAt },
    ...(job.takenAt === undefined ? {} : { takenAt: job.takenAt }),
    ...{ timeoutSeconds, attempts, retriesLeft },
    result: valueJson(job.result),
    error: error === null ? null : errorJson(error),
    worker,
    meta: valueJson(job.meta),
    relations: relations.map(({ kind, ref, id, state, task }) => ({ kind, ref, id, state, task })),
    sources,
    problems: problems.map(({ part, reason, offset }) => ({ part, reason, offset })),
    description: job.description,
    relationNotes: job.relationNotes,
    timeline: job.timeline.map(event => ({ ...event, error: event.error === null ? null : errorJson(event.error) })),
    timelineNotes: job.timelineNotes,
    facts: job.facts,
    raw: job.raw.map(part => ({
      ...part,
      entries: part.entries.map(({ name, bytes, totalBytes, decoded }) => ({
        name,
        bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
        totalBytes,
        decoded,
      })),
    })),
    enqueueParameters: job.enqueueParameters,
  };
}

function errorJson({ type, message, traceback, frames }: NonNullable<Job['error']>) {
  return {
    type,
    message,
    traceback,
    frames: frames.map(frame => {
      const { file, line, source, own } = frame;
      return { file, line, function: frame.function, source, own };
    }),
  };
}

/** Without the outline: that is for panels, which unfold a value part by part. */
function valueJson(value: RenderedValue | null) {
  if (value === null) return null;
  const { text, json, cut } = value;
  return cut === undefined ? { text, json } : { text, json, cut };
}

export function planJson(plan: Plan) {
  const { total, byQueue, sample, leftOut, undoable, savedBytes, notUndoable, cautions, action } = plan;
  const notes = byQueue.filter(({ note }) => note !== null).map(({ queue, note }) => [queue, note] as const);
  return {
    total,
    byQueue: Object.fromEntries(byQueue.map(({ queue, count }) => [queue, count])),
    sample: sample.map(rowJson),
    leftOut: leftOut.map(({ reason, count }) => ({ reason, count })),
    undoable,
    savedBytes,
    notUndoable,
    cautions,
    queueNotes: Object.fromEntries(notes),
    action: { id: action.id, title: action.title, effect: action.effect, guarantee: action.guarantee },
  };
}

export function receiptJson(receipt: Receipt) {
  const { counts, items, undo, stopped, notUndoable, text } = receipt;
  const { done, gone, refused, failed, unknown } = counts;
  return {
    ...{ done, gone, refused, failed, unknown },
    items: items.map(({ ref, id, outcome, reason }) => ({ ref, id, outcome, reason })),
    ...{ undo, stopped, notUndoable, text },
  };
}

export function findingJson(finding: Finding) {
  const { rule, title, severity, sure, where, evidence, consequence, remedies } = finding;
  const { subject, label, since, notProblemWhen } = finding;
  return {
    ...{ rule, title, severity, sure, where },
    evidence: evidence.map(({ what, value, source }) => ({ what, value, source })),
    consequence,
    remedies: remedies.map(({ text, action, ...rest }) => ({ text, action, ...rest })),
    ...{ subject, label, since, notProblemWhen },
  };
}

export function notCheckedJson({ rule, reason }: NotChecked) {
  return { rule, reason };
}

export function journalJson(entry: JournalEntry) {
  const { token, at, connection, system, action, title, where, total, counts, state, notUndoable, savedBytes } = entry;
  return { token, at, connection, system, action, title, where, total, counts, state, notUndoable, savedBytes };
}
