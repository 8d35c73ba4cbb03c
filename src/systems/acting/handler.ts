import type { ActionDeclaration, ActionRequest, Plan } from '../../model';
import type { Work } from './work';

/** What stands behind a declaration. @typeParam S one look at the installation, shared by all that a plan needs of it */
export interface Handler<S, I = unknown> {
  readonly declaration: ActionDeclaration;
  plan(request: ActionRequest, situation: S, signal: AbortSignal): Promise<Plan>;
  /** What carries the plan out. */
  work(plan: Plan, situation: S, signal: AbortSignal): Promise<Work<I>>;
}

/** A plan of something else than jobs. */
export function simplePlan(
  request: ActionRequest,
  action: ActionDeclaration,
  parts: Partial<Plan> & Pick<Plan, 'total'>,
): Plan {
  const { undo } = action;
  return {
    action,
    targets: request.targets,
    parameters: request.parameters,
    byQueue: [],
    sample: [],
    leftOut: [],
    undoable: undo.kind !== 'none',
    notUndoable: undo.kind === 'none' ? undo.reason : null,
    savedBytes: 0,
    cautions: [],
    ...parts,
  };
}
