import type { Command, Reply } from '../../../brokers/redis/port';
import type { WorkerSummary } from '../../../model';
import { arrayOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { compareVersions } from '../../reading/versions';
import { commandChannel, WORKER_PREFIX, workerKey } from '../keys';
import { refOf } from '../places';
import { instantOf, millisecondsOf } from '../times';
import { pythonVersion } from '../versions';

/** Seconds after which a worker's record expires by itself: default worker_ttl 420 and 60 (rq/worker.py). */
export const WORKER_RECORD_TTL = 480;

const FIELDS = [
  'birth',
  'last_heartbeat',
  'queues',
  'state',
  'current_job',
  'pid',
  'hostname',
  'version',
  'python_version',
  'successful_job_count',
  'failed_job_count',
  'total_working_time',
  'death',
  'shutdown_requested_date',
] as const;
type Field = (typeof FIELDS)[number];

export function workerNames(reply: Reply | undefined): string[] {
  return arrayOf(reply)
    .flatMap(member => nameOf(member) ?? [])
    .filter(key => key.startsWith(WORKER_PREFIX))
    .map(key => key.slice(WORKER_PREFIX.length))
    .sort();
}

/** How many commands `workerCommands` has for each worker. */
export const WORKER_COMMANDS = 3;

/** Three commands for each worker: its fields, how long its record lives, and how many hear its commands. */
export function workerCommands(names: readonly string[]): Command[] {
  return names.flatMap((name): Command[] => [
    ['HMGET', workerKey(name), ...FIELDS],
    ['PTTL', workerKey(name)],
    ['PUBSUB', 'NUMSUB', commandChannel(name)],
  ]);
}

/**
 * A worker without its current task, which stands in the job.
 * @param heard reply of PUBSUB NUMSUB; undefined where it says nothing: on a replica or a cluster it counts only those
 *   who listen at that very server
 * @param now the broker's clock in milliseconds
 */
export function workerOf(
  name: string,
  fields: Reply | undefined,
  ttl: Reply | undefined,
  heard: Reply | undefined,
  now: number,
): WorkerSummary {
  const values = arrayOf(fields);
  const at = (field: Field) => values[FIELDS.indexOf(field)];
  const text = (field: Field) => plainOf(at(field)) || null;
  const exists = values.some(value => value !== null);
  const heartbeat = instantOf(text('last_heartbeat'));
  const queues = nameOf(at('queues'));
  const job = nameOf(at('current_job')) || null;
  const python = pythonVersion(text('python_version'));
  const { alive, reason } = judge({
    exists,
    death: text('death') !== null,
    ttl: numberOf(ttl) ?? -2,
    heartbeat: millisecondsOf(heartbeat ?? instantOf(text('birth'))),
    stopping: text('shutdown_requested_date') !== null,
    listens: listensOf(text('version'), millisecondsOf(instantOf(text('birth'))), numberOf(arrayOf(heard)[1]), now),
    now,
  });
  const listed = queues === null || queues === '' ? [] : queues.split(',').map(queue => queue.trim());
  return {
    name,
    state: exists ? (text('state') ?? 'started') : 'gone',
    queues: listed,
    pid: numberOf(at('pid')),
    host: text('hostname'),
    version: text('version'),
    runtime: python === null ? null : `Python ${python}`,
    startedAt: instantOf(text('birth')),
    lastHeartbeat: heartbeat,
    currentJob: job,
    currentJobRef: job === null ? null : refOf({ structure: 'job', queue: '' }, job),
    currentTask: null,
    alive,
    aliveReason: reason,
    succeeded: numberOf(at('successful_job_count')),
    failed: numberOf(at('failed_job_count')),
    workingSeconds: numberOf(at('total_working_time')),
  };
}

interface Signs {
  readonly exists: boolean;
  readonly death: boolean;
  /** Milliseconds; -1 without expiry. */
  readonly ttl: number;
  readonly heartbeat: number | null;
  readonly stopping: boolean;
  /** Whether it listens for commands; `lapsed` where a living one may have ceased to; null where it cannot be told. */
  readonly listens: boolean | 'lapsed' | null;
  readonly now: number;
}

/** Milliseconds that a worker has, from its birth on, to begin to listen. */
const BORN_JUST_NOW = 3000;

/**
 * From 1.6 on a worker listens on its channel as long as it lives. Before 2.0 the thread that does so ended with a lost
 * connection, while the worker went on (rq/worker.py, subscribe).
 */
function listensOf(
  version: string | null,
  birth: number | null,
  listeners: number | null,
  now: number,
): Signs['listens'] {
  if (version === null || !/^\d/.test(version) || listeners === null) return null;
  if (listeners > 0) return true;
  if (birth === null || now - birth < BORN_JUST_NOW || compareVersions(version, '1.6') < 0) return null;
  return compareVersions(version, '2.0') >= 0 ? false : 'lapsed';
}

/**
 * What RQ itself goes by: the record exists, no death is written in it, and heartbeats keep it from expiring. That takes
 * up to eight minutes after a crash, so whoever should listen for commands and does not counts as gone before.
 */
function judge(signs: Signs): { readonly alive: boolean | null; readonly reason: string } {
  if (!signs.exists) {
    return { alive: false, reason: 'Its record has expired: it stopped sending heartbeats and did not sign off.' };
  }
  if (signs.death) return { alive: false, reason: 'It has signed off.' };
  const silent = signs.heartbeat === null ? null : Math.round((signs.now - signs.heartbeat) / 1000);
  if (signs.ttl === -1 && (silent === null || silent > WORKER_RECORD_TTL)) {
    const since = silent === null ? 'no heartbeat is recorded' : `no heartbeat for ${Math.round(silent / 60)} min`;
    return { alive: false, reason: `${since[0]!.toUpperCase()}${since.slice(1)}, and its record never expires.` };
  }
  const lasts = signs.ttl < 0 ? '' : `; its record expires in ${Math.ceil(signs.ttl / 1000)} s`;
  if (signs.listens === false) {
    return { alive: false, reason: `It no longer listens for commands and did not sign off${lasts}.` };
  }
  if (signs.listens === 'lapsed') {
    return {
      alive: null,
      reason: `It no longer listens for commands: it has died, or has lost its connection since it started${lasts}.`,
    };
  }
  if (signs.stopping) return { alive: true, reason: 'It was asked to stop and ends when its job has ended.' };
  const left = signs.ttl < 0 ? '' : `; without another one its record expires in ${Math.ceil(signs.ttl / 1000)} s`;
  return {
    alive: true,
    reason: silent === null ? 'Its record has not expired.' : `Last heartbeat ${Math.max(0, silent)} s ago${left}.`,
  };
}
