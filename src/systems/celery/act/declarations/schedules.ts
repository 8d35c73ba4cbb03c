import type { ActionDeclaration } from '../../../../model';
import { moving } from './guarantees';
import { scheduleParameters } from './parameters';

/** Entries of RedBeat. Their texts are shown literally. */
const RED_BEAT = moving('redis');

export const scheduleRunNow: ActionDeclaration = {
  id: 'run-now',
  title: 'Run now',
  target: 'schedule',
  effect: 'changes',
  guarantee: RED_BEAT,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Run {id} now?', other: 'Run {n} schedules now?' },
    detail: 'RedBeat sends its task at its next look, then goes on with the schedule counted from that run.',
    button: { one: 'Run now', other: 'Run now' },
    done: { one: 'RedBeat sends {id} at its next look.', other: 'RedBeat sends {n} tasks at its next look.' },
  },
  icon: 'run',
  group: '2_do',
};

export const schedulePause: ActionDeclaration = {
  id: 'pause',
  title: 'Pause',
  target: 'schedule',
  effect: 'changes',
  guarantee: RED_BEAT,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Pause the schedule {id}?', other: 'Pause {n} schedules?' },
    detail: 'RedBeat sends its task no more until it is resumed.',
    button: { one: 'Pause', other: 'Pause' },
    done: { one: 'Paused {id}.', other: 'Paused {n} schedules.' },
  },
  icon: 'debug-pause',
  group: '2_do',
};

export const scheduleResume: ActionDeclaration = {
  id: 'resume',
  title: 'Resume',
  target: 'schedule',
  effect: 'changes',
  guarantee: RED_BEAT,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Resume the schedule {id}?', other: 'Resume {n} schedules?' },
    detail: 'RedBeat sends its task again; a run that was missed meanwhile is sent once, at once.',
    button: { one: 'Resume', other: 'Resume' },
    done: { one: 'Resumed {id}.', other: 'Resumed {n} schedules.' },
  },
  icon: 'debug-continue',
  group: '2_do',
};

export const reschedule: ActionDeclaration = {
  id: 'reschedule',
  title: 'Reschedule…',
  target: 'schedule',
  effect: 'changes',
  guarantee: RED_BEAT,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Reschedule {id}?', other: 'Reschedule {n} schedules?' },
    detail: 'Its next runs are counted by the new schedule from its last run on.',
    button: { one: 'Reschedule', other: 'Reschedule' },
    done: { one: 'Rescheduled {id}.', other: 'Rescheduled {n} schedules.' },
  },
  icon: 'watch',
  group: '2_do',
  asks: 'values',
  parameters: scheduleParameters,
};

export const scheduleDelete: ActionDeclaration = {
  id: 'delete',
  title: 'Remove…',
  target: 'schedule',
  effect: 'destroys',
  guarantee: RED_BEAT,
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
