import type { ActionDeclaration } from '../../../../model';
import * as shared from '../../../acting/declare';
import { moving } from './guarantees';
import { scheduleParameters } from './parameters';

export { scheduleDelete } from '../../../acting/declare';

/** Entries of RedBeat. Their texts are shown literally. */
const RED_BEAT = moving('redis');

export const scheduleRunNow = shared.scheduleRunNow(
  { one: 'RedBeat sends {id} at its next look.', other: 'RedBeat sends {n} tasks at its next look.' },
  {
    guarantee: RED_BEAT,
    detail: 'RedBeat sends its task at its next look, then goes on with the schedule counted from that run.',
  },
);

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

export const reschedule = shared.reschedule({
  guarantee: RED_BEAT,
  undo: { kind: 'exact' },
  detail: 'Its next runs are counted by the new schedule from its last run on.',
  parameters: scheduleParameters,
});
