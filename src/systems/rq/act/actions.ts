import type * as acting from '../../acting/handler';
import type { RqActContext } from './context';
import type { Fleet } from './generation';
import type { Item } from './work';

/** One look at the installation, shared by everything that a plan or its run needs of it. */
export interface Situation {
  readonly context: RqActContext;
  readonly fleet: Fleet;
}

/** What stands behind a declaration. */
export interface Handler extends acting.Handler<Situation, Item> {
  /** Redis commands it needs. */
  readonly needs: readonly string[];
  /** RQ it needs: not offered where all known workers are older. */
  readonly since?: string;
}

/** What every script needs. */
export const SCRIPTS: readonly string[] = ['EVAL', 'EVALSHA'];
