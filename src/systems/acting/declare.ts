/**
 * Actions that mean the same in every system, with their words in the system's own noun. What a system knows by itself
 * (guarantee, undo, states, what happens in detail) it gives; whatever it gives wins.
 */
import type { ActionDeclaration, ParameterProperty, Plural } from '../../model';

type Own = Pick<ActionDeclaration, 'guarantee'> &
  Partial<Omit<ActionDeclaration, 'id' | 'target' | 'words'>> & {
    readonly detail: string;
  };
/** Where systems differ in what can be undone, each has to say it. */
type OwnUndo = Own & Pick<ActionDeclaration, 'undo'>;
type OwnStates = Own & Pick<ActionDeclaration, 'states'>;

export const ATOMIC = { kind: 'atomic', words: 'All or nothing.' } as const;

export const QUEUE: ParameterProperty = { type: 'string', title: 'Queue', format: 'queue' };

const same = (text: string): Plural => ({ one: text, other: text });

/** Declarations of jobs and their queues. @param noun what the system calls a job */
export function jobDeclarations(noun: Plural) {
  const counted = (before: string, after: string): Plural => ({
    one: `${before} {n} ${noun.one}${after}`,
    other: `${before} {n} ${noun.other}${after}`,
  });
  return {
    retry: ({ detail, ...own }: Own): ActionDeclaration => ({
      id: 'retry',
      title: 'Retry',
      target: 'job',
      states: ['failed'],
      bulkTitle: 'Retry all…',
      effect: 'changes',
      undo: { kind: 'while-waiting' },
      words: {
        ask: { one: `Retry {n} failed ${noun.one}?`, other: `Retry {n} failed ${noun.other}?` },
        detail,
        button: counted('Retry', ''),
        done: counted('Retried', '.'),
      },
      icon: 'redo',
      group: '2_do',
      primaryIn: ['failed'],
      ...own,
    }),

    enqueueCopy: ({ detail, ...own }: OwnStates & Pick<ActionDeclaration, 'parameters'>): ActionDeclaration => ({
      id: 'enqueue-copy',
      title: 'Enqueue a copy…',
      target: 'job',
      effect: 'adds',
      undo: { kind: 'while-waiting' },
      words: {
        ask: { one: 'Enqueue a copy of {id}?', other: `Enqueue copies of {n} ${noun.other}?` },
        detail,
        button: same('Enqueue'),
        done: { one: 'Enqueued as {id}.', other: `Enqueued {n} ${noun.other}.` },
      },
      icon: 'copy',
      group: '2_do',
      asks: 'call',
      ...own,
    }),

    runNow: ({ detail, ask, ...own }: OwnStates & { readonly ask: Plural }): ActionDeclaration => ({
      id: 'run-now',
      title: 'Run now',
      target: 'job',
      effect: 'changes',
      undo: { kind: 'while-waiting' },
      words: {
        ask,
        detail,
        button: counted('Run', ' now'),
        done: { one: `{n} ${noun.one} is waiting in {queue}.`, other: `{n} ${noun.other} are waiting in {queue}.` },
      },
      icon: 'run',
      group: '2_do',
      ...own,
    }),

    cancel: ({ detail, ...own }: OwnStates & OwnUndo): ActionDeclaration => ({
      id: 'cancel',
      title: 'Cancel',
      target: 'job',
      bulkTitle: 'Cancel all…',
      effect: 'changes',
      words: {
        ask: { one: `Cancel {n} waiting ${noun.one}?`, other: `Cancel {n} waiting ${noun.other}?` },
        detail,
        button: counted('Cancel', ''),
        done: counted('Canceled', '.'),
      },
      icon: 'circle-slash',
      group: '2_do',
      ...own,
    }),

    move: (own: Omit<OwnStates, 'detail'> & { readonly asks?: 'known-queue' }): ActionDeclaration => ({
      id: 'move',
      title: 'Move to queue…',
      target: 'job',
      bulkTitle: 'Move all…',
      effect: 'changes',
      undo: { kind: 'while-waiting' },
      words: {
        ask: counted('Move', ' to {queue}?'),
        detail: 'They go to its end, in the order in which they stand.',
        button: counted('Move', ''),
        done: counted('Moved', ' to {queue}.'),
      },
      icon: 'arrow-swap',
      group: '3_move',
      asks: 'queue',
      parameters: { type: 'object', required: ['queue'], properties: { queue: QUEUE } },
      ...own,
    }),

    remove: ({
      detail,
      ask = counted('Delete', '?'),
      ...own
    }: OwnStates & { readonly ask?: Plural }): ActionDeclaration => ({
      id: 'delete',
      title: 'Delete…',
      target: 'job',
      bulkTitle: 'Delete all…',
      effect: 'destroys',
      undo: { kind: 'exact' },
      words: { ask, detail, button: counted('Delete', ''), done: counted('Deleted', '.') },
      icon: 'trash',
      group: '4_destroy',
      ...own,
    }),

    enqueue: (own: Omit<Own, 'detail'> & Pick<ActionDeclaration, 'parameters'>): ActionDeclaration => ({
      id: 'enqueue',
      title: 'Enqueue…',
      target: 'queue',
      effect: 'adds',
      undo: { kind: 'while-waiting' },
      words: {
        ask: { one: `Enqueue a ${noun.one} in {queue}?`, other: `Enqueue {n} ${noun.other} in {queue}?` },
        detail: 'A worker that serves the queue runs it.',
        button: same('Enqueue'),
        done: { one: 'Enqueued as {id}.', other: `Enqueued {n} ${noun.other}.` },
      },
      icon: 'add',
      group: '2_do',
      asks: 'call',
      ...own,
    }),
  };
}

