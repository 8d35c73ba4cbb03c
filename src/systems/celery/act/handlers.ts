import { lookHandlers } from '../rabbitmq/act';
import { askHandlers } from '../workers/ask-action';
import { controlHandler } from './control';
import { schedules as beat, jobs, queues, workers } from './declarations';
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
  controlHandler(queues.addConsumer),
  controlHandler(queues.cancelConsumer),
  stopHandler(workers.stopWorker),
  controlHandler(workers.poolGrow),
  controlHandler(workers.poolShrink),
  controlHandler(workers.autoscale),
  ...[workers.rateLimit, workers.timeLimit, workers.enableEvents, workers.disableEvents].flatMap(declaration => [
    controlHandler(declaration),
    controlHandler(workers.everywhere(declaration)),
  ]),
];

const asking: readonly Handler[] = askHandlers<Situation, never>(({ context }) => context.workers).map(handler => ({
  ...handler,
  needs: ['PUBLISH'],
}));

const schedules: readonly Handler[] = [
  scheduleHandler(beat.scheduleRunNow),
  scheduleHandler(beat.schedulePause),
  scheduleHandler(beat.scheduleResume),
  scheduleHandler(beat.reschedule),
  scheduleHandler(beat.scheduleDelete),
];

/** What stands behind each declaration on Redis, in their order. */
export const redisHandlers: readonly Handler[] = [
  retryHandler(jobs.retry('redis')),
  runNowHandler(jobs.runNow('redis')),
  listHandler(jobs.cancel('redis'), () => CANCEL),
  revokeHandler(jobs.revoke),
  revokeHandler(jobs.revokeById),
  giveBackHandler(jobs.giveBack),
  enqueueHandler(jobs.enqueueCopy('redis')),
  terminateHandler(jobs.terminate),
  listHandler(jobs.move('redis'), (parameters, situation) => moveTo(targetQueue(parameters), situation)),
  removeHandler(jobs.remove('redis')),
  enqueueHandler(queues.enqueue('redis')),
  queueHandler(queues.empty('redis')),
  queueHandler(queues.deleteQueue('redis')),
  enqueueHandler(queues.enqueueAnywhere('redis')),
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
  revokeHandler(jobs.revokeById),
  enqueueHandler(jobs.enqueueCopy('rabbitmq')),
  terminateHandler(jobs.terminate),
  readyHandler(jobs.move('rabbitmq'), parameters => moveReady(targetQueue(parameters))),
  removeReadyHandler(jobs.remove('rabbitmq')),
  ...looking,
  enqueueHandler(queues.enqueue('rabbitmq')),
  readyQueueHandler(queues.empty('rabbitmq')),
  readyQueueHandler(queues.deleteQueue('rabbitmq')),
  enqueueHandler(queues.enqueueAnywhere('rabbitmq')),
  ...asking,
  ...told,
  ...schedules,
];
