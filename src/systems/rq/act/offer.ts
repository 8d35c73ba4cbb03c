import type { Offer } from '../../../model';
import type { Handler } from './actions';
import type { RqActContext } from './context';
import { someAtLeast } from './generation';

/** Whether an action can be done on this broker, and why not. No round trip. */
export function offerOf({ declaration, needs, since }: Handler, context: RqActContext): Offer {
  const why = whyNot(needs, since, context);
  return why === null ? { action: declaration, available: true } : { action: declaration, available: false, why };
}

function whyNot(needs: readonly string[], since: string | undefined, { broker, known }: RqActContext): string | null {
  if (broker.server.mode === 'cluster')
    return 'on a Redis Cluster the keys of RQ lie on several nodes; it is shown only';
  if (broker.server.role === 'replica') return 'this Redis is a replica and takes no changes';
  for (const command of needs) {
    const may = broker.may(command);
    if (may !== true) return may;
  }
  const generation = known();
  if (since === undefined || generation === null || someAtLeast(generation, since, true)) return null;
  return `needs RQ ${since}, and the workers here are older`;
}
