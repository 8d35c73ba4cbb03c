import type { ActionDeclaration } from '../../../../model';
import { jobDeclarations } from '../../../acting/declare';
import { NOUN } from '../../native';
import { type BrokerKind, moving, none, publishing, TOLD } from './guarantees';
import { enqueueParameters, signalParameters } from './parameters';

const shared = jobDeclarations(NOUN);

/** Actions on tasks. Their texts are shown literally. */
export const retry = (kind: BrokerKind) =>
  shared.retry({
    guarantee: publishing(kind),
    detail:
      'Each task is published again under its id, to the queue it came from, and runs again from the start. Its failed result is removed.',
  });

export const enqueueCopy = (kind: BrokerKind) =>
  shared.enqueueCopy({
    states: ['waiting', 'scheduled', 'running', 'taken', 'failed', 'finished', 'canceled'],
    guarantee: publishing(kind),
    detail: 'The task itself stays where it is. The copy gets an id of its own.',
    parameters: { ...enqueueParameters(kind), required: [] },
  });

export const runNow = (kind: BrokerKind) =>
  shared.runNow({
    states: kind === 'redis' ? ['waiting', 'taken'] : ['waiting', 'scheduled'],
    guarantee: moving(kind),
    ask: { one: 'Run {n} task with an ETA now?', other: 'Run {n} tasks with an ETA now?' },
    detail:
      'Their ETA is taken away. One that waits in a queue goes to its front; one that a worker holds until its ETA is published again under a new id, and the worker is told to drop the old one.',
  });

export const cancel = (kind: BrokerKind) =>
  shared.cancel({
    states: kind === 'redis' ? ['waiting'] : ['waiting', 'scheduled'],
    guarantee: moving(kind),
    undo: { kind: 'exact' },
    detail: 'They are taken off the queue. Celery keeps no record of them; exact copies are kept for Undo.',
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

const { states: _inStates, ...revokeAnywhere } = revoke;

/** Of tasks that stand nowhere in sight, e.g. in a queue of RabbitMQ that nobody has looked at. */
export const revokeById: ActionDeclaration = {
  ...revokeAnywhere,
  title: 'Revoke by id…',
  target: 'installation',
  group: '6_more',
  asks: 'values',
  parameters: {
    type: 'object',
    required: ['id'],
    properties: {
      id: {
        type: 'string',
        title: 'Task id',
        description: 'One or several, separated by blanks.',
        format: 'text',
      },
    },
  },
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

export const move = (kind: BrokerKind) =>
  shared.move({
    states: ['waiting'],
    guarantee: moving(kind),
    // RabbitMQ makes no queue by itself.
    ...(kind === 'redis' ? {} : { asks: 'known-queue' as const }),
  });

export const remove = (kind: BrokerKind) =>
  shared.remove({
    states: ['waiting', 'scheduled', 'failed', 'finished', 'canceled'],
    guarantee: moving(kind),
    detail:
      'Waiting messages are taken off their queue, results are forgotten. Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.',
  });
