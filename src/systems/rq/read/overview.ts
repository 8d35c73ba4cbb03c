import type { Command, Reply } from '../../../brokers/redis/port';
import {
  exactly,
  type Notice,
  type Overview,
  type Problem,
  type QueueSummary,
  type StateCounts,
  sumCounts,
  unknown,
  type WorkerSummary,
} from '../../../model';
import { clockOf } from '../../reading/clock';
import { arrayOf, failureOf, nameOf, numberOf, plainOf, scoredOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { compareVersions } from '../../reading/versions';
import { CRON_SCHEDULERS, FAILED_LIST, jobKey, QUEUES, queueKey, SCHEDULED_JOBS, SUSPENDED, WORKERS } from '../keys';
import { facts, NOT_TAKEN } from '../native';
import { nameInDescription, readCall, taskName } from '../payload';
import { instantOf } from '../times';
import { countsOf, type FailedList, queueKeysOf, readCounts, rememberLengths, WIDTH } from './counts';
import { FAILED_LOOK, isLegacyFailedList, queueNames } from './queues';
import { canCut, type Reading } from './reading';
import { readRecords } from './records';
import * as schedules from './schedules';
import { WORKER_COMMANDS, workerCommands, workerNames, workerOf } from './workers';

/** Queues whose first waiting job is asked for; of more queues, only those known to hold something. */
const HEADS = 2000;
const CRON_LIMIT = 100;
const SCORED = 'WITHSCORES';

/** Everything the tree shows, in three round trips whatever the number of queues. */
export async function readOverview(reading: Reading, signal: AbortSignal): Promise<Overview> {
  const { broker, memory } = reading;
  const trips = broker.meter.roundTrips;
  const began = performance.now();

  // First trip: names.
  const first = await broker.read(FIRST, signal);
  const problems = problemsOf(first);
  const now = clockOf(first[3]);
  const workersSeen = workerNames(first[1]);
  const failedIds = arrayOf(first[4]).map(id => nameOf(id) ?? '');
  const scheduled = scoredOf(first[6]);
  const crons = scoredOf(first[8]);
  const registered = arrayOf(first[0]).some(member => plainOf(member) === FAILED_LIST);
  const all = queueNames(first[0], false);
  const heads = new Set(
    all.length <= HEADS ? all : all.filter(queue => memory.lengths.get({ structure: 'queue', queue })).slice(0, HEADS),
  );

  // Second trip: counts, heads, workers, what the failed list of RQ 0.13 holds, how long schedules are.
  const second = new Batch();
  const headQueues = [...heads];
  const headsAt = second.add(headQueues.map((queue): Command => ['LINDEX', queueKey(queue), 0]));
  const workersAt = second.add(workerCommands(workersSeen));
  const failedAt = second.add(failedIds.map((id): Command => ['HMGET', jobKey(id), 'status', 'origin']));
  const scheduleLengthsAt = second.add(schedules.lengthCommands(scheduled));
  const cronLengthsAt = second.add(schedules.cronLengthCommands(crons));
  const { counts, others: replies } = await readCounts(reading, all, second.commands, signal);
  const telling = broker.server.mode !== 'cluster' && broker.server.role === 'master';
  const workers = workersSeen.map((name, i) => {
    const at = workersAt + i * WORKER_COMMANDS;
    return workerOf(name, replies[at], replies[at + 1], telling ? replies[at + 2] : undefined, now);
  });
  const failedHashes = failedIds.map((_id, i) => arrayOf(replies[failedAt + i]));
  const legacy = isLegacyFailedList({
    registered: registered || failedIds.length > 0,
    statuses: failedHashes.flatMap(([status]) => plainOf(status) ?? []),
    workers,
  });
  const failed: FailedList | null = legacy
    ? { length: numberOf(first[5]) ?? 0, origins: failedHashes.flatMap(([, origin]) => nameOf(origin) ?? []) }
    : null;
  const names = legacy ? all.filter(name => name !== 'failed') : all;
  const known = new Set(names);
  const served = [...new Set(workers.flatMap(worker => worker.queues))]
    .filter(queue => !known.has(queue))
    .concat((failed?.origins ?? []).filter(queue => !known.has(queue)));
  const extra = [...new Set(served)].slice(0, HEADS);

  // Third trip: the few jobs that these name.
  const third = new Batch();
  const headIds = headQueues.map((_queue, i) => nameOf(replies[headsAt + i]));
  const headTimesAt = third.add(
    headIds.flatMap((id): Command[] => (id === null ? [] : [['HGET', jobKey(id), 'enqueued_at']])),
  );
  const scheduleLengths = replies.slice(scheduleLengthsAt, scheduleLengthsAt + scheduled.length * 2);
  const schedulesAt = third.add(schedules.scheduleCommands(scheduled, scheduleLengths));
  const cronLengths = replies.slice(cronLengthsAt, cronLengthsAt + crons.length);
  const cronsAt = third.add(schedules.cronCommands(crons, cronLengths));
  const busy = [...new Set(workers.flatMap(worker => worker.currentJob ?? []))].slice(0, 1000);
  const [{ counts: extraCounts, others: rest }, tasks] = await Promise.all([
    readCounts(reading, extra, third.commands, signal),
    currentTasks(reading, busy, signal),
  ]);

  const suspended = (numberOf(first[2]) ?? 0) > 0;
  const oldest = oldestOf(headQueues, headIds, rest, headTimesAt);
  const serving = servingOf(workers);
  const queues: QueueSummary[] = [];
  const add = (list: readonly string[], from: readonly Reply[], at: number) => {
    for (let i = 0; i < list.length; i++) {
      const name = list[i]!;
      queues.push({
        name,
        counts: countsOf(name, from, at + i * WIDTH, failed),
        paused: suspended,
        oldestWaitingAt: oldest.get(name) ?? null,
        workers: serving.get(name) ?? [],
        keys: queueKeysOf(name),
      });
      rememberLengths(memory.lengths, name, from, at + i * WIDTH);
    }
  };
  const turns = new Turns();
  for (let from = 0; from < all.length; from += 200) {
    const piece = all.slice(from, from + 200);
    if (legacy && piece.includes('failed')) {
      const hole = piece.indexOf('failed');
      add(piece.slice(0, hole), counts, from * WIDTH);
      add(piece.slice(hole + 1), counts, (from + hole + 1) * WIDTH);
    } else add(piece, counts, from * WIDTH);
    if (turns.over) await turns.next();
  }
  add(extra, extraCounts, 0);
  queues.sort((a, b) => (a.name < b.name ? -1 : 1));
  memory.queues = queues.map(queue => queue.name);
  memory.failedListIsLegacy = legacy;
  memory.learnedAt = performance.now();

  const versions = [...new Set(workers.flatMap(worker => worker.version ?? []))].sort(compareVersions);
  return {
    system: 'rq',
    name: 'RQ',
    version: versions.at(-1) ?? null,
    versions,
    evidence: evidenceOf(all.length, workersSeen.length, numberOf(first[7]) ?? 0, crons.length, failed),
    counts: totals(queues, failed),
    nativeStates: facts.nativeStates,
    queues,
    workers: workers.map(worker => ({ ...worker, currentTask: tasks.get(worker.currentJob ?? '') ?? null })),
    schedules: [
      ...scheduled.map((job, i) => schedules.scheduleOf(job, rest[schedulesAt + i])),
      ...crons.flatMap((cron, i) => schedules.cronSchedulesOf(cron, rest[cronsAt + i])),
    ],
    notRecorded: {},
    absent: [],
    notices: noticesOf(suspended),
    problems: [...problems, ...tooMany(numberOf(first[7]) ?? 0)],
    readAt: new Date(now).toISOString(),
    cost: { roundTrips: broker.meter.roundTrips - trips, milliseconds: Math.round(performance.now() - began) },
  };
}

const FIRST: readonly Command[] = [
  ['SMEMBERS', QUEUES],
  ['SMEMBERS', WORKERS],
  ['EXISTS', SUSPENDED],
  ['TIME'],
  ['LRANGE', FAILED_LIST, -FAILED_LOOK, -1],
  ['LLEN', FAILED_LIST],
  ['ZRANGE', SCHEDULED_JOBS, 0, schedules.SCHEDULE_LIMIT - 1, SCORED],
  ['ZCARD', SCHEDULED_JOBS],
  ['ZRANGE', CRON_SCHEDULERS, 0, CRON_LIMIT - 1, SCORED],
];

/** Commands of one round trip, and where each group's answers begin. */
class Batch {
  readonly commands: Command[] = [];
  add(commands: readonly Command[]): number {
    const at = this.commands.length;
    for (const command of commands) this.commands.push(command);
    return at;
  }
}

function problemsOf(first: readonly Reply[]): Problem[] {
  return first.flatMap((reply, index) => {
    const failure = failureOf(reply);
    // Any queue may be named "failed", of any type: its own row says so.
    if (failure === null || index === 4 || index === 5) return [];
    const [command, key] = FIRST[index]!;
    return [{ part: String(key ?? command), reason: `${command} ${String(key ?? '')}: ${failure}`, offset: null }];
  });
}

async function currentTasks(
  reading: Reading,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const tasks = new Map<string, string>();
  if (ids.length === 0) return tasks;
  if (canCut(reading)) {
    const records = await readRecords(reading, ids, false, signal);
    records.forEach((record, i) => {
      const call = record.data === null ? null : readCall(record.data).value;
      const task = (call && taskName(call)) ?? nameInDescription(record.text('description'));
      if (task !== null) tasks.set(ids[i]!, task);
    });
    return tasks;
  }
  // Without server-side cuts a description is read only once it is known to be short.
  const { descriptions } = reading.memory;
  const replies = await reading.broker.read(
    ids.map((id): Command => [descriptions.has(id) ? 'HGET' : 'HSTRLEN', jobKey(id), 'description']),
    signal,
  );
  ids.forEach((id, i) => {
    const reply = replies[i];
    if (typeof reply === 'number') {
      if (reply > 0 && reply <= 10_000) descriptions.add(id);
      return;
    }
    const task = nameInDescription(plainOf(reply));
    if (task !== null) tasks.set(id, task);
  });
  const still = new Set(ids);
  for (const id of descriptions) if (!still.has(id)) descriptions.delete(id);
  return tasks;
}

function oldestOf(
  queues: readonly string[],
  ids: readonly (string | null)[],
  replies: readonly Reply[],
  at: number,
): Map<string, string> {
  const oldest = new Map<string, string>();
  let next = at;
  queues.forEach((queue, i) => {
    if (ids[i] === null || ids[i] === undefined) return;
    const instant = instantOf(plainOf(replies[next++]));
    if (instant !== null) oldest.set(queue, instant);
  });
  return oldest;
}

function servingOf(workers: readonly WorkerSummary[]): Map<string, string[]> {
  const serving = new Map<string, string[]>();
  for (const worker of workers) {
    if (worker.alive === false) continue;
    for (const queue of worker.queues) {
      const names = serving.get(queue);
      if (names === undefined) serving.set(queue, [worker.name]);
      else names.push(worker.name);
    }
  }
  return serving;
}

function totals(queues: readonly QueueSummary[], failed: FailedList | null): StateCounts {
  const sum = (state: keyof StateCounts) => sumCounts(queues.map(queue => queue.counts[state] ?? exactly(0)));
  const counted = REGISTRY_TOTALS.map(state => [state, sum(state)] as const);
  return {
    ...Object.fromEntries(counted),
    ...(failed === null
      ? {}
      : { failed: exactly(queues.reduce((n, queue) => n + ownFailed(queue, failed), failed.length)) }),
    taken: queues.length > 0 ? sum('taken') : unknown(NOT_TAKEN),
  };
}

/** Failed jobs of a queue in its registry, without those counted from the failed list. */
function ownFailed(queue: QueueSummary, failed: FailedList): number {
  const count = queue.counts.failed;
  const all = count === undefined ? 0 : 'exact' in count ? count.exact : 'atLeast' in count ? count.atLeast : 0;
  return all - failed.origins.filter(origin => origin === queue.name).length;
}

const REGISTRY_TOTALS = ['waiting', 'scheduled', 'deferred', 'running', 'failed', 'finished', 'canceled'] as const;

function noticesOf(suspended: boolean): Notice[] {
  return suspended ? [{ code: 'suspended', text: 'Suspended: workers take no new jobs until somebody resumes.' }] : [];
}

function tooMany(schedulesInAll: number): Problem[] {
  if (schedulesInAll <= schedules.SCHEDULE_LIMIT) return [];
  return [
    {
      part: 'schedules',
      reason: `Only the next ${schedules.SCHEDULE_LIMIT} of ${schedulesInAll} schedules are listed.`,
      offset: null,
    },
  ];
}

function evidenceOf(queues: number, workers: number, scheduled: number, crons: number, failed: FailedList | null) {
  const members = (n: number) => `${n} ${n === 1 ? 'member' : 'members'}`;
  const rows = [
    { what: `key ${QUEUES}`, value: `set with ${members(queues)}`, source: `SMEMBERS ${QUEUES}` },
    { what: `key ${WORKERS}`, value: `set with ${members(workers)}`, source: `SMEMBERS ${WORKERS}` },
  ];
  if (scheduled > 0) {
    rows.push({
      what: `key ${SCHEDULED_JOBS}`,
      value: `sorted set with ${members(scheduled)} (rq-scheduler)`,
      source: `ZCARD ${SCHEDULED_JOBS}`,
    });
  }
  if (crons > 0) {
    rows.push({
      what: `key ${CRON_SCHEDULERS}`,
      value: `sorted set with ${members(crons)} (rq cron)`,
      source: `ZRANGE ${CRON_SCHEDULERS} 0 99`,
    });
  }
  if (failed !== null) {
    rows.push({
      what: `key ${FAILED_LIST}`,
      value: `list of failed jobs with ${members(failed.length)} (RQ 0.13 or older)`,
      source: `LLEN ${FAILED_LIST}`,
    });
  }
  return rows;
}
