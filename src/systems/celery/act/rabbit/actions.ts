import { republication } from '../../../../brokers/rabbitmq/messages';
import { type ActionDeclaration, asInspectorError, InspectorError, isAbort } from '../../../../model';
import { type Batch, Batches, outcome, Sequence } from '../../../acting/work';
import { editDelivery } from '../../message/build-edit';
import type { Handler, Situation } from '../situation';
import { chosenOf, rabbitOf } from './ready';
import { type ReadyAction, readyHandler, takingWork } from './taking';

/** `cancel`, `delete` and `empty`: a message is taken off its queue, an exact copy kept. */
export const TAKE_AWAY: ReadyAction = { publication: async () => null };

/** `move` to another queue, over the default exchange. */
export const moveTo = (queue: string): ReadyAction => ({
  queue: () => queue,
  publication: async (message, _task, to) => republication(message, to),
});

const NO_ETA = 'it has no ETA: a worker runs it as soon as it takes it';

/** `run-now`: the same message without ETA, at the end of its own queue. */
export const RUN_NOW: ReadyAction = {
  leave: ({ eta }) => (eta === null ? NO_ETA : null),
  queue: own => own,
  publication: async (message, task, queue) => {
    const anew = republication(message, queue);
    const { headers, body } = await editDelivery(anew.properties.headers ?? {}, task, { eta: null }, false);
    return { ...anew, properties: { ...anew.properties, headers }, body };
  },
};

/** `empty` and `delete-queue`. */
export function queueHandler(declaration: ActionDeclaration): Handler {
  const { plan, work, ...rest } = readyHandler(declaration, () => TAKE_AWAY);
  if (declaration.id === 'empty') return { ...rest, plan, work };
  const namesOf = (targets: Parameters<Handler['plan']>[0]['targets']) =>
    targets.flatMap(target => (target.kind === 'queue' ? [target.name] : []));
  return {
    ...rest,
    plan: async (request, situation, signal) => {
      const names = namesOf(request.targets);
      const planned = await plan(request, situation, signal);
      const depths = await rabbitOf(situation.context).broker.depths(names, signal);
      const served = names.flatMap((name, index) => {
        const consumers = depths[index]?.consumers ?? 0;
        return consumers === 0
          ? []
          : [
              `${consumers} ${consumers === 1 ? 'consumer listens' : 'consumers listen'} to ${name}: RabbitMQ keeps it.`,
            ];
      });
      return { ...planned, total: planned.total + names.length, cautions: [...planned.cautions, ...served] };
    },
    work: async (planned, situation, signal) => {
      const chosen = await chosenOf(situation.context, planned.targets, signal);
      const names = namesOf(planned.targets);
      const last = new Batches<never>(
        names.length,
        names.map(name => async () => deleting(name, situation)),
      );
      return new Sequence([await takingWork(chosen, TAKE_AWAY, situation, signal), last]);
    },
  };
}

/** Only while nobody listens and nothing waits: RabbitMQ itself holds to that. */
function deleting(name: string, { context }: Situation): Batch<never> {
  return {
    subjects: [name],
    undo: [],
    outcomes: [],
    weight: 0,
    run: async (_record, signal) => {
      const about = { id: name, ref: null };
      try {
        await rabbitOf(context).broker.deleteQueue(name, { ifUnused: true, ifEmpty: true }, signal);
        return { outcomes: [outcome(about, 'done', null)], undo: [] };
      } catch (thrown) {
        if (isAbort(thrown) || !(thrown instanceof InspectorError) || thrown.code === 'connection-lost') throw thrown;
        const { code, message } = asInspectorError(thrown, 'deleting a queue');
        return { outcomes: [outcome(about, code === 'gone' ? 'gone' : 'refused', message)], undo: [] };
      }
    },
  };
}
