import type { ActionDeclaration } from '../../../../model';
import { enqueueParameters } from './parameters';

const ATOMIC = { kind: 'atomic', words: 'All or nothing.' } as const;
const PAUSE_DETAIL =
  'This pauses all queues of this Redis: RQ knows no other pause. A worker that is already waiting for a job may still take one.';

/** Actions on queues, on the installation, on workers and schedules. Their texts are shown literally. */
export const enqueue: ActionDeclaration = {
  id: 'enqueue',
  title: 'Enqueue…',
  target: 'queue',
  effect: 'adds',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Enqueue a job in {queue}?', other: 'Enqueue {n} jobs in {queue}?' },
    detail: 'A worker that serves the queue runs it.',
    button: { one: 'Enqueue', other: 'Enqueue' },
    done: { one: 'Enqueued as {id}.', other: 'Enqueued {n} jobs.' },
  },
  icon: 'add',
  group: '2_do',
  asks: 'call',
  parameters: enqueueParameters,
};

export const enqueueAnywhere: ActionDeclaration = {
  ...enqueue,
  target: 'installation',
  parameters: { ...enqueueParameters, required: ['task', 'queue'] },
};

export const empty: ActionDeclaration = {
  id: 'empty',
  title: 'Empty queue…',
  target: 'queue',
  effect: 'destroys',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Empty {queue}?', other: 'Empty {queue}?' },
    detail: 'The waiting jobs are removed. Those that are running or held go on.',
    button: { one: 'Remove {n} job', other: 'Remove {n} jobs' },
    done: { one: 'Emptied {queue}: {n} job.', other: 'Emptied {queue}: {n} jobs.' },
  },
  icon: 'clear-all',
  group: '4_destroy',
};

export const deleteQueue: ActionDeclaration = {
  id: 'delete-queue',
  title: 'Delete queue…',
  target: 'queue',
  effect: 'destroys',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Delete the queue {queue}?', other: 'Delete the queue {queue}?' },
    detail: 'Its waiting jobs are removed and its name is taken off the list of queues.',
    button: { one: 'Delete queue', other: 'Delete queue' },
    done: { one: 'Deleted {queue}.', other: 'Deleted {queue}.' },
  },
  icon: 'trash',
  group: '4_destroy',
};

export const pause: ActionDeclaration = {
  id: 'pause',
  title: 'Pause',
  target: 'installation',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Pause {name}?', other: 'Pause {name}?' },
    detail: PAUSE_DETAIL,
    button: { one: 'Pause', other: 'Pause' },
    done: { one: 'Paused.', other: 'Paused.' },
  },
  icon: 'debug-pause',
  group: '2_do',
  caution: 'A worker that is already waiting for a job may still take one.',
  parameters: {
    type: 'object',
    properties: {
      duration: {
        type: 'string',
        title: 'For',
        description: 'Resumes by itself after this time: 90s, 15m, 2h; empty = until resumed',
        format: 'duration',
        group: 'options',
      },
    },
  },
};

export const resume: ActionDeclaration = {
  id: 'resume',
  title: 'Resume',
  target: 'installation',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Resume {name}?', other: 'Resume {name}?' },
    detail: 'Workers take jobs again.',
    button: { one: 'Resume', other: 'Resume' },
    done: { one: 'Resumed.', other: 'Resumed.' },
  },
  icon: 'debug-continue',
  group: '2_do',
};

export const stopWorker: ActionDeclaration = {
  id: 'stop-worker',
  title: 'Stop…',
  target: 'worker',
  effect: 'changes',
  guarantee: {
    kind: 'at-least-once',
    words: 'The worker is told by a message, which Redis does not keep: it ends if it hears it.',
  },
  undo: { kind: 'none', reason: 'A worker that has ended is started again where it runs.' },
  words: {
    ask: { one: 'Stop {name}?', other: 'Stop {n} workers?' },
    detail: 'It ends after its current job.',
    button: { one: 'Stop worker', other: 'Stop {n} workers' },
    done: { one: '{name} was asked to stop.', other: '{n} workers were asked to stop.' },
  },
  icon: 'debug-stop',
  group: '4_destroy',
};

export const forgetWorker: ActionDeclaration = {
  id: 'forget-worker',
  title: 'Remove record…',
  target: 'worker',
  effect: 'destroys',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Remove the record of {name}?', other: 'Remove the records of {n} workers?' },
    detail: 'The worker is dead; only its record is left. A job that it ran stays where it is.',
    button: { one: 'Remove record', other: 'Remove {n} records' },
    done: { one: 'Removed the record of {name}.', other: 'Removed {n} records.' },
  },
  icon: 'trash',
  group: '4_destroy',
};

export const scheduleRunNow: ActionDeclaration = {
  id: 'run-now',
  title: 'Run now',
  target: 'schedule',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Run {id} now?', other: 'Run {n} schedules now?' },
    detail: 'Its job goes to the front of {queue}. What repeats keeps its next time.',
    button: { one: 'Run now', other: 'Run now' },
    done: { one: 'The job is waiting in {queue}.', other: '{n} jobs are waiting.' },
  },
  icon: 'run',
  group: '2_do',
};

export const scheduleDelete: ActionDeclaration = {
  id: 'delete',
  title: 'Remove…',
  target: 'schedule',
  effect: 'destroys',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Remove the schedule {id}?', other: 'Remove {n} schedules?' },
    detail: 'It can be put back from the journal.',
    button: { one: 'Remove', other: 'Remove' },
    done: { one: 'Removed {id}.', other: 'Removed {n} schedules.' },
  },
  icon: 'trash',
  group: '4_destroy',
};

export const reschedule: ActionDeclaration = {
  id: 'reschedule',
  title: 'Reschedule…',
  target: 'schedule',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Reschedule {id}?', other: 'Reschedule {n} schedules?' },
    detail: 'Only the next run is set; what repeats goes on from there.',
    button: { one: 'Reschedule', other: 'Reschedule' },
    done: { one: 'Rescheduled {id}.', other: 'Rescheduled {n} schedules.' },
  },
  icon: 'watch',
  group: '2_do',
  asks: 'values',
  parameters: {
    type: 'object',
    required: ['at'],
    properties: { at: { type: 'string', title: 'Next run', format: 'instant' } },
  },
};
