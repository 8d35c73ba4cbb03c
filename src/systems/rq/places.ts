import { InspectorError, makeRef, parseRef, type Ref, type State } from '../../model';
import { type Key, keys, type Registry } from './keys';

/**
 * Where a job of RQ stands: a list, a registry, or nothing but its hash. `failed-list` is RQ 0.13's one list of failed
 * jobs, `scheduler` the sorted set of the package rq-scheduler; both belong to no queue, so the queue there is the
 * job's origin.
 */
export type Structure = 'queue' | 'intermediate' | Registry | 'failed-list' | 'scheduler' | 'hash';

export interface Place {
  readonly structure: Structure;
  readonly queue: string;
}

const STATES: Readonly<Record<Structure, State>> = {
  queue: 'waiting',
  intermediate: 'taken',
  wip: 'running',
  finished: 'finished',
  failed: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
  'failed-list': 'failed',
  scheduler: 'scheduled',
  hash: 'waiting',
};

/** The state of a job by the structure it stands in, which is what workers go by. */
export const stateOf = (structure: Structure): State => STATES[structure];

const STRUCTURES: Readonly<Partial<Record<State, Structure>>> = {
  waiting: 'queue',
  taken: 'intermediate',
  running: 'wip',
  finished: 'finished',
  failed: 'failed',
  deferred: 'deferred',
  scheduled: 'scheduled',
  canceled: 'canceled',
};

/** The structure that holds a queue's jobs of a state; undefined where RQ has no such state. */
export const structureOf = (state: State): Structure | undefined => STRUCTURES[state];

/** Key of the list or sorted set; null for a job that stands nowhere. */
export function keyOfPlace({ structure, queue }: Place): Key | null {
  switch (structure) {
    case 'queue':
      return keys.queue(queue);
    case 'intermediate':
      return keys.intermediate(queue);
    case 'failed-list':
      return keys.legacyFailed;
    case 'scheduler':
      return keys.schedulerJobs;
    case 'hash':
      return null;
    default:
      return keys.registry(structure, queue);
  }
}

export const isList = (structure: Structure): boolean =>
  structure === 'queue' || structure === 'intermediate' || structure === 'failed-list';

/** Ref of a job: place `failed:default`, locator the id (or `id:execution` as it stands in a `wip` registry). */
export function refOf(place: Place, member: string): Ref {
  return makeRef({
    system: 'rq',
    installation: '',
    place: `${place.structure}:${place.queue}`,
    locator: member,
  });
}

export interface Located {
  readonly place: Place;
  /** As it stands in the structure. */
  readonly member: string;
  readonly id: string;
}

/** @throws InspectorError `bad-request` where the ref is none of RQ's. */
export function locate(ref: Ref): Located {
  const { system, place, locator } = parseRef(ref);
  const colon = place.indexOf(':');
  const structure = place.slice(0, colon);
  if (system !== 'rq' || colon < 0 || !Object.hasOwn(STATES, structure)) {
    throw new InspectorError('bad-request', {
      message: `"${ref.slice(0, 200)}" is no reference of an RQ job.`,
      tried: 'reading the reference of a job',
      answer: `its place is "${place.slice(0, 100)}"`,
      remedy: 'Use the ref that a row or a job carries, or the id of the job.',
    });
  }
  const where: Place = { structure: structure as Structure, queue: place.slice(colon + 1) };
  return { place: where, member: locator, id: idOfMember(where.structure, locator) };
}

/** `<id>:<execution>` of RQ 2.0 and later; the execution is `uuid4().hex` (rq/executions.py). */
const EXECUTION = /^(.*):([0-9a-f]{32})$/s;

/** The id of a registry's member: in `wip` of RQ 2.0 and later the execution follows the id. */
export function idOfMember(structure: Structure, member: string): string {
  return structure === 'wip' ? (EXECUTION.exec(member)?.[1] ?? member) : member;
}

export function executionOfMember(member: string): string | null {
  return EXECUTION.exec(member)?.[2] ?? null;
}
