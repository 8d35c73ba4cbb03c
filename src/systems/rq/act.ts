import { type Actions, createActions } from '../acting/actions';
import type { RqActContext } from './act/context';
import { readFleet } from './act/generation';
import { handlers } from './act/handlers';
import { offerOf } from './act/offer';
import { stepRecordKey } from './keys';

export { type Generation, generationOf } from './act/generation';

/** The acting half of an installation of RQ. */
export function createRqActions(context: RqActContext): Actions {
  return createActions({
    title: 'RQ',
    handlers,
    offer: handler => offerOf(handler, context),
    look: async signal => ({ context, fleet: await readFleet(context.broker, signal) }),
    runOptions: ({ fleet }) => ({ roundTrip: fleet.roundTrip, recordOf: stepRecordKey }),
  });
}
