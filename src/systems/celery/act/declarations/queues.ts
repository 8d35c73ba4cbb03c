import type { ActionDeclaration } from '../../../../model';
import * as shared from '../../../acting/declare';
import { NOUN } from '../../native';
import { type BrokerKind, GONE_AT_RESTART, moving, none, publishing, TOLD } from './guarantees';
import { consumerParameters, enqueueParameters } from './parameters';

/** Actions on queues, and `enqueue` on the installation. Their texts are shown literally. */
export const enqueue = (kind: BrokerKind) =>
  shared.jobDeclarations(NOUN).enqueue({ guarantee: publishing(kind), parameters: enqueueParameters(kind) });

export const enqueueAnywhere = (kind: BrokerKind): ActionDeclaration => ({
  ...enqueue(kind),
  target: 'installation',
  parameters: { ...enqueueParameters(kind), required: ['task', 'queue'] },
});

export const empty = (kind: BrokerKind) =>
  shared.emptyQueue(
    { one: 'message', other: 'messages' },
    {
      guarantee: moving(kind),
      detail: 'The waiting messages of all priorities are removed. Those that workers hold or run go on.',
    },
  );

export const deleteQueue = (kind: BrokerKind) =>
  shared.deleteQueue({
    guarantee: moving(kind),
    undo:
      kind === 'redis' ? { kind: 'exact' } : none('RabbitMQ makes a queue anew only as its application declares it.'),
    detail:
      kind === 'redis'
        ? 'Its waiting messages are removed, and it is taken off the exchanges that are bound to it.'
        : 'The queue and its bindings are removed. Messages that wait in it are removed first, each with an exact copy.',
  });

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
