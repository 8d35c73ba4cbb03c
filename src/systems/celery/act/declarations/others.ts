import type { ActionDeclaration } from '../../../../model';
import { type BrokerKind, moving, none, publishing, TOLD } from './guarantees';
import {
  autoscaleParameters,
  consumerParameters,
  enqueueParameters,
  rateParameters,
  scheduleParameters,
  sizeParameters,
  timeLimitParameters,
} from './parameters';

/** Actions on queues, on the installation, on workers and schedules. Their texts are shown literally. */
export const enqueue = (kind: BrokerKind): ActionDeclaration => ({
  id: 'enqueue',
  title: 'Enqueue…',
  target: 'queue',
  effect: 'adds',
  guarantee: publishing(kind),
  undo: { kind: 'while-waiting' },
  words: {
    ask: { one: 'Enqueue a task in {queue}?', other: 'Enqueue {n} tasks in {queue}?' },
    detail: 'A worker that serves the queue runs it.',
    button: { one: 'Enqueue', other: 'Enqueue' },
    done: { one: 'Enqueued as {id}.', other: 'Enqueued {n} tasks.' },
  },
  icon: 'add',
  group: '2_do',
  asks: 'call',
  parameters: enqueueParameters(kind),
});

export const enqueueAnywhere = (kind: BrokerKind): ActionDeclaration => ({
  ...enqueue(kind),
  target: 'installation',
  parameters: { ...enqueueParameters(kind), required: ['task', 'queue'] },
});

export const empty = (kind: BrokerKind): ActionDeclaration => ({
  id: 'empty',
  title: 'Empty queue…',
  target: 'queue',
  effect: 'destroys',
  guarantee: moving(kind),
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Empty {queue}?', other: 'Empty {queue}?' },
    detail: 'The waiting messages of all priorities are removed. Those that workers hold or run go on.',
    button: { one: 'Remove {n} message', other: 'Remove {n} messages' },
    done: { one: 'Emptied {queue}: {n} message.', other: 'Emptied {queue}: {n} messages.' },
  },
  icon: 'clear-all',
  group: '4_destroy',
});

export const deleteQueue = (kind: BrokerKind): ActionDeclaration => ({
  id: 'delete-queue',
  title: 'Delete queue…',
  target: 'queue',
  effect: 'destroys',
  guarantee: moving(kind),
  undo: kind === 'redis' ? { kind: 'exact' } : none('RabbitMQ makes a queue anew only as its application declares it.'),
  words: {
    ask: { one: 'Delete the queue {queue}?', other: 'Delete the queue {queue}?' },
    detail:
      kind === 'redis'
        ? 'Its waiting messages are removed, and it is taken off the exchanges that are bound to it.'
        : 'The queue and its bindings are removed. Messages that wait in it are removed first, each with an exact copy.',
    button: { one: 'Delete queue', other: 'Delete queue' },
    done: { one: 'Deleted {queue}.', other: 'Deleted {queue}.' },
  },
  icon: 'trash',
  group: '4_destroy',
});

const GONE_AT_RESTART = 'A worker that restarts begins with its own settings again.';

export const addConsumer: ActionDeclaration = {
  id: 'celery.add-consumer',
  title: 'Serve queue…',
  target: 'queue',
  effect: 'changes',
  guarantee: TOLD,
  undo: none('“Stop serving queue” takes it back.'),
  words: {
    ask: { one: 'Let {n} worker serve {queue}?', other: 'Let {n} workers serve {queue}?' },
    detail: `They begin to take tasks from it. ${GONE_AT_RESTART}`,
    button: { one: 'Serve queue', other: 'Serve queue' },
    done: { one: '{n} worker serves {queue}.', other: '{n} workers serve {queue}.' },
  },
  icon: 'debug-continue',
  group: '6_more',
  asks: 'values',
  parameters: consumerParameters,
};

export const cancelConsumer: ActionDeclaration = {
  id: 'celery.cancel-consumer',
  title: 'Stop serving queue…',
  target: 'queue',
  effect: 'changes',
  guarantee: TOLD,
  undo: none('“Serve queue” takes it back.'),
  words: {
    ask: { one: 'Let {n} worker stop serving {queue}?', other: 'Let {n} workers stop serving {queue}?' },
    detail: `They take no more tasks from it; what they hold already still runs. Celery knows no other pause. ${GONE_AT_RESTART}`,
    button: { one: 'Stop serving queue', other: 'Stop serving queue' },
    done: { one: '{n} worker has stopped serving {queue}.', other: '{n} workers have stopped serving {queue}.' },
  },
  icon: 'debug-pause',
  group: '6_more',
  asks: 'values',
  parameters: consumerParameters,
};

