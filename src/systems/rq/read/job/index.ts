import { isKind, type PyNode, reprText } from '../../../../codecs/python';
import type { Job, JobTimes, Problem, Ref, State } from '../../../../model';
import { clockOf } from '../../../reading/clock';
import { nameOf, numberOf } from '../../../reading/replies';
import { rendered } from '../../../reading/values';
import { executionsKey, jobKey, placeKey, placeText, resultsKey, workerKey } from '../../keys';
import { isUsualBeside, NATIVE_WORD, placeOfStatus, statusProblem } from '../../native';
import { type Call, type Decoded, nameInDescription, readCall, readValue, taskName } from '../../payload';
import { executionOfMember, type Located, locate, refOf, stateOf } from '../../places';
import { instantOf, instantOfSeconds } from '../../times';
import type { Reading } from '../reading';
import type { Standing } from '../rows';
import { type Attempt, attemptsOf, errorOfHash } from './attempts';
import { enqueueParametersOf } from './copy';
import { factsOf } from './facts';
import { executionsCommand, readStandings } from './places';
import { goneError, hashProblems, nowhere, several } from './problems';
import { rawParts } from './raw';
import { groupCommands, idsOf, namedDependencies, readRelations, relativesCommands, sizeOf } from './relations';
import { timelineOf } from './timeline';
import { numberIn, readWhole, textIn, type Whole } from './whole';

/**
 * Everything about one job. Four round trips where the server cuts large values, up to seven else. A job that has left
 * the place of its ref comes with the ref of the place where it stands now.
 * @throws InspectorError `gone` where neither the job nor its id is left, `bad-request`
 */
export async function readJob(reading: Reading, ref: Ref, signal: AbortSignal): Promise<Job> {
  const located = locate(ref);
  const { id } = located;
  const { broker } = reading;
  const absolute = broker.server.atLeast('7.0');
  const [whole, around] = await Promise.all([
    readWhole(reading, id, signal),
    broker.read(
      [
        ['TIME'],
        [absolute ? 'PEXPIRETIME' : 'PTTL', jobKey(id)],
        ['PTTL', resultsKey(id)],
        executionsCommand(id),
        ...relativesCommands(id),
      ],
      signal,
    ),
  ]);
  const status = textIn(whole.fields, 'status');
  const origin = whole.fields.get('origin');
  const originName = origin === undefined ? null : nameOf(origin.bytes);
  const executions = idsOf(around[3]).map(execution => executionOfMember(execution) ?? execution);
  const own = executionOfMember(located.member);
  const group = textIn(whole.fields, 'group_id');
  const queues = [...new Set([originName, located.place.queue || null].flatMap(queue => queue ?? []))];
  const lists = listsMatter(status, located);
  const worker = textIn(whole.fields, 'worker_name');
  const [standings, more] = await Promise.all([
    readStandings(
      reading,
      {
        id,
        queues,
        executions: [...new Set(own === null ? executions : [own, ...executions])],
        lists,
        started: status === 'started',
      },
      signal,
    ),
    broker.read(
      [...(worker === null ? [] : [['EXISTS', workerKey(worker)] as const]), ...groupCommands(group), ['TIME']],
      signal,
    ),
  ]);
  const nothing = whole.fields.size === 0 && whole.failure === null;
  if (nothing && standings.length === 0) throw goneError(id, located);
  const memberAt = worker === null ? 0 : 1;
  const dependencies = [...new Set([...namedDependencies(whole.fields), ...idsOf(around[4])])];
  const { relations, notes } = await readRelations(
    reading,
    id,
    {
      dependencies,
      dependents: idsOf(around[6]),
      dependentCount: sizeOf(around[5]),
      group,
      members: group === null ? [] : idsOf(more[memberAt + 1]),
      memberCount: group === null ? 0 : sizeOf(more[memberAt]),
    },
    signal,
  );
  const workerGone = worker !== null && numberOf(more[0]) === 0;
  const clock = clockOf(around[0]);
  const now = new Date(clock).toISOString();
  const expiry = numberOf(around[1]) ?? -1;
  const expires = expiry < 0 ? null : absolute ? expiry : clock + expiry;
  const ttl = {
    hash: expires === null ? null : secondsOf(Math.max(0, expires - clock)),
    results: secondsOf(numberOf(around[2])),
  };
  return compose({
    reading,
    located,
    whole,
    standings,
    relations,
    notes,
    ttl,
    expires,
    worker,
    workerGone,
    status,
    originName,
    now,
    executions,
  });
}

/** Looking through lists takes time that grows with them: only where the job may stand in one. */
function listsMatter(status: string | null, { place }: Located): boolean {
  const quiet = ['finished', 'deferred', 'scheduled', 'canceled', 'stopped', 'started'];
  return (
    place.structure === 'queue' ||
    place.structure === 'intermediate' ||
    place.structure === 'failed-list' ||
    status === null ||
    !quiet.includes(status)
  );
}

