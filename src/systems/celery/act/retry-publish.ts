import type { Publication, RabbitBroker } from '../../../brokers/rabbitmq/port';
import type { RedisBroker } from '../../../brokers/redis/port';
import { asInspectorError, type UndoUnit } from '../../../model';
import type { Did } from '../../acting/work';
import { envelopeOf, propertiesOf } from '../message/build';
import type { RedisResultStore } from '../results';
import { publishItems } from './publish';
import { takingFrom } from './rabbit/units';
import { type Change, change, databaseOf, type Put } from './redis/change';
import { Bindings, listFor } from './redis/places';
import { outcomeOf, runChanges } from './redis/run';
import { Changed, resultBack, resultGuards, resultTake, sameServer } from './results';
import type { Again } from './retry';
import { nowOf, type Situation } from './situation';
import { type Prepared, type Ready, StepWork } from './steps';
import { restoringResult } from './stored';
import { takingBack } from './undo';

/** Failed tasks that come, each made into what the broker's kind wants. */
export type Agains<C> = (
  make: (again: Again, ref: string) => Ready<C> | Promise<Ready<C>>,
) => AsyncGenerator<readonly Prepared<C>[], void>;

interface Published extends Change {
  /** What removes the result afterwards, where that is another server's. */
  readonly forget: Change | null;
}

/** Retries on Redis: one script where the results are on the same server, else the message first, then the result. */
export function onRedis(
  situation: Situation,
  broker: RedisBroker,
  store: RedisResultStore,
  total: number,
  source: Agains<Published>,
  signal: AbortSignal,
): StepWork<Published> {
  const { context } = situation;
  const redis = context.redis;
  if (redis === null) throw new Error('There is no transport of Redis.');
  const bindings = new Bindings(context);
  const together = sameServer(context, broker, store);
  const database = store.sameDatabase ? undefined : databaseOf(store.broker.address);
  const make = (again: Again, ref: string): Ready<Published> | Promise<Ready<Published>> => {
    const known = bindings.known(again.queue);
    if (known !== undefined) return published(again, ref, known);
    return bindings.for(again.queue, signal).then(read => published(again, ref, read));
  };
  const published = ({ result, call, queue }: Again, ref: string, bound: readonly Put[]): Ready<Published> => {
    const bytes = envelopeOf(call, queue);
    const key = listFor(redis, queue, call.priority);
    const puts: Put[] = [{ command: 'LPUSH', key, args: [bytes] }, ...bound];
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

/** Retries on RabbitMQ: a message is published and confirmed, then its failed result is taken away. */
export function onRabbit(
  broker: RabbitBroker,
  store: RedisResultStore,
  total: number,
  source: Agains<Publishing>,
  signal: AbortSignal,
): StepWork<Publishing> {
  const changed = new Changed(store, signal);
  const make = (again: Again, ref: string): Ready<Publishing> => ({
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
const CONFIRMED = 500;

const publicationOf = ({ call, queue }: Again): Publication => ({
  routingKey: queue,
  properties: propertiesOf(call),
  body: call.body,
});
