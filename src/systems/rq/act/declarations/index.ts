import type { ActionDeclaration } from '../../../../model';
import * as jobs from './jobs';
import * as others from './others';

/** Everything that can be done to RQ, in menu order. `run-now`, `delete` and `enqueue` stand once for each kind of target. */
export const declarations: readonly ActionDeclaration[] = [
  jobs.retry,
  jobs.runNow,
  jobs.stop,
  jobs.cancel,
  jobs.enqueueCopy,
  jobs.move,
  jobs.moveToFront,
  jobs.remove,
  others.enqueue,
  others.empty,
  others.deleteQueue,
  others.enqueueAnywhere,
  others.pause,
  others.resume,
  others.stopWorker,
  others.forgetWorker,
  others.scheduleRunNow,
  others.reschedule,
  others.scheduleDelete,
];

export { jobs, others };
