import type { ActionDeclaration, ActionRequest, Plan } from '../../../model';
import type { RqActContext } from './context';
import type { Fleet } from './generation';
import type { Work } from './work';

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