/** @param held what the system calls that which waits in a queue */
export const emptyQueue = (held: Plural, { detail, ...own }: Own): ActionDeclaration => ({
  id: 'empty',
  title: 'Empty queue…',
  target: 'queue',
  effect: 'destroys',
  undo: { kind: 'exact' },
  words: {
    ask: same('Empty {queue}?'),
    detail,
    button: { one: `Remove {n} ${held.one}`, other: `Remove {n} ${held.other}` },
    done: { one: `Emptied {queue}: {n} ${held.one}.`, other: `Emptied {queue}: {n} ${held.other}.` },
  },
  icon: 'clear-all',
  group: '4_destroy',
  ...own,
});

export const deleteQueue = ({ detail, ...own }: Own): ActionDeclaration => ({
  id: 'delete-queue',
  title: 'Delete queue…',
  target: 'queue',
  effect: 'destroys',
  undo: { kind: 'exact' },
  words: {
    ask: same('Delete the queue {queue}?'),
    detail,
    button: same('Delete queue'),
    done: same('Deleted {queue}.'),
  },
  icon: 'trash',
  group: '4_destroy',
  ...own,
});

/** Ends a worker after what it runs. */
export const stopWorker = ({ detail, ...own }: Own): ActionDeclaration => ({
  id: 'stop-worker',
  title: 'Stop…',
  target: 'worker',
  // Nothing here starts it again.
  effect: 'destroys',
  undo: { kind: 'none', reason: 'A worker that has ended is started again where it runs.' },
  words: {
    ask: { one: 'Stop {name}?', other: 'Stop {n} workers?' },
    detail,
    button: { one: 'Stop worker', other: 'Stop {n} workers' },
    done: { one: '{name} was asked to stop.', other: '{n} workers were asked to stop.' },
  },
  icon: 'debug-stop',
  group: '4_destroy',
  ...own,
});

/** @param done what has happened afterwards */
export const scheduleRunNow = (done: Plural, { detail, ...own }: Own): ActionDeclaration => ({
  id: 'run-now',
  title: 'Run now',
  target: 'schedule',
  effect: 'changes',
  undo: { kind: 'while-waiting' },
  words: { ask: { one: 'Run {id} now?', other: 'Run {n} schedules now?' }, detail, button: same('Run now'), done },
  icon: 'run',
  group: '2_do',
  ...own,
});

export const reschedule = ({ detail, ...own }: OwnUndo & Pick<ActionDeclaration, 'parameters'>): ActionDeclaration => ({
  id: 'reschedule',
  title: 'Reschedule…',
  target: 'schedule',
  effect: 'changes',
  words: {
    ask: { one: 'Reschedule {id}?', other: 'Reschedule {n} schedules?' },
    detail,
    button: same('Reschedule'),
    done: { one: 'Rescheduled {id}.', other: 'Rescheduled {n} schedules.' },
  },
  icon: 'watch',
  group: '2_do',
  asks: 'values',
  ...own,
});

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
    button: same('Remove'),
    done: { one: 'Removed {id}.', other: 'Removed {n} schedules.' },
  },
  icon: 'trash',
  group: '4_destroy',
};

/** Fields of the enqueue form that every system has. */
export const CALL: Readonly<Record<'args' | 'kwargs' | 'queue', ParameterProperty>> = {
  args: { type: 'string', title: 'Arguments', format: 'arguments', default: '()' },
  kwargs: { type: 'string', title: 'Keyword arguments', format: 'keyword-arguments', default: '{}' },
  queue: QUEUE,
};

export const ID: ParameterProperty = {
  type: 'string',
  title: 'Id',
  description: 'A random one unless told',
  format: 'text',
  group: 'options',
};
