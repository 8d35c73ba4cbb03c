import { createActions } from '../acting/actions';
import { rabbitHandlers, redisHandlers } from './act/handlers';
import { type Handler, look, offerOf, type Situation } from './act/situation';
import { stepRecordKey } from './keys';
import type { CreateActions } from './parts';

/** The acting half of an installation of Celery. */
export const createCeleryActions: CreateActions = context =>
  createActions<Situation, Handler>({
    title: 'Celery',
    handlers: context.broker.kind === 'redis' ? redisHandlers : rabbitHandlers,
    offer: handler => offerOf(handler, context),
    look: signal => look(context, signal),
    runOptions: ({ roundTrip }) => ({ roundTrip, recordOf: stepRecordKey }),
  });
