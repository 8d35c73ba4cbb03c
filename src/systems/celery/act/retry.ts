import { isRabbit, type Publication, type RabbitBroker } from '../../../brokers/rabbitmq/port';
import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import { type ActionDeclaration, asInspectorError, type ItemOutcome, type UndoUnit } from '../../../model';
import { type Did, outcome, Sequence, type Work } from '../../acting/work';
import { buildTask, envelopeOf, propertiesOf } from '../message/build';
import { UnwritableValue } from '../message/build-values';
import type { RedisResultStore } from '../results';
import { stateOfStatus } from '../results';
import type { TaskCall } from '../types';
import { Dialects } from './dialect';
import { planTasks, type Verdict } from './plan';
import { publishItems } from './publish';
import { takingFrom } from './rabbit/units';
import { CHANGE_NEEDS, type Change, change, databaseOf, type Put } from './redis/change';
import { Bindings, listFor } from './redis/places';
import { outcomeOf, runChanges } from './redis/run';
import { Changed, resultBack, resultGuards, resultTake, sameServer } from './results';
import { type Handler, nowOf, type Situation, unserved } from './situation';
import { type Prepared, type Ready, StepWork } from './steps';
import { restoringResult, type StoredResult, valuesOf } from './stored';
import { goneOutcome, type Source, sourcesOf, storeOf, type Thing, thingsOf } from './things';
import { takingBack } from './undo';

export const NOT_RECORDED = 'its arguments are not recorded (result_extended is off)';
const NO_QUEUE = 'its queue is not recorded';
const FOLLOWERS =
  'What was to follow them (chains, callbacks, chords) is not recorded with results: only the tasks themselves run again.';
const GROUPED =
  'Some belong to a group: they count as its members again. A chord that has failed does not run its callback again.';

/** A failed task about to be published again. */
interface Again {
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
  const again = async (thing: Thing): Promise<Again | ItemOutcome> => {
    const about = { id: thing.id, ref: thing.ref };
    const verdict = verdictOn(thing);
    if ('leave' in verdict || thing.kind !== 'result' || verdict.queue === null)
      return outcome(about, 'refused', 'leave' in verdict ? verdict.leave : NO_QUEUE);
    const { result } = thing;
    const { queue } = verdict;
    const dialect = await dialects.of(queue, signal);
    const call = result.call;
    if (call === null || result.task === null) return outcome(about, 'refused', NOT_RECORDED);
    try {
      const spec = {
        id: result.id,
        task: result.task,
        call: dialect.serializer === 'json' ? call : valuesOf(call),
        parentId: result.parentId,
        groupId: result.groupId,
        rootId: result.parentId ?? result.id,
      };
      return { result, call: buildTask(spec, dialect), queue };
    } catch (error) {
      if (error instanceof UnwritableValue) return outcome(about, 'refused', error.message);
      throw error;
    }
  };
  async function* prepared<C>(make: (again: Again, ref: string) => Promise<Ready<C>>) {
    for await (const part of thingsOf(context, source, signal)) {
      const ready: Prepared<C>[] = [];
      for (const found of part) {
        const made = found.kind === 'gone' ? goneOutcome(found) : await again(found);
        ready.push('outcome' in made ? { decided: made } : await make(made, found.ref));
      }
      yield ready;
    }
  }
  const { broker } = context;
  if (isRedis(broker)) return onRedis(situation, broker, store, total, prepared, signal);
  if (!isRabbit(broker)) throw new Error('Celery knows no such broker.');
  return onRabbit(broker, store, total, prepared, signal);
}

type Source_<C> = (
  make: (again: Again, ref: string) => Promise<Ready<C>>,
) => AsyncGenerator<readonly Prepared<C>[], void>;

interface Published extends Change {
  /** What removes the result afterwards, where that is another server's. */
  readonly forget: Change | null;
}