interface Parts {
  readonly reading: Reading;
  readonly located: Located;
  readonly whole: Whole;
  readonly standings: readonly Standing[];
  readonly relations: Job['relations'];
  readonly notes: readonly string[];
  readonly ttl: { readonly hash: number | null; readonly results: number | null };
  /** When the hash expires, in unix milliseconds; null = never. */
  readonly expires: number | null;
  readonly worker: string | null;
  readonly workerGone: boolean;
  readonly status: string | null;
  readonly originName: string | null;
  readonly now: string;
  readonly executions: readonly string[];
}

function compose(parts: Parts): Job {
  const { reading, located, whole, standings, status } = parts;
  const { id } = located;
  const { fields } = whole;
  const problems: Problem[] = hashProblems(whole);
  const standing =
    standings.find(({ place, member }) => placeText(place) === placeText(located.place) && member === located.member) ??
    standings.find(({ place }) => place.structure === located.place.structure) ??
    standings[0] ??
    null;
  const structure = standing?.place.structure ?? 'job';
  const told = placeOfStatus(status);
  const state: State = standing === null ? told.state : stateOf(structure);
  if (standing === null && whole.failure === null) problems.push(nowhere(told.word));
  else {
    const wrong = statusProblem(structure, status);
    if (wrong !== null) problems.push(wrong);
  }
  if (standings.filter(({ place }) => !isUsualBeside(place.structure)).length > 1) problems.push(several(standings));
  const call = callOf(whole, problems);
  const attempts = attemptsOf(whole);
  const failedAttempt = attempts.findLast(attempt => attempt.kind === 'failed' || attempt.kind === 'stopped');
  const error = state === 'failed' || state === 'scheduled' ? (failedAttempt?.error ?? errorOfHash(whole)) : null;
  const nativeState =
    standing === null ? told.word : status === 'stopped' && state === 'failed' ? 'stopped' : NATIVE_WORD[structure];
  const times = timesOf(whole, standing, state, attempts, parts);
  const meta = pickled(whole, 'meta', 'The meta', problems);
  const retriesLeft = numberIn(fields, 'retries_left');
  // RQ writes down no result of an attempt that it repeats by itself.
  const counted = attempts.length > 0 && retriesLeft === null;
  const attemptCount = counted ? attempts.length : times.startedAt === null && attempts.length === 0 ? 0 : null;
  const workerName = attempts.at(-1)?.worker ?? parts.worker;
  const timeline = timelineOf({ times, state, nativeState, attempts, error, worker: workerName, retriesLeft });
  const places = standings.map(({ place }) => String(placeKey(place) ?? ''));
  return {
    ref: refOf(
      standing?.place ?? { structure: 'job', queue: parts.originName ?? located.place.queue },
      standing?.member ?? id,
    ),
    id,
    queue: queueOf(standing, parts),
    task: (call.value && taskName(call.value)) ?? nameInDescription(textIn(fields, 'description')),
    state,
    nativeState,
    ...times,
    args: call.value === null ? null : rendered(call.value.args, call.bytes),
    kwargs: call.value === null ? null : rendered(call.value.kwargs, call.bytes),
    result: resultOf(whole, attempts, problems),
    meta: meta === null ? null : rendered(meta.node, meta.bytes),
    error,
    description: textIn(fields, 'description'),
    timeoutSeconds: numberIn(fields, 'timeout'),
    attempts: attemptCount,
    retriesLeft,
    worker: workerName,
    relations: parts.relations,
    relationNotes: parts.notes,
    timeline: timeline.events,
    timelineNotes: timeline.notes,
    facts: factsOf({
      queue: parts.originName,
      worker: workerName,
      workerGone: parts.workerGone && workerName === parts.worker,
      times,
      state,
      nativeState,
      attempts: attemptCount,
      fields,
      serializer: call.serializer,
      bytes: [...fields.values()].reduce((sum, field) => sum + field.length, 0),
      heartbeat: instantOf(textIn(fields, 'last_heartbeat')),
      places,
      progress: progressOf(meta?.node),
      now: parts.now,
    }),
    sources: sourcesOf(id, whole, places, parts),
    raw: rawParts(reading, id, whole, parts.ttl),
    enqueueParameters: enqueueParametersOf(fields, call.value, call.serializer, parts.originName, meta?.node ?? null),
    problems,
  };
}

/** The queue whose list or registry it stands in; its own where the structure holds jobs of every queue. */
function queueOf(standing: Standing | null, { originName }: Parts): string | null {
  const structure = standing?.place.structure ?? 'job';
  const own = structure === 'failed-list' || structure === 'scheduler' || structure === 'job';
  return own ? (originName ?? (standing?.place.queue || null)) : (standing?.place.queue ?? null);
}

interface ReadCall {
  readonly value: Call | null;
  readonly serializer: Decoded<Call>['serializer'] | null;
  readonly bytes: number;
}

