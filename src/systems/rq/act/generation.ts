import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import { compareVersions } from '../../reading/versions';
import { FAILED_LIST, JOB_PREFIX, QUEUES, WORKER_PREFIX, WORKERS } from '../keys';
import { isLegacyFailedList } from '../read/queues';

/** What the data tell of the RQ that lives here: decides what may be written so that its workers can run it. */
export interface Generation {
  /** Of workers that are registered, each once; null for those that record none (RQ < 1.2). */
  readonly versions: readonly (string | null)[];
  /** True where failed jobs of all queues stand in one list (RQ ≤ 0.13), beside the registries of newer ones or alone. */
  readonly failedList: boolean;
  /** True where nothing newer than RQ 0.13 is known to live here. */
  readonly old: boolean;
  /** True where a worker of Python 2 is registered, or one that does not say. */
  readonly python2: boolean;
}

export interface Worker {
  readonly name: string;
  readonly key: string;
  /** False where only its name is left. */
  readonly recorded: boolean;
  readonly version: string | null;
  readonly python: string | null;
  readonly hostname: string | null;
  readonly pid: string | null;
  readonly queues: readonly string[];
  readonly state: string | null;
  readonly currentJob: string | null;
  readonly lastHeartbeat: string | null;
  readonly dead: boolean;
}

export interface Fleet extends Generation {
  readonly workers: readonly Worker[];
  /** Broker's clock minus ours, in milliseconds. */
  readonly clockOffset: number;
  /** Milliseconds of a round trip that does nothing. */
  readonly roundTrip: number;
}

/** Failed jobs that are looked at to tell what the list is. */
const LOOKED_AT = 5;

const FIELDS = [
  'version',
  'python_version',
  'hostname',
  'pid',
  'queues',
  'state',
  'current_job',
  'last_heartbeat',
  'death',
  'birth',
] as const;

/** Workers as registered, the layout, and the broker's clock. Two round trips. */
export async function readFleet(broker: RedisBroker, signal: AbortSignal): Promise<Fleet> {
  const before = performance.now();
  const [time, keys, failedIds, failedIsQueue] = await broker.read(
    [['TIME'], ['SMEMBERS', WORKERS], ['LRANGE', FAILED_LIST, -LOOKED_AT, -1], ['SISMEMBER', QUEUES, FAILED_LIST]],
    signal,
  );
  const roundTrip = performance.now() - before;
  const names = list(keys).map(key => key.toString());
  const ids = list(failedIds);
  const asked = [
    ...names.map((key): Command => ['HMGET', key, ...FIELDS]),
    ...ids.map((id): Command => ['HGET', Buffer.concat([Buffer.from(JOB_PREFIX), id]), 'status']),
  ];
  const replies = asked.length === 0 ? [] : await broker.read(asked, signal);
  const workers = names.map((key, index) => workerOf(key, replies[index]));
  const alive = workers.filter(worker => worker.recorded && !worker.dead);
  const statuses = ids.flatMap((_id, index) => text(replies[names.length + index]) ?? []);
  const registered = ids.length > 0 && failedIsQueue === 1;
  return {
    workers,
    ...generationOf(alive, isLegacyFailedList({ registered, statuses, workers: alive })),
    clockOffset: clock(time) - Date.now(),
    roundTrip,
  };
}

/** `failedListSeen`: `rq:queue:failed` is RQ 0.13's list, and not a queue of that name. */
export function generationOf(
  workers: readonly Pick<Worker, 'version' | 'python' | 'hostname'>[],
  failedListSeen: boolean,
): Generation {
  const versions = [...new Set(workers.map(versionOf))];
  const newer = versions.some(version => version !== null && isAtLeast(version, '1.0'));
  return {
    versions,
    failedList: failedListSeen || (versions.includes(null) && !newer),
    old: (failedListSeen || versions.includes(null)) && !newer,
    python2: workers.some(worker => worker.python === null || worker.python.startsWith('2')),
  };
}

/** What the workers that serve a queue are; where none does, what all of them are. */
export function generationOfQueue(fleet: Fleet, queue: string | null): Generation {
  const serving = fleet.workers.filter(
    ({ recorded, dead, queues }) => recorded && !dead && queue !== null && queues.includes(queue),
  );
  return serving.length === 0 ? fleet : generationOf(serving, fleet.failedList);
}

/** RQ 1.0 and 1.1 record a host and no version; 0.x neither. */
function versionOf(worker: Pick<Worker, 'version' | 'hostname'>): string | null {
  return worker.version ?? (worker.hostname === null ? null : '1.0');
}

/** True where every registered worker is at least of that version; `otherwise` where none is registered. */
export function allAtLeast(generation: Generation, version: string, otherwise: boolean): boolean {
  if (generation.old) return false;
  if (generation.versions.length === 0) return otherwise;
  return generation.versions.every(each => each !== null && isAtLeast(each, version));
}

/** True where one of the registered workers is at least of that version; `otherwise` where none is registered. */
export function someAtLeast(generation: Generation, version: string, otherwise: boolean): boolean {
  if (generation.old) return false;
  if (generation.versions.length === 0) return otherwise;
  return generation.versions.some(each => each !== null && isAtLeast(each, version));
}

const isAtLeast = (version: string, bound: string): boolean => compareVersions(version, bound) >= 0;

function workerOf(key: string, reply: Reply | undefined): Worker {
  const values = list(reply).map(text);
  const of = (field: (typeof FIELDS)[number]) => values[FIELDS.indexOf(field)] || null;
  return {
    name: key.startsWith(WORKER_PREFIX) ? key.slice(WORKER_PREFIX.length) : key,
    key,
    recorded: of('birth') !== null || of('state') !== null || of('queues') !== null,
    version: of('version'),
    python: of('python_version'),
    hostname: of('hostname'),
    pid: of('pid'),
    queues: of('queues')?.split(',') ?? [],
    state: of('state'),
    currentJob: of('current_job'),
    lastHeartbeat: of('last_heartbeat'),
    dead: of('death') !== null,
  };
}

/** The broker's TIME in milliseconds since the epoch; ours where it did not tell. */
function clock(reply: Reply | undefined): number {
  const [seconds, micros] = list(reply).map(each => Number(each.toString()));
  return seconds === undefined ? Date.now() : seconds * 1000 + (micros ?? 0) / 1000;
}

export function list(reply: Reply | undefined): readonly Buffer[] {
  return Array.isArray(reply) ? (reply as readonly Buffer[]) : [];
}

export function text(reply: Reply | undefined): string | null {
  if (reply === null || reply === undefined || isFailure(reply) || Array.isArray(reply)) return null;
  return reply.toString();
}