export const stopWorker: ActionDeclaration = {
  id: 'stop-worker',
  title: 'Stop…',
  target: 'worker',
  effect: 'changes',
  guarantee: {
    kind: 'at-least-once',
    words: 'The worker is told by a message that is not kept: it ends if it hears it.',
  },
  undo: none('A worker that has ended is started again where it runs.'),
  words: {
    ask: { one: 'Stop {name}?', other: 'Stop {n} workers?' },
    detail: 'It ends after its current tasks and gives back what it has not begun.',
    button: { one: 'Stop worker', other: 'Stop {n} workers' },
    done: { one: '{name} was asked to stop.', other: '{n} workers were asked to stop.' },
  },
  icon: 'debug-stop',
  group: '4_destroy',
};

interface Control {
  readonly id: string;
  readonly title: string;
  readonly ask: string;
  readonly detail: string;
  readonly button: string;
  readonly done: string;
  readonly undo: string;
  readonly icon: string;
  readonly parameters?: ActionDeclaration['parameters'];
}

/** Remote control of workers: of one, or of all of an installation. */
function control({ id, title, ask, detail, button, done, undo, icon, parameters }: Control): ActionDeclaration {
  return {
    id,
    title,
    target: 'worker',
    effect: 'changes',
    guarantee: TOLD,
    undo: none(undo),
    words: {
      ask: { one: `${ask} {name}?`, other: `${ask} {n} workers?` },
      detail,
      button: { one: button, other: button },
      done: { one: done, other: done },
    },
    icon,
    group: '6_more',
    ...(parameters === undefined ? {} : { asks: 'values' as const, parameters }),
  };
}

/** The same for every worker of the installation. */
export const everywhere = (declaration: ActionDeclaration): ActionDeclaration => ({
  ...declaration,
  target: 'installation',
  words: {
    ...declaration.words,
    ask: { one: declaration.words.ask.other, other: declaration.words.ask.other },
  },
});

export const poolGrow = control({
  id: 'celery.pool-grow',
  title: 'Grow pool…',
  ask: 'Grow the pool of',
  detail: `It gets more processes and takes more tasks at a time. ${GONE_AT_RESTART}`,
  button: 'Grow pool',
  done: 'The pool has grown.',
  undo: '“Shrink pool” takes it back.',
  icon: 'add',
  parameters: sizeParameters,
});

export const poolShrink = control({
  id: 'celery.pool-shrink',
  title: 'Shrink pool…',
  ask: 'Shrink the pool of',
  detail: `It gets fewer processes; those that are busy stay, and it says so. ${GONE_AT_RESTART}`,
  button: 'Shrink pool',
  done: 'The pool has shrunk.',
  undo: '“Grow pool” takes it back.',
  icon: 'remove',
  parameters: sizeParameters,
});

export const autoscale = control({
  id: 'celery.autoscale',
  title: 'Autoscale…',
  ask: 'Change the bounds of the pool of',
  detail: `Only workers that were started with --autoscale can. ${GONE_AT_RESTART}`,
  button: 'Autoscale',
  done: 'The bounds of the pool have been changed.',
  undo: 'Set the old bounds to take it back.',
  icon: 'arrow-both',
  parameters: autoscaleParameters,
});

export const enableEvents = control({
  id: 'celery.enable-events',
  title: 'Enable events',
  ask: 'Enable events of',
  detail: `It sends an event at every step of a task: more traffic on the broker. ${GONE_AT_RESTART}`,
  button: 'Enable events',
  done: 'Events are on.',
  undo: '“Disable events” takes it back.',
  icon: 'broadcast',
});

export const disableEvents = control({
  id: 'celery.disable-events',
  title: 'Disable events',
  ask: 'Disable events of',
  detail: `It sends no more events; other monitors that rely on them see nothing either. ${GONE_AT_RESTART}`,
  button: 'Disable events',
  done: 'Events are off.',
  undo: '“Enable events” takes it back.',
  icon: 'circle-slash',
});

export const rateLimit = control({
  id: 'celery.rate-limit',
  title: 'Rate limit…',
  ask: 'Change the rate limit on',
  detail: `Tasks of this name start no faster than that, on each worker by itself. ${GONE_AT_RESTART}`,
  button: 'Set rate limit',
  done: 'The rate limit has been changed.',
  undo: 'Set the old limit to take it back.',
  icon: 'dashboard',
  parameters: rateParameters,
});

export const timeLimit = control({
  id: 'celery.time-limit',
  title: 'Time limit…',
  ask: 'Change the time limits on',
  detail: `They hold for tasks of this name that begin from now on. ${GONE_AT_RESTART}`,
  button: 'Set time limits',
  done: 'The time limits have been changed.',
  undo: 'Set the old limits to take it back.',
  icon: 'watch',
  parameters: timeLimitParameters,
});

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
