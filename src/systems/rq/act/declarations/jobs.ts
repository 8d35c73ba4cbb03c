import type { ActionDeclaration } from '../../../../model';
import { enqueueParameters } from './parameters';

const ATOMIC = { kind: 'atomic', words: 'All or nothing.' } as const;

/** Actions on jobs. Their texts are shown literally. */
export const retry: ActionDeclaration = {
  id: 'retry',
  title: 'Retry',
  target: 'job',
  states: ['failed'],
  bulkTitle: 'Retry all…',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Retry {n} failed job?', other: 'Retry {n} failed jobs?' },
    detail: 'Each job goes back to the end of the queue it came from and runs again from the start.',
    button: { one: 'Retry {n} job', other: 'Retry {n} jobs' },
    done: { one: 'Retried {n} job.', other: 'Retried {n} jobs.' },
  },
  icon: 'redo',
  group: '2_do',
  primaryIn: ['failed'],
};

export const enqueueCopy: ActionDeclaration = {
  id: 'enqueue-copy',
  title: 'Enqueue a copy…',
  target: 'job',
  states: ['waiting', 'scheduled', 'deferred', 'running', 'taken', 'failed', 'finished', 'canceled'],
  effect: 'adds',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Enqueue a copy of {id}?', other: 'Enqueue copies of {n} jobs?' },
    detail: 'The job itself stays where it is.',
    button: { one: 'Enqueue', other: 'Enqueue' },
    done: { one: 'Enqueued as {id}.', other: 'Enqueued {n} jobs.' },
  },
  icon: 'copy',
  group: '2_do',
  primaryIn: ['finished', 'canceled'],
  asks: 'call',
  parameters: { ...enqueueParameters, required: [] },
};

export const runNow: ActionDeclaration = {
  id: 'run-now',
  title: 'Run now',
  target: 'job',
  states: ['scheduled'],
  bulkTitle: 'Run all now…',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Run {n} scheduled job now?', other: 'Run {n} scheduled jobs now?' },
    detail: 'They leave the schedule and go to the front of {queue}.',
    button: { one: 'Run {n} job now', other: 'Run {n} jobs now' },
    done: { one: '{n} job is waiting in {queue}.', other: '{n} jobs are waiting in {queue}.' },
  },
  icon: 'run',
  group: '2_do',
  primaryIn: ['scheduled'],
};

export const cancel: ActionDeclaration = {
  id: 'cancel',
  title: 'Cancel',
  target: 'job',
  states: ['waiting', 'scheduled', 'deferred'],
  bulkTitle: 'Cancel all…',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Cancel {n} waiting job?', other: 'Cancel {n} waiting jobs?' },
    detail: 'They are taken off the queue.',
    button: { one: 'Cancel {n} job', other: 'Cancel {n} jobs' },
    done: { one: 'Canceled {n} job.', other: 'Canceled {n} jobs.' },
  },
  icon: 'circle-slash',
  group: '2_do',
  primaryIn: ['waiting', 'deferred'],
};

export const move: ActionDeclaration = {
  id: 'move',
  title: 'Move to queue…',
  target: 'job',
  states: ['waiting', 'scheduled', 'deferred'],
  bulkTitle: 'Move all…',
  effect: 'changes',
  guarantee: ATOMIC,
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Move {n} job to {queue}?', other: 'Move {n} jobs to {queue}?' },
    detail: 'They go to its end, in the order in which they stand.',
    button: { one: 'Move {n} job', other: 'Move {n} jobs' },
    done: { one: 'Moved {n} job to {queue}.', other: 'Moved {n} jobs to {queue}.' },
  },
  icon: 'arrow-swap',
  group: '3_move',
  asks: 'queue',
  parameters: {
    type: 'object',
    required: ['queue'],
    properties: { queue: { type: 'string', title: 'Queue', format: 'queue' } },
  },
};

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
  primaryIn: ['running'],
};

export const remove: ActionDeclaration = {
  id: 'delete',
  title: 'Delete…',
  target: 'job',
  states: ['waiting', 'scheduled', 'deferred', 'failed', 'finished', 'canceled'],
  bulkTitle: 'Delete all…',
  effect: 'destroys',
  guarantee: ATOMIC,
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Delete {n} job from {queue}?', other: 'Delete {n} jobs from {queue}?' },
    detail: 'Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.',
    button: { one: 'Delete {n} job', other: 'Delete {n} jobs' },
    done: { one: 'Deleted {n} job.', other: 'Deleted {n} jobs.' },
  },
  icon: 'trash',
  group: '4_destroy',
};
