import { isRabbit } from '../../../brokers/rabbitmq/port';
import { isRedis } from '../../../brokers/redis/port';
import type { ActionDeclaration, ItemOutcome } from '../../../model';
import { outcome, Sequence, type Work } from '../../acting/work';
import { buildTask, type Dialect } from '../message/build';
import { UnwritableValue } from '../message/build-values';
import { type RedisResultStore, resultRef, stateOfStatus } from '../results';
import type { TaskCall } from '../types';
import { Dialects } from './dialect';
import { planTasks, type Verdict } from './plan';
import { CHANGE_NEEDS } from './redis/change';
import { onRabbit, onRedis } from './retry-publish';
import { type Handler, type Situation, unserved } from './situation';
import type { Prepared, Ready } from './steps';
import { type StoredResult, valuesOf } from './stored';
import { goneOutcome, type Source, sourcesOf, storeOf, type Thing, thingsOf } from './things';

export const NOT_RECORDED = 'its arguments are not recorded (result_extended is off)';
const NO_QUEUE = 'its queue is not recorded';
const FOLLOWERS =
  'What was to follow them (chains, callbacks, chords) is not recorded with results: only the tasks themselves run again.';
const GROUPED =
  'Some belong to a group: they count as its members again. A chord that has failed does not run its callback again.';

/** A failed task about to be published again. */
export interface Again {
  readonly result: StoredResult;
  readonly call: TaskCall;
  readonly queue: string;
}

/**
 * `retry`: the same id is published again, as Celery's own retry does it, and the failed result is removed, so that the
 * task stands in one place. Where messages and results are in one Redis, one script does both.
 */
export function retryHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: (request, situation, signal) =>
      planTasks(declaration, request, situation, signal, {
        verdict: verdictOn,
        cautions: (taken, queues) => [
          ...(taken.length === 0 ? [] : [FOLLOWERS]),
          ...(taken.some(thing => thing.kind === 'result' && thing.result.groupId !== null) ? [GROUPED] : []),
          ...[...queues].flatMap(([queue, count]) => unserved(queue, count, situation) ?? []),
        ],
      }),
    work: async (plan, situation, signal) => {
      const sources = await sourcesOf(situation.context, plan.targets, signal);
      const store = await storeOf(situation.context, signal);
      const total = Math.ceil(plan.total / Math.max(1, sources.length));
      if (store === null) return new Sequence<never>([]);
      return new Sequence(
        sources.map(source => retrying(situation, source, source.refs?.length ?? total, store, signal)),
      );
    },
  };
}

function verdictOn(thing: Thing): Verdict {
  if (thing.kind !== 'result') return { leave: 'it has not failed: no result says so' };
  const { result } = thing;
  if (stateOfStatus(result.status) !== 'failed') return { leave: `its status is ${result.status} now` };
  if (result.task === null || result.call === null) return { leave: NOT_RECORDED };
  if (result.queue === null) return { leave: NO_QUEUE };
  return { queue: result.queue, saved: result.raw.length };
}

function retrying(
  situation: Situation,
  source: Source,
  total: number,
  store: RedisResultStore,
  signal: AbortSignal,
): Work<never> {
  const { context } = situation;
  const dialects = new Dialects(situation);
  const built = (result: StoredResult, queue: string, dialect: Dialect): Again | ItemOutcome => {
    const { id, call, task, parentId, groupId } = result;
    const about = { id, ref: resultRef(context.key, id) };
    if (call === null || task === null) return outcome(about, 'refused', NOT_RECORDED);
    try {
      const spec = {
        ...{ id, task, parentId, groupId, rootId: parentId ?? id },
        call: dialect.serializer === 'json' ? call : valuesOf(call),
      };
      return { result, call: buildTask(spec, dialect), queue };
    } catch (error) {
      if (error instanceof UnwritableValue) return outcome(about, 'refused', error.message);
      throw error;
    }
  };
  // Thousands of them: nobody waits where nothing has to be read.
  const again = (thing: Thing): Again | ItemOutcome | Promise<Again | ItemOutcome> => {
    const verdict = verdictOn(thing);
    if ('leave' in verdict || thing.kind !== 'result' || verdict.queue === null)
      return outcome({ id: thing.id, ref: thing.ref }, 'refused', 'leave' in verdict ? verdict.leave : NO_QUEUE);
    const { result } = thing;
    const { queue } = verdict;
    const dialect = dialects.known(queue);
    if (dialect !== undefined) return built(result, queue, dialect);
    return dialects.of(queue, signal).then(read => built(result, queue, read));
  };
  async function* prepared<C>(make: (again: Again, ref: string) => Ready<C> | Promise<Ready<C>>) {
    for await (const part of thingsOf(context, source, signal)) {
      const ready: Prepared<C>[] = [];
      for (const found of part) {
        const coming = found.kind === 'gone' ? goneOutcome(found) : again(found);
        const made = coming instanceof Promise ? await coming : coming;
        const prepared = 'outcome' in made ? { decided: made } : make(made, found.ref);
        ready.push(prepared instanceof Promise ? await prepared : prepared);
      }
      yield ready;
    }
  }
  const { broker } = context;
  if (isRedis(broker)) return onRedis(situation, broker, store, total, prepared, signal);
  if (!isRabbit(broker)) throw new Error('Celery knows no such broker.');
  return onRabbit(broker, store, total, prepared, signal);
}
