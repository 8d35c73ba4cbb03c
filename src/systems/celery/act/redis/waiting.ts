import type { ActionDeclaration, Plan } from '../../../../model';
import { badValue } from '../../../acting/values';
import { outcome, Sequence } from '../../../acting/work';
import { editEnvelope, type TaskEdits } from '../../message/build-edit';
import { UnwritableValue } from '../../message/build-values';
import type { StoredElement } from '../../parts';
import { queueParameter } from '../new-task';
import { planTasks, type Verdict } from '../plan';
import { type Handler, type Situation, unserved } from '../situation';
import { type Prepared, StepWork } from '../steps';
import { goneOutcome, type Source, sourcesOf, type Thing, thingsOf } from '../things';
import { backInPlace, takingBack, unit } from '../undo';
import { CHANGE_NEEDS, type Change, type Put, type Take } from './change';
import { Bindings, listFor, redisOf } from './places';
import { runChanges } from './run';

const NOT_WAITING = 'it does not wait in a list: a worker holds it, or only its result is there';

/** One way to change what waits in a list. */
export interface ListAction {
  /** For messages: `celery cancel`. */
  readonly name: string;
  /** Why an element is left alone; null = it is taken. */
  leave?(element: StoredElement): string | null;
  /** Queue in which it waits afterwards; null = none. */
  queue?(element: StoredElement): string | null;
  /** What is written in its place, and how that is taken back beside putting the element back. */
  put(
    element: StoredElement,
    signal: AbortSignal,
  ): Promise<{ readonly put: Put; readonly more: readonly Put[] } | null>;
}

/** Elements of lists, each taken away exactly and perhaps put elsewhere, in steps. */
export function listWork(
  situation: Situation,
  source: Source,
  total: number,
  action: ListAction,
  signal: AbortSignal,
): StepWork<Change> {
  const { broker } = redisOf(situation.context);
  async function* prepared(): AsyncGenerator<readonly Prepared<Change>[], void> {
    for await (const part of thingsOf(situation.context, source, signal)) {
      const ready: Prepared<Change>[] = [];
      for (const found of part) {
        if (found.kind === 'gone') ready.push({ decided: goneOutcome(found) });
        else ready.push(await prepare(found, source.refs === undefined, action, signal));
      }
      yield ready;
    }
  }
  return new StepWork(total, prepared(), (items, record, during) =>
    runChanges(broker, action.name, items, record, during),
  );
}

async function prepare(
  thing: Thing,
  whole: boolean,
  action: ListAction,
  signal: AbortSignal,
): Promise<Prepared<Change>> {
  const about = { id: thing.id, ref: thing.ref };
  const against = whyLeft(thing, action);
  if (thing.kind !== 'element' || against !== null)
    return { decided: outcome(about, 'refused', against ?? NOT_WAITING) };
  const { element } = thing;
  const subject = thing.id ?? thing.ref;
  try {
    const to = await action.put(element, signal);
    const back = backInPlace(element, whole);
    const undo =
      to === null
        ? unit(subject, [], [back])
        : takingBack(subject, to.put.key, Buffer.from(to.put.args[0] ?? ''), { operations: [back] });
    return {
      subject,
      ref: thing.ref,
      change: { takes: [takeOf(element)], puts: to === null ? [] : [to.put, ...to.more] },
      undo: [undo],
      bytes: element.bytes.length * (to === null ? 1 : 2),
    };
  } catch (error) {
    if (error instanceof UnwritableValue) return { decided: outcome(about, 'refused', error.message) };
    throw error;
  }
}

/** Workers take from the tail, and what is acted on stands mostly near it. */
const takeOf = ({ key, bytes }: StoredElement): Take => ({ kind: 'list', key, value: bytes, end: 'tail' });

/** Why an action on what waits leaves something alone; null where it does not. */
export function whyLeft(thing: Thing, action: Pick<ListAction, 'leave'>): string | null {
  if (thing.kind !== 'element' || thing.element.kind !== 'list') return NOT_WAITING;
  return action.leave?.(thing.element) ?? null;
}

/** `cancel`: an element is taken off its list. */
export const CANCEL: ListAction = { name: 'celery cancel', put: async () => null };
/** `delete` of a waiting message. */
export const DELETE: ListAction = { name: 'celery delete', put: async () => null };

/** `move` to another queue: to its end, the priority kept. */
export function moveTo(queue: string, situation: Situation): ListAction {
  const bindings = new Bindings(situation.context);
  const { redis } = redisOf(situation.context);
  return {
    name: 'celery move',
    leave: element => (element.queue === queue ? `it waits in ${queue} already` : null),
    queue: () => queue,
    put: async (element, signal) => {
      const { message } = element;
      const edited = await edit(element, { queue });
      return {
        put: { command: 'LPUSH', key: listFor(redis, queue, message.priority), args: [edited] },
        more: await bindings.for(queue, signal),
      };
    },
  };
}

export const NO_ETA = 'it has no ETA: a worker runs it as soon as it takes it';

/** `run-now` of a message in a list: the same message without ETA, served next. */
export const RUN_NOW: ListAction = {
  name: 'celery run now',
  leave: ({ message }) => (message.eta === null ? NO_ETA : null),
  queue: ({ queue }) => queue,
  put: async element => ({
    put: { command: 'RPUSH', key: element.key, args: [await edit(element, { eta: null })] },
    more: [],
  }),
};

const edit = ({ bytes, message }: StoredElement, edits: TaskEdits): Promise<Buffer> =>
  editEnvelope(bytes, message, edits, false);

/** Actions on what waits in lists. */
export function listHandler(
  declaration: ActionDeclaration,
  actionOf: (parameters: Plan['parameters'], situation: Situation) => ListAction,
): Handler {
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: (request, situation, signal) => {
      const action = actionOf(request.parameters, situation);
      return planTasks(declaration, request, situation, signal, {
        verdict: (thing): Verdict => {
          const against = whyLeft(thing, action);
          if (thing.kind !== 'element' || against !== null) return { leave: against ?? NOT_WAITING };
          return {
            queue: action.queue?.(thing.element) ?? thing.element.queue,
            saved: thing.element.bytes.length,
          };
        },
        cautions: (_taken, queues) =>
          action.queue === undefined
            ? []
            : [...queues].flatMap(([queue, count]) => unserved(queue, count, situation) ?? []),
      });
    },
    work: async (plan, situation, signal) => {
      const action = actionOf(plan.parameters, situation);
      const sources = await sourcesOf(situation.context, plan.targets, signal);
      const total = Math.ceil(plan.total / Math.max(1, sources.length));
      return new Sequence(
        sources.map(source => listWork(situation, source, source.refs?.length ?? total, action, signal)),
      );
    },
  };
}

/** @throws InspectorError `bad-value` */
export function targetQueue(parameters: Plan['parameters']): string {
  const queue = queueParameter(parameters['queue']);
  if (queue === undefined) throw badValue('queue', 'the name of a queue is missing');
  return queue;
}
