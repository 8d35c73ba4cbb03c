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
import type { Handler } from './handler';
import { type RunOptions, runWork } from './runner';

/** The acting half of an installation; see Installation in the model. */
export interface Actions {
  readonly declarations: readonly ActionDeclaration[];
  actions(target: Target, state: State | null): readonly Offer[];
  plan(request: ActionRequest, signal: AbortSignal): Promise<Plan>;
  perform(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Report, void>;
}

export interface ActionParts<S, H extends Handler<S>> {
  /** The system's title, for messages. */
  readonly title: string;
  readonly handlers: readonly H[];
  /** Whether an action can be done on this broker, and why not. No round trip. */
  offer(handler: H): Offer;
  /** One look at the installation, before each plan and each run. */
  look(signal: AbortSignal): Promise<S>;
  runOptions(situation: S): RunOptions;
}

/** What every system does with its declared actions: find the handler, refuse what cannot be, plan, run in steps. */
export function createActions<S, H extends Handler<S>>(parts: ActionParts<S, H>): Actions {
  const { handlers } = parts;
  return {
    declarations: handlers.map(({ declaration }) => declaration),
    actions: (target, state) =>
      handlers.filter(({ declaration }) => concerns(declaration, target, state)).map(handler => parts.offer(handler)),
    plan: async (request, signal) => {
      const handler = handlerOf(parts, request.action, request.targets);
      const offer = parts.offer(handler);
      if (!offer.available) throw unavailable(handler.declaration, offer.why);
      checkParameterNames(handler.declaration, request.parameters);
      return handler.plan(request, await parts.look(signal), signal);
    },
    perform: (plan, signal) => perform(parts, plan, signal),
  };
}

async function* perform<S, H extends Handler<S>>(
  parts: ActionParts<S, H>,
  plan: Plan,
  signal: AbortSignal,
): AsyncGenerator<Step, Report, void> {
  const handler = handlerOf(parts, plan.action.id, plan.targets);
  try {
    const situation = await parts.look(signal);
    const work = await handler.work(plan, situation, signal);
    return yield* runWork(work, parts.runOptions(situation), signal);
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
function handlerOf<S, H extends Handler<S>>(
  { title, handlers }: ActionParts<S, H>,
  id: string,
  targets: readonly Target[],
): H {
  const kinds = new Set(targets.map(target => KINDS[target.kind]));
  const named = handlers.filter(({ declaration }) => declaration.id === id);
  const found = named.find(({ declaration }) => kinds.has(declaration.target));
  if (found !== undefined && kinds.size === 1) return found;
  throw new InspectorError(named.length === 0 ? 'unknown-action' : 'bad-request', {
    message:
      named.length === 0
        ? `${title} has no action "${id.slice(0, 60)}".`
        : `"${id}" is for a ${named.map(({ declaration }) => declaration.target).join(' or a ')}.`,
    tried: `finding the action ${id.slice(0, 60)}`,
    answer: kinds.size === 0 ? 'no target was named' : `the target is a ${[...kinds].join(' and a ')}`,
    remedy: `Actions of ${title}: ${[...new Set(handlers.map(({ declaration }) => declaration.id))].join(', ')}.`,
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
