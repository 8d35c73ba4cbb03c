import {
  type ActionDeclaration,
  type ActionRequest,
  checkParameterNames,
  InspectorError,
  isAbort,
  type Offer,
  type Plan,
  type Report,
  type State,
  type Step,
  type Target,
  type TargetKind,
} from '../../model';
import type { Handler } from './act/actions';
import type { RqActContext } from './act/context';

import { readFleet } from './act/generation';
import { handlers } from './act/handlers';
import { offerOf } from './act/offer';
import { runWork } from './act/runner';

export type { RqActContext } from './act/context';
export { type Fleet, type Generation, generationOf, readFleet } from './act/generation';

/** The acting half of an installation of RQ; see Installation in the model. */
export interface RqActions {
  readonly declarations: readonly ActionDeclaration[];
  actions(target: Target, state: State | null): readonly Offer[];
  plan(request: ActionRequest, signal: AbortSignal): Promise<Plan>;
  perform(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Report, void>;
}

export function createRqActions(context: RqActContext): RqActions {
  return {
    declarations: handlers.map(({ declaration }) => declaration),
    actions: (target, state) =>
      handlers
        .filter(({ declaration }) => concerns(declaration, target, state))
        .map(handler => offerOf(handler, context)),
    plan: async (request, signal) => {
      const handler = handlerOf(request.action, request.targets);
      const offer = offerOf(handler, context);
      if (!offer.available) throw unavailable(handler.declaration, offer.why);
      checkParameterNames(handler.declaration, request.parameters);
      return handler.plan(request, { context, fleet: await readFleet(context.broker, signal) }, signal);
    },
    perform: (plan, signal) => perform(plan, context, signal),
  };
}

async function* perform(plan: Plan, context: RqActContext, signal: AbortSignal): AsyncGenerator<Step, Report, void> {
  const handler = handlerOf(plan.action.id, plan.targets);
  try {
    const fleet = await readFleet(context.broker, signal);
    const work = await handler.work(plan, { context, fleet }, signal);
    return yield* runWork(work, fleet.roundTrip, signal);
  } catch (error) {
    // Stopped before the first step: nothing has been done, and that is the report.
    if (!isAbort(error)) throw error;
    return { counts: { done: 0, gone: 0, refused: 0, failed: 0, unknown: 0 }, items: [], stopped: true };
  }
}

const KINDS: Readonly<Record<Target['kind'], TargetKind>> = {
  jobs: 'job',
  selector: 'job',
  queue: 'queue',
  worker: 'worker',
  schedule: 'schedule',
  installation: 'installation',
};

function concerns(
  { target: kind, states, bulkTitle }: ActionDeclaration,
  target: Target,
  state: State | null,
): boolean {
  if (kind !== KINDS[target.kind]) return false;
  const of = target.kind === 'selector' ? target.state : state;
  if (of !== null && states !== undefined && !states.includes(of)) return false;
  return target.kind !== 'selector' || bulkTitle !== undefined;
}

/** @throws InspectorError `unknown-action`, `bad-request` for targets of several kinds. */
function handlerOf(id: string, targets: readonly Target[]): Handler {
  const kinds = new Set(targets.map(target => KINDS[target.kind]));
  const named = handlers.filter(({ declaration }) => declaration.id === id);
  const found = named.find(({ declaration }) => kinds.has(declaration.target));
  if (found !== undefined && kinds.size === 1) return found;
  throw new InspectorError(named.length === 0 ? 'unknown-action' : 'bad-request', {
    message:
      named.length === 0
        ? `RQ has no action "${id.slice(0, 60)}".`
        : `"${id}" is for a ${named.map(({ declaration }) => declaration.target).join(' or a ')}.`,
    tried: `finding the action ${id.slice(0, 60)}`,
    answer: kinds.size === 0 ? 'no target was named' : `the target is a ${[...kinds].join(' and a ')}`,
    remedy: `Actions of RQ: ${[...new Set(handlers.map(({ declaration }) => declaration.id))].join(', ')}.`,
  });
}

function unavailable({ id, title }: ActionDeclaration, why: string): InspectorError {
  return new InspectorError('forbidden', {
    message: `${title.replace('…', '')} is not possible: ${why}.`,
    tried: `planning ${id}`,
    answer: why,
    remedy: 'Use a connection that allows it.',
  });
}
