import type { Handler } from './actions';
import { jobs, others } from './declarations';
import { enqueueHandler } from './enqueue';
import { deletingHandler, movingHandler } from './jobs';

/** What stands behind each declaration. */
export const handlers: readonly Handler[] = [
  movingHandler(jobs.retry),
  movingHandler(jobs.runNow),
  movingHandler(jobs.cancel),
  enqueueHandler(jobs.enqueueCopy),
  movingHandler(jobs.move),
  movingHandler(jobs.moveToFront),
  deletingHandler(jobs.remove),
  enqueueHandler(others.enqueue),
  enqueueHandler(others.enqueueAnywhere),
];
