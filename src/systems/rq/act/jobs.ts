import type { ActionDeclaration, ActionRequest, Plan } from '../../../model';
import { decided, onlyBatch, outcome, Sequence } from '../../acting/work';
import { JOB_PREFIX } from '../keys';
import type { Handler, Situation } from './actions';

import { DESTROY_NEEDS, DestroyWork } from './destroy';
import { list } from './generation';
import { planJobs } from './plan';
import { RELOCATE_NEEDS, RelocationWork } from './relocate';
import { BACKWARDS, MOVERS, type Mover, momentOf, queueParameter } from './relocations';
import { parentsOf } from './saved-jobs';
import { sizesOf, sourcesOf } from './sources';
import { type Latin1, readable, wire } from './undo';
import { type Source, Walk } from './walk';
import type { Item, Work } from './work';

/** An action that takes jobs from one structure to another. */
export function movingHandler(declaration: ActionDeclaration): Handler {
  const mover = MOVERS[declaration.id];
  if (mover === undefined) throw new Error(`No mover for ${declaration.id}.`);
  return {
    declaration,
    needs: RELOCATE_NEEDS,
    plan: (request, situation, signal) => {
      if (declaration.asks === 'queue') queueParameter(request.parameters['queue'], true);
      return planJobs(declaration, request, situation, signal, place => {
        const moved = mover(place, momentOf(situation.fleet), request.parameters);
        return typeof moved === 'string' ? moved : { allow: moved.allow, target: moved.to?.place ?? null };
      });
    },
    work: (plan, situation, signal) => moving(declaration, mover, plan, situation, signal),
  };
}

async function moving(
  { id }: ActionDeclaration,
  mover: Mover,
  plan: Plan,
  { context, fleet }: Situation,
  signal: AbortSignal,
): Promise<Work> {
  const { broker } = context;
  const sources = await sourcesOf(context, plan.targets, fleet.failedList, signal);
  const sizes = await sizesOf(broker, sources, signal);
  const backwards = BACKWARDS.has(id);
  const moment = momentOf(fleet);
  return new Sequence(
    sources.flatMap((source, index): Work[] => {
      const size = sizes[index] ?? 0;
      if (size === 0) return [];
      const relocation = mover(source.place, moment, plan.parameters);
      if (typeof relocation === 'string') return [refusing(source, relocation)];
      const unlink = id === 'cancel' && source.place.structure === 'deferred';
      const parents = unlink
        ? (items: readonly Item[], during: AbortSignal) => dependentsOfParents({ context, fleet }, items, during)
        : null;
      return [new RelocationWork(broker, new Walk(broker, source, size, backwards), size, relocation, parents)];
    }),
  );
}

/** Sets of dependents in which deferred jobs stand, so that no parent releases what was canceled. */
async function dependentsOfParents(
  { context }: Situation,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<Latin1[][]> {
  const replies = await context.broker.read(
    items.map(({ id }) => ['HMGET', wire(JOB_PREFIX + id), 'dependency_ids', 'dependency_id'] as const),
    signal,
  );
  return replies.map(reply => {
    const [ids, first] = list(reply) as readonly (Buffer | null)[];
    return parentsOf(ids ?? null, first ?? null).map(parent => `rq:job:${parent}:dependents`);
  });
}

/** Exact copies first, then gone: `delete` of jobs. */
export function deletingHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: DESTROY_NEEDS,
    plan: (request: ActionRequest, situation, signal) =>
      planJobs(declaration, request, situation, signal, place =>
        place.structure === 'wip' ? 'it runs: stop it first' : { allow: null, target: null },
      ),
    work: async (plan, situation, signal) => {
      const sources = await sourcesOf(situation.context, plan.targets, situation.fleet.failedList, signal);
      return destroying('rq delete', sources, situation, signal);
    },
  };
}

/** Destroys all jobs of the sources, saved before. */
export async function destroying(
  name: string,
  sources: readonly Source[],
  { context, fleet }: Situation,
  signal: AbortSignal,
): Promise<Work> {
  const { broker } = context;
  const sizes = await sizesOf(broker, sources, signal);
  const running = new Set(
    fleet.workers.flatMap(({ dead, currentJob }) => (dead || currentJob === null ? [] : [currentJob])),
  );
  return new Sequence(
    sources.flatMap((source, index): Work[] => {
      const size = sizes[index] ?? 0;
      if (size === 0) return [];
      const walk = new Walk(broker, source, size);
      return [new DestroyWork(broker, walk, size, { name, clockOffset: fleet.clockOffset, running })];
    }),
  );
}

/** Jobs that the action does not touch, each with the reason. */
function refusing({ items }: Source, reason: string): Work {
  const refused = (items ?? []).map(({ id, ref }) => outcome({ id: readable(id), ref }, 'refused', reason));
  return onlyBatch(refused.length, decided(refused));
}
