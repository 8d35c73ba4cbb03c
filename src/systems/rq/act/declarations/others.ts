import type { ActionDeclaration } from '../../../../model';
import * as shared from '../../../acting/declare';
import { ATOMIC } from '../../../acting/declare';
import { NOUN } from '../../native';
import { enqueueParameters } from './parameters';

export { scheduleDelete } from '../../../acting/declare';

const PAUSE_DETAIL =
  'This pauses all queues of this Redis: RQ knows no other pause. A worker that is already waiting for a job may still take one.';

/** Actions on queues, on the installation, on workers and schedules. Their texts are shown literally. */
export const enqueue = shared.jobDeclarations(NOUN).enqueue({ guarantee: ATOMIC, parameters: enqueueParameters });

export const enqueueAnywhere: ActionDeclaration = {
  ...enqueue,
  target: 'installation',
  parameters: { ...enqueueParameters, required: ['task', 'queue'] },
};

export const empty = shared.emptyQueue(NOUN, {
  guarantee: ATOMIC,
  detail: 'The waiting jobs are removed. Those that are running or held go on.',
});

export const deleteQueue = shared.deleteQueue({
  guarantee: ATOMIC,
  detail: 'Its waiting jobs are removed and its name is taken off the list of queues.',
});

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

export const stopWorker = shared.stopWorker({
  guarantee: {
    kind: 'at-least-once',
    words: 'The worker is told by a message, which Redis does not keep: it ends if it hears it.',
  },
  detail: 'It ends after its current job.',
});

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

export const scheduleRunNow = shared.scheduleRunNow(
  { one: 'The job is waiting in {queue}.', other: '{n} jobs are waiting.' },
  { guarantee: ATOMIC, detail: 'Its job goes to the front of {queue}. What repeats keeps its next time.' },
);

export const reschedule = shared.reschedule({
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  detail: 'Only the next run is set; what repeats goes on from there.',
  parameters: {
    type: 'object',
    required: ['at'],
    properties: { at: { type: 'string', title: 'Next run', format: 'instant' } },
  },
});
