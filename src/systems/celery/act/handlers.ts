import { lookHandlers } from '../rabbitmq/act';
import { askHandlers } from '../workers/ask-action';
import { controlHandler } from './control';
import { jobs, others } from './declarations';
import { enqueueHandler } from './enqueue';
import {
  moveTo as moveReady,
  RUN_NOW as RUN_READY,
  queueHandler as readyQueueHandler,
  TAKE_AWAY,
} from './rabbit/actions';
import { rabbitOf } from './rabbit/ready';
import { removeReadyHandler } from './rabbit/remove';
import { readyHandler } from './rabbit/taking';
import { giveBackHandler } from './redis/give-back';
import { queueHandler } from './redis/queues';
import { runNowHandler } from './redis/run-now';
import { CANCEL, listHandler, moveTo, targetQueue } from './redis/waiting';
import { removeHandler } from './remove';
import { retryHandler } from './retry';
import { revokeHandler, terminateHandler } from './revoke';
import { scheduleHandler } from './schedules';
import type { Handler, Situation } from './situation';
import { stopHandler } from './stop';

/** Remote control of workers, the same on every kind of broker. */
const told: readonly Handler[] = [
  controlHandler(others.addConsumer),
  controlHandler(others.cancelConsumer),
  stopHandler(others.stopWorker),
  controlHandler(others.poolGrow),
  controlHandler(others.poolShrink),
  controlHandler(others.autoscale),
  ...[others.rateLimit, others.timeLimit, others.enableEvents, others.disableEvents].flatMap(declaration => [
    controlHandler(declaration),
    controlHandler(others.everywhere(declaration)),
  ]),
];

const asking: readonly Handler[] = askHandlers<Situation, never>(({ context }) => context.workers).map(handler => ({
  ...handler,
  needs: ['PUBLISH'],
}));

const schedules: readonly Handler[] = [
  scheduleHandler(others.scheduleRunNow),
  scheduleHandler(others.schedulePause),
  scheduleHandler(others.scheduleResume),
  scheduleHandler(others.reschedule),
  scheduleHandler(others.scheduleDelete),
];

/** What stands behind each declaration on Redis, in their order. */
export const redisHandlers: readonly Handler[] = [
  retryHandler(jobs.retry('redis')),
  runNowHandler(jobs.runNow('redis')),
  listHandler(jobs.cancel('redis'), () => CANCEL),
  revokeHandler(jobs.revoke),
  giveBackHandler(jobs.giveBack),
  enqueueHandler(jobs.enqueueCopy('redis')),
  terminateHandler(jobs.terminate),
  listHandler(jobs.move('redis'), (parameters, situation) => moveTo(targetQueue(parameters), situation)),
  removeHandler(jobs.remove('redis')),
  enqueueHandler(others.enqueue('redis')),
  queueHandler(others.empty('redis')),
  queueHandler(others.deleteQueue('redis')),
  enqueueHandler(others.enqueueAnywhere('redis')),
  ...asking,
  ...told,
  ...schedules,
];

const looking: readonly Handler[] = lookHandlers<Situation>(({ context }) => rabbitOf(context)).map(handler => ({
  ...(handler as Handler),
  needs: [],
}));

/** The same on RabbitMQ, which gives back by itself what a dead worker held. */
export const rabbitHandlers: readonly Handler[] = [
  retryHandler(jobs.retry('rabbitmq')),
  readyHandler(jobs.runNow('rabbitmq'), () => RUN_READY),
  readyHandler(jobs.cancel('rabbitmq'), () => TAKE_AWAY),
  revokeHandler(jobs.revoke),
  enqueueHandler(jobs.enqueueCopy('rabbitmq')),
  terminateHandler(jobs.terminate),
  readyHandler(jobs.move('rabbitmq'), parameters => moveReady(targetQueue(parameters))),
  removeReadyHandler(jobs.remove('rabbitmq')),
  ...looking,
  enqueueHandler(others.enqueue('rabbitmq')),
  readyQueueHandler(others.empty('rabbitmq')),
  readyQueueHandler(others.deleteQueue('rabbitmq')),
  enqueueHandler(others.enqueueAnywhere('rabbitmq')),
  ...asking,
  ...told,
  ...schedules,
];
