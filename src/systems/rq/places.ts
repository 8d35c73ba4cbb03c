import { InspectorError, makeRef, parseRef, type Ref, type State } from '../../model';
import { parsePlace, placeText, type RqPlace, type Structure } from './keys';

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
  job: 'waiting',
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

export const isList = (structure: Structure): boolean =>
  structure === 'queue' || structure === 'intermediate' || structure === 'failed-list';

/** Whether members are the ids of jobs as they are; in `wip` of RQ ≥ 2.0 the execution stands behind. */
export const isJobId = (structure: Structure): boolean => structure !== 'wip';

/** Ref of a job: place `failed:default`, locator the id (or `id:execution` as it stands in a `wip` registry). */
export function refOf(place: RqPlace, member: string): Ref {
  return makeRef({ system: 'rq', installation: '', place: placeText(place), locator: member });
}

export interface Located {
  readonly place: RqPlace;
  /** As it stands in the structure. */
  readonly member: string;
  readonly id: string;
}

/** @throws InspectorError `bad-request` where the ref is none of RQ's. */
export function locate(ref: Ref): Located {
  const { system, place, locator } = parseRef(ref);
  const where = system === 'rq' ? parsePlace(place) : null;
  if (where === null) {
    throw new InspectorError('bad-request', {
      message: `"${ref.slice(0, 200)}" is no reference of an RQ job.`,
      tried: 'reading the reference of a job',
      answer: `its system is "${system.slice(0, 40)}" and its place "${place.slice(0, 100)}"`,
      remedy: 'Use the ref that a row or a job carries, or the id of the job.',
    });
  }
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