function onRedis(
  situation: Situation,
  broker: RedisBroker,
  store: RedisResultStore,
  total: number,
  source: Source_<Published>,
  signal: AbortSignal,
): StepWork<Published> {
  const { context } = situation;
  const redis = context.redis;
  if (redis === null) throw new Error('There is no transport of Redis.');
  const bindings = new Bindings(context);
  const together = sameServer(context, broker, store);
  const database = store.sameDatabase ? undefined : databaseOf(store.broker.address);
  const make = async ({ result, call, queue }: Again, ref: string): Promise<Ready<Published>> => {
    const bytes = envelopeOf(call, queue);
    const key = listFor(redis, queue, call.priority);
    const puts: Put[] = [{ command: 'LPUSH', key, args: [bytes] }, ...(await bindings.for(queue, signal))];
    const now = nowOf(situation);
    const undo: UndoUnit[] = store.sameDatabase
      ? [
          takingBack(result.id, key, bytes, {
            guards: resultGuards(result, now),
            operations: [restoringResult(result, now)],
          }),
        ]
      : // Undone in the opposite order: first the message, then the result.
        [resultBack(result.id, result, store, now), takingBack(result.id, key, bytes)];
    return {
      subject: result.id,
      ref,
      change: together
        ? { takes: [resultTake(result, database)], puts, forget: null }
        : { takes: [], puts, forget: { takes: [resultTake(result)], puts: [] } },
      undo,
      bytes: bytes.length + result.raw.length,
    };
  };
  const changed = new Changed(store, signal);
  return new StepWork(
    total,
    source(make),
    async (items, record, during) => {
      const did = await runChanges(broker, 'celery retry', items, record, during);
      const after = together ? did : await forgetting(items, did, store, record, during);
      changed.add(items);
      return after;
    },
    null,
    () => changed.tell(),
  );
}

/** Published and confirmed first; a result that changed meanwhile stays: the task then stands twice, and that is said. */
async function forgetting(
  items: readonly Ready<{ readonly forget: Change | null }>[],
  did: Did<never>,
  store: RedisResultStore,
  record: string,
  signal: AbortSignal,
): Promise<Did<never>> {
  const published = items.filter((_, index) => did.outcomes[index]?.outcome === 'done');
  const changes = published.flatMap(({ change: { forget } }) => forget ?? []);
  if (changes.length === 0) return did;
  let kept: ReadonlyMap<string, string>;
  try {
    const answers = await change(store.broker, 'celery retry', changes, `${record}:results`, signal);
    kept = new Map(
      published.flatMap((item, index) => {
        const { outcome: what, reason } = outcomeOf(item, answers[index]);
        return what === 'done' || what === 'gone' ? [] : [[item.subject, reason ?? what] as const];
      }),
    );
  } catch (thrown) {
    const { message } = asInspectorError(thrown, 'removing failed results');
    kept = new Map(published.map(({ subject }) => [subject, message]));
  }
  return {
    ...did,
    outcomes: did.outcomes.map(each => {
      const reason = each.id === null ? undefined : kept.get(each.id);
      return reason === undefined
        ? each
        : { ...each, reason: `published; its failed result is still there until it ends: ${reason}` };
    }),
  };
}

interface Publishing {
  readonly again: Again;
  readonly forget: Change;
}

function onRabbit(
  broker: RabbitBroker,
  store: RedisResultStore,
  total: number,
  source: Source_<Publishing>,
  signal: AbortSignal,
): StepWork<Publishing> {
  const changed = new Changed(store, signal);
  const make = async (again: Again, ref: string): Promise<Ready<Publishing>> => ({
    subject: again.result.id,
    ref,
    change: { again, forget: { takes: [resultTake(again.result)], puts: [] } },
    undo: [
      resultBack(again.result.id, again.result, store, Date.now()),
      takingFrom(again.result.id, again.queue, again.call),
    ],
    bytes: again.call.body.length + again.result.raw.length,
  });
  return new StepWork(
    total,
    source(make),
    async (items, record, during) => {
      const publications = items.map(item => ({ ...item, change: publicationOf(item.change.again) }));
      const did = await publishItems(broker, publications, during);
      const after = await forgetting(items, did, store, record, during);
      changed.add(items);
      return after;
    },
    CONFIRMED,
    () => changed.tell(),
  );
}

/** Messages that are published in one step on RabbitMQ, which takes them in as they come. */
const CONFIRMED = 1000;

const publicationOf = ({ call, queue }: Again): Publication => ({
  routingKey: queue,
  properties: propertiesOf(call),
  body: call.body,
});
