import type { ActionDeclaration } from '../../../../model';
import { ATOMIC, jobDeclarations } from '../../../acting/declare';
import { NOUN } from '../../native';
import { enqueueParameters } from './parameters';

const shared = jobDeclarations(NOUN);

/** Actions on jobs. Their texts are shown literally. */
export const retry = shared.retry({
  guarantee: ATOMIC,
  detail: 'Each job goes back to the end of the queue it came from and runs again from the start.',
});

export const enqueueCopy = shared.enqueueCopy({
  states: ['waiting', 'scheduled', 'deferred', 'running', 'taken', 'failed', 'finished', 'canceled'],
  guarantee: ATOMIC,
  detail: 'The job itself stays where it is.',
  parameters: { ...enqueueParameters, required: [] },
});

export const runNow = shared.runNow({
  states: ['scheduled'],
  bulkTitle: 'Run all now…',
  guarantee: ATOMIC,
  ask: { one: 'Run {n} scheduled job now?', other: 'Run {n} scheduled jobs now?' },
  detail: 'They leave the schedule and go to the front of {queue}.',
  primaryIn: ['scheduled'],
});

export const cancel = shared.cancel({
  states: ['waiting', 'scheduled', 'deferred'],
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  detail: 'They are taken off the queue.',
});

export const move = shared.move({ states: ['waiting', 'scheduled', 'deferred'], guarantee: ATOMIC });

export const moveToFront: ActionDeclaration = {
  id: 'rq.move-to-front',
  title: 'Move to front',
  target: 'job',
  states: ['waiting'],
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'none', reason: 'The order in which jobs wait is changed by every worker all the time.' },
  words: {
    ask: { one: 'Move {n} job to the front of {queue}?', other: 'Move {n} jobs to the front of {queue}?' },
    detail: 'A worker takes them next.',
    button: { one: 'Move {n} job', other: 'Move {n} jobs' },
    done: { one: 'Moved {n} job to the front.', other: 'Moved {n} jobs to the front.' },
  },
  icon: 'arrow-up',
  group: '3_move',
};

export const stop: ActionDeclaration = {
  id: 'stop',
  title: 'Stop',
  target: 'job',
  states: ['running'],
  effect: 'changes',
  guarantee: {
    kind: 'at-least-once',
    words: 'The worker is told by a message, which Redis does not keep: it stops the job if it hears it.',
  },
  undo: { kind: 'none', reason: 'What the job has done until then stays done. It can be retried.' },
  words: {
    ask: { one: 'Stop {n} running job?', other: 'Stop {n} running jobs?' },
    detail: 'Its worker ends the process that runs it. The job then stands among the failed ones and can be retried.',
    button: { one: 'Stop {n} job', other: 'Stop {n} jobs' },
    done: { one: 'Stopped {n} job.', other: 'Stopped {n} jobs.' },
  },
  icon: 'debug-stop',
  group: '2_do',
};

export const remove = shared.remove({
  states: ['waiting', 'scheduled', 'deferred', 'failed', 'finished', 'canceled'],
  guarantee: ATOMIC,
  ask: { one: 'Delete {n} job from {queue}?', other: 'Delete {n} jobs from {queue}?' },
  detail: 'Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.',
});
