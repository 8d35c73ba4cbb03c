import type { ActionDeclaration, ActionRequest, ItemOutcome, Plan } from '../../../model';
import type { RqActContext } from './context';
import type { Fleet } from './generation';
import type { Batch, Work } from './work';

/** One look at the installation, shared by everything that a plan or its run needs of it. */
export interface Situation {
  readonly context: RqActContext;
  readonly fleet: Fleet;
}

/** What stands behind a declaration. */
export interface Handler {
  readonly declaration: ActionDeclaration;
  /** Redis commands it needs. */
  readonly needs: readonly string[];
  /** RQ it needs: not offered where all known workers are older. */
  readonly since?: string;
  plan(request: ActionRequest, situation: Situation, signal: AbortSignal): Promise<Plan>;
  /** What carries the plan out. */
  work(plan: Plan, situation: Situation, signal: AbortSignal): Promise<Work>;
}

/** What every script needs. */
export const SCRIPTS: readonly string[] = ['EVAL', 'EVALSHA'];

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

/** Work of one step. */
export function onlyBatch(total: number, batch: Batch): Work {
  return new Batches(total, [async () => batch]);
}

/** Steps that are each made when their turn comes. */
export class Batches implements Work {
  readonly total: number;
  readonly #makers: ((signal: AbortSignal) => Promise<Batch | null>)[];

  constructor(total: number, makers: readonly ((signal: AbortSignal) => Promise<Batch | null>)[]) {
    this.total = total;
    this.#makers = [...makers];
  }

  async next(_size: number, signal: AbortSignal): Promise<Batch | null> {
    for (let make = this.#makers.shift(); make !== undefined; make = this.#makers.shift()) {
      const batch = await make(signal);
      if (batch !== null) return batch;
    }
    return null;
  }
}

/** A step that does nothing but say what was left alone. */
export function decided(outcomes: readonly ItemOutcome[]): Batch {
  return { subjects: [], undo: [], outcomes, weight: 0, run: async () => ({ outcomes: [], undo: [] }) };
}

/** One work after the other. */
export class Sequence implements Work {
  readonly total: number;
  readonly #works: Work[];
  #last: Work | undefined;

  constructor(works: readonly Work[]) {
    this.#works = [...works];
    this.total = works.reduce((sum, work) => sum + work.total, 0);
  }

  async next(size: number, signal: AbortSignal): ReturnType<Work['next']> {
    for (let work = this.#works[0]; work !== undefined; work = this.#works[0]) {
      const batch = await work.next(size, signal);
      if (batch !== null) {
        this.#last = work;
        return batch;
      }
      this.#works.shift();
    }
    return null;
  }

  settle(did: Parameters<NonNullable<Work['settle']>>[0]): void {
    this.#last?.settle?.(did);
  }
}
