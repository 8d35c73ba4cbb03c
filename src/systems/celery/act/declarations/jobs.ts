import type { ActionDeclaration } from '../../../../model';
import { type BrokerKind, moving, none, publishing, TOLD } from './guarantees';
import { enqueueParameters, signalParameters } from './parameters';

/** Actions on tasks. Their texts are shown literally. */
export const retry = (kind: BrokerKind): ActionDeclaration => ({
  id: 'retry',
  title: 'Retry',
  target: 'job',
  states: ['failed'],
  bulkTitle: 'Retry all…',
  effect: 'changes',
  guarantee: publishing(kind),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Retry {n} failed task?', other: 'Retry {n} failed tasks?' },
    detail:
      'Each task is published again under its id, to the queue it came from, and runs again from the start. Its failed result is removed.',
    button: { one: 'Retry {n} task', other: 'Retry {n} tasks' },
    done: { one: 'Retried {n} task.', other: 'Retried {n} tasks.' },
  },
  icon: 'redo',
  group: '2_do',
  primaryIn: ['failed'],
});

export const enqueueCopy = (kind: BrokerKind): ActionDeclaration => ({
  id: 'enqueue-copy',
  title: 'Enqueue a copy…',
  target: 'job',
  states: ['waiting', 'scheduled', 'running', 'taken', 'failed', 'finished', 'canceled'],
  effect: 'adds',
  guarantee: publishing(kind),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Enqueue a copy of {id}?', other: 'Enqueue copies of {n} tasks?' },
    detail: 'The task itself stays where it is. The copy gets an id of its own.',
    button: { one: 'Enqueue', other: 'Enqueue' },
    done: { one: 'Enqueued as {id}.', other: 'Enqueued {n} tasks.' },
  },
  icon: 'copy',
  group: '2_do',
  primaryIn: ['finished', 'canceled'],
  asks: 'call',
  parameters: { ...enqueueParameters(kind), required: [] },
});

export const runNow = (kind: BrokerKind): ActionDeclaration => ({
  id: 'run-now',
  title: 'Run now',
  target: 'job',
  states: kind === 'redis' ? ['waiting', 'taken'] : ['waiting', 'scheduled'],
  effect: 'changes',
  guarantee: moving(kind),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Run {n} task with an ETA now?', other: 'Run {n} tasks with an ETA now?' },
    detail:
      'Their ETA is taken away. One that waits in a queue goes to its front; one that a worker holds until its ETA is published again under a new id, and the worker is told to drop the old one.',
    button: { one: 'Run {n} task now', other: 'Run {n} tasks now' },
    done: { one: '{n} task is waiting in {queue}.', other: '{n} tasks are waiting in {queue}.' },
  },
  icon: 'run',
  group: '2_do',
});

export const cancel = (kind: BrokerKind): ActionDeclaration => ({
  id: 'cancel',
  title: 'Cancel',
  target: 'job',
  states: kind === 'redis' ? ['waiting'] : ['waiting', 'scheduled'],
  bulkTitle: 'Cancel all…',
  effect: 'changes',
  guarantee: moving(kind),
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Cancel {n} waiting task?', other: 'Cancel {n} waiting tasks?' },
    detail: 'They are taken off the queue. Celery keeps no record of them; exact copies are kept for Undo.',
    button: { one: 'Cancel {n} task', other: 'Cancel {n} tasks' },
    done: { one: 'Canceled {n} task.', other: 'Canceled {n} tasks.' },
  },
  icon: 'circle-slash',
  group: '2_do',
  primaryIn: ['waiting'],
});

export const revoke: ActionDeclaration = {
  id: 'revoke',
  title: 'Revoke',
  target: 'job',
  states: ['waiting', 'taken', 'scheduled'],
  effect: 'changes',
  guarantee: TOLD,
  undo: none('Workers forget what was revoked only when they restart, or after three hours.'),
  words: {
    ask: { one: 'Tell workers to skip {n} task?', other: 'Tell workers to skip {n} tasks?' },
    detail: 'They stay on the queue until a worker drops them. One that has begun goes on.',
    button: { one: 'Revoke {n} task', other: 'Revoke {n} tasks' },
    done: { one: 'Revoked {n} task.', other: 'Revoked {n} tasks.' },
  },
  icon: 'circle-slash',
  group: '2_do',
};

export const terminate: ActionDeclaration = {
  id: 'stop',
  title: 'Terminate…',
  target: 'job',
  states: ['running', 'taken'],
  effect: 'changes',
  guarantee: TOLD,
  undo: none('What the task has done until then stays done. A copy of it can be enqueued.'),
  words: {
    ask: { one: 'Terminate {n} running task?', other: 'Terminate {n} running tasks?' },
    detail:
      'The worker that runs it sends the signal to its process and records it as revoked. Only workers of the pool prefork can do that.',
    button: { one: 'Terminate {n} task', other: 'Terminate {n} tasks' },
    done: { one: 'Terminated {n} task.', other: 'Terminated {n} tasks.' },
  },
  icon: 'debug-stop',
  group: '2_do',
  caution: 'The signal reaches the process, not the task: if it has just begun another task, that one is ended.',
  asks: 'values',
  parameters: signalParameters,
};

export const giveBack: ActionDeclaration = {
  id: 'give-back',
  title: 'Give back',
  target: 'job',
  states: ['taken'],
  bulkTitle: 'Give back all…',
  effect: 'changes',
  guarantee: moving('redis'),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Give back {n} message to {queue}?', other: 'Give back {n} messages to {queue}?' },
    detail: 'They run again from the start; one that its worker has finished meanwhile is left alone.',
    button: { one: 'Give back {n} message', other: 'Give back {n} messages' },
    done: { one: 'Gave back {n} message.', other: 'Gave back {n} messages.' },
  },
  icon: 'discard',
  group: '2_do',
  caution: 'Workers are asked first; a message that one of them holds is left alone.',
};

export const move = (kind: BrokerKind): ActionDeclaration => ({
  id: 'move',
  title: 'Move to queue…',
  target: 'job',
  states: ['waiting'],
  bulkTitle: 'Move all…',
  effect: 'changes',
  guarantee: moving(kind),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Move {n} task to {queue}?', other: 'Move {n} tasks to {queue}?' },
    detail: 'They go to its end, in the order in which they stand.',
    button: { one: 'Move {n} task', other: 'Move {n} tasks' },
    done: { one: 'Moved {n} task to {queue}.', other: 'Moved {n} tasks to {queue}.' },
  },
  icon: 'arrow-swap',
  group: '3_move',
  asks: 'queue',
  parameters: {
    type: 'object',
    required: ['queue'],
    properties: { queue: { type: 'string', title: 'Queue', format: 'queue' } },
  },
});

export const remove = (kind: BrokerKind): ActionDeclaration => ({
  id: 'delete',
  title: 'Delete…',
  target: 'job',
  states: ['waiting', 'scheduled', 'failed', 'finished', 'canceled'],
  bulkTitle: 'Delete all…',
  effect: 'destroys',
  guarantee: moving(kind),
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Delete {n} task?', other: 'Delete {n} tasks?' },
    detail:
      'Waiting messages are taken off their queue, results are forgotten. Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.',
    button: { one: 'Delete {n} task', other: 'Delete {n} tasks' },
    done: { one: 'Deleted {n} task.', other: 'Deleted {n} tasks.' },
  },
  icon: 'trash',
  group: '4_destroy',
});