function callOf(whole: Whole, problems: Problem[]): ReadCall {
  const data = whole.fields.get('data');
  if (data === undefined) {
    if (whole.fields.size > 0) {
      problems.push({ part: 'args', reason: 'The job has no field "data": nothing says what to call.', offset: null });
    }
    return { value: null, serializer: null, bytes: 0 };
  }
  if (data.bytes.length < data.length) {
    const megabytes = (data.length / 1024 / 1024).toFixed(1);
    const shown = data.bytes.length === 0 ? 'They were not read' : 'The first 64 kB are shown as bytes';
    problems.push({ part: 'args', reason: `${megabytes} MB of arguments. ${shown}.`, offset: null });
    return { value: null, serializer: null, bytes: data.length };
  }
  const decoded = readCall(data.bytes);
  if (decoded.problem !== null) problems.push(decoded.problem);
  for (const note of decoded.notes) problems.push({ part: 'args', reason: note, offset: null });
  return { value: decoded.value, serializer: decoded.serializer, bytes: data.length };
}

function pickled(
  whole: Whole,
  field: string,
  label: string,
  problems: Problem[],
): { node: PyNode; bytes: number } | null {
  const found = whole.fields.get(field);
  if (found === undefined || found.length === 0) return null;
  if (found.bytes.length < found.length) {
    problems.push({
      part: field,
      reason: `${label}: ${(found.length / 1024 / 1024).toFixed(1)} MB, not read whole.`,
      offset: null,
    });
    return null;
  }
  const decoded = readValue(found.bytes, field, label);
  if (decoded.problem !== null) problems.push(decoded.problem);
  return decoded.found ? { node: decoded.value, bytes: found.length } : null;
}

/** The newest successful result of the stream, else the field `result` (RQ up to 1.11, later ones on Redis before 5). */
function resultOf(whole: Whole, attempts: readonly Attempt[], problems: Problem[]): Job['result'] {
  const entry = attempts.findLast(attempt => attempt.kind === 'finished')?.entry;
  const field = entry?.fields.get('return_value');
  if (field !== undefined) {
    if (field.bytes.length < field.length) {
      problems.push({
        part: 'result',
        reason: `The result: ${(field.length / 1024 / 1024).toFixed(1)} MB, not read whole.`,
        offset: null,
      });
      return null;
    }
    const decoded = readValue(Buffer.from(field.bytes.toString('latin1'), 'base64'), 'result', 'The result');
    if (decoded.problem !== null) problems.push(decoded.problem);
    return decoded.found ? rendered(decoded.value, field.length) : null;
  }
  // RQ up to 1.1 stores this sentence raw where the result could not be pickled (rq/job.py, to_dict).
  if (/^Un(?:pickleable|serializable) return value$/.test(textIn(whole.fields, 'result') ?? '')) {
    problems.push({ part: 'result', reason: 'RQ could not write down what the function returned.', offset: null });
    return null;
  }
  const found = pickled(whole, 'result', 'The result', problems);
  return found === null ? null : rendered(found.node, found.bytes);
}

function timesOf(
  whole: Whole,
  standing: Standing | null,
  state: State,
  attempts: readonly Attempt[],
  parts: Parts,
): JobTimes {
  const at = (field: string) => instantOf(textIn(whole.fields, field));
  const structure = standing?.place.structure;
  const score = standing?.score ?? null;
  const ends = structure === 'failed' || structure === 'finished';
  return {
    createdAt: at('created_at'),
    enqueuedAt: at('enqueued_at'),
    startedAt: at('started_at'),
    // Who stops a job writes no end into the hash, yet a result (rq/worker.py, 1.16).
    endedAt:
      at('ended_at') ??
      (state === 'canceled' ? instantOfSeconds(score) : ends ? (attempts.at(-1)?.endedAt ?? null) : null),
    dueAt: structure === 'scheduled' || structure === 'scheduler' ? instantOfSeconds(score) : null,
    expiresAt: instantOfSeconds(ends ? score : parts.expires === null ? null : parts.expires / 1000),
  };
}

/** What applications put into `meta` by custom: a number, or a dict that a person reads at a glance. */
function progressOf(meta: PyNode | undefined): string | null {
  if (meta === undefined || !isKind(meta, 'dict')) return null;
  const progress = meta.get('progress');
  return progress === undefined ? null : reprText(progress, { max: 200 });
}

function sourcesOf(id: string, whole: Whole, places: readonly string[], { executions }: Parts): string[] {
  return [
    ...(whole.fields.size > 0 ? [`rq:job:${id}`] : []),
    ...(whole.results.length > 0 ? [`rq:results:${id}`] : []),
    ...(executions.length > 0 ? [String(executionsKey(id))] : []),
    ...places,
  ];
}

const secondsOf = (milliseconds: number | null): number | null =>
  milliseconds === null || milliseconds < 0 ? null : Math.round(milliseconds / 1000);
