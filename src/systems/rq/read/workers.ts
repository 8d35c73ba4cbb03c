import type { Command, Reply } from '../../../brokers/redis/port';
import type { WorkerSummary } from '../../../model';
import { arrayOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { WORKER_PREFIX, workerKey } from '../keys';
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

/** Two commands for each worker: its fields, and how long its record lives. */
export function workerCommands(names: readonly string[]): Command[] {
  return names.flatMap((name): Command[] => [
    ['HMGET', workerKey(name), ...FIELDS],
    ['PTTL', workerKey(name)],
  ]);
}

/** A worker without its current task, which stands in the job. `now` is the broker's clock in milliseconds. */
export function workerOf(name: string, fields: Reply | undefined, ttl: Reply | undefined, now: number): WorkerSummary {
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
  readonly now: number;
}

/** What RQ itself goes by: the record exists, no death is written in it, and heartbeats keep it from expiring. */
function judge(signs: Signs): { readonly alive: boolean; readonly reason: string } {
  if (!signs.exists) {
    return { alive: false, reason: 'Its record has expired: it stopped sending heartbeats and did not sign off.' };
  }
  if (signs.death) return { alive: false, reason: 'It has signed off.' };
  const silent = signs.heartbeat === null ? null : Math.round((signs.now - signs.heartbeat) / 1000);
  if (signs.ttl === -1 && (silent === null || silent > WORKER_RECORD_TTL)) {
    const since = silent === null ? 'no heartbeat is recorded' : `no heartbeat for ${Math.round(silent / 60)} min`;
    return { alive: false, reason: `${since[0]!.toUpperCase()}${since.slice(1)}, and its record never expires.` };
  }
  if (signs.stopping) return { alive: true, reason: 'It was asked to stop and ends when its job has ended.' };
  const left = signs.ttl < 0 ? '' : `; without another one its record expires in ${Math.ceil(signs.ttl / 1000)} s`;
  return {
    alive: true,
    reason: silent === null ? 'Its record has not expired.' : `Last heartbeat ${Math.max(0, silent)} s ago${left}.`,
  };
}
