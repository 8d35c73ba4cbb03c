import type { Handler } from './actions';
import { stopHandler, stopWorkerHandler } from './commands';
import { jobs, others } from './declarations';
import { enqueueHandler } from './enqueue';
import { deletingHandler, movingHandler } from './jobs';
import { queueHandler } from './queues';
import { scheduleHandler, unscheduleHandler } from './schedules';
import { suspendHandler } from './suspend';
import { forgetHandler } from './workers';

/** What stands behind each declaration, in their order. */
export const handlers: readonly Handler[] = [
  movingHandler(jobs.retry),
  movingHandler(jobs.runNow),
  stopHandler(jobs.stop),
  movingHandler(jobs.cancel),
  enqueueHandler(jobs.enqueueCopy),
  movingHandler(jobs.move),
  movingHandler(jobs.moveToFront),
  deletingHandler(jobs.remove),
  enqueueHandler(others.enqueue),
  queueHandler(others.empty),
  queueHandler(others.deleteQueue),
  enqueueHandler(others.enqueueAnywhere),
  suspendHandler(others.pause),
  suspendHandler(others.resume),
  stopWorkerHandler(others.stopWorker),
  forgetHandler(others.forgetWorker),
  scheduleHandler(others.scheduleRunNow),
  scheduleHandler(others.reschedule),
  unscheduleHandler(others.scheduleDelete),
];
