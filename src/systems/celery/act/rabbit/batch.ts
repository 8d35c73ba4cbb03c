import { createHash } from 'node:crypto';
import { saveMessage } from '../../../../brokers/rabbitmq/messages';
import type { Publication, RabbitMessage, TakeReport } from '../../../../brokers/rabbitmq/port';
import { asInspectorError, type ItemOutcome, type RabbitUndoUnit } from '../../../../model';
import { type Batch, outcome } from '../../../acting/work';
import { UnwritableValue } from '../../message/build-values';
import { readDelivery } from '../../rabbitmq/messages';
import { published } from '../publish';
import type { Situation } from '../situation';
import { TAKEN } from '../undo';
import type { Held } from './hold';
import { ownQueue, rabbitOf } from './ready';
import type { ReadyAction } from './taking';

/** Messages that undo looks through for what was published. */
const WITHIN = 1000;
const TWICE = 'done, but the connection broke before RabbitMQ knew that the original may go: it may be there twice';
const NOT_ACKED = 'the connection broke before RabbitMQ knew that it may go: it may be there still';

interface Item {
  readonly subject: string;
  readonly ref: string | null;
  readonly publication: Publication | null;
  readonly undo: RabbitUndoUnit;
  readonly refusal: string | null;
}

/** The step of messages that are held: what is done with each, and how that is taken back. */
export async function batchOf(
  queue: string,
  held: Held,
  refs: readonly string[] | null,
  gone: readonly ItemOutcome[],
  action: ReadyAction,
  { context }: Situation,
  signal: AbortSignal,
): Promise<Batch<never>> {
  const rabbit = rabbitOf(context);
  const items: Item[] = [];
  try {
    for (const [index, message] of held.messages.entries()) {
      const own = await ownQueue(rabbit, queue, message, signal);
      items.push(await itemOf(message, refs?.[index] ?? null, queue, own, action));
    }
  } catch (error) {
    await held.finish([]);
    throw error;
  }
  const taken = items.filter(({ refusal }) => refusal === null);
  return {
    subjects: taken.map(({ subject }) => subject),
    ...(refs === null ? {} : { refs: taken.map(({ ref }) => ref ?? '') }),
    // Undone from the last to the first, each goes to the end of the queue: so that the first one comes first again.
    undo: taken.map(({ undo }) => undo).reverse(),
    outcomes: [
      ...gone,
      ...items.flatMap(({ subject, ref, refusal }) =>
        refusal === null ? [] : [outcome({ id: subject, ref }, 'refused', refusal)],
      ),
    ],
    weight: 0,
    run: async (_record, during) => {
      const outcomes = await running(items, held, context, during);
      const indexes = items.flatMap(({ refusal }, index) => (refusal === null ? [index] : []));
      rabbit.forget(
        queue,
        indexes.flatMap((index, n) => (outcomes[n]?.outcome === 'done' ? (held.messages[index] ?? []) : [])),
      );
      return { outcomes, undo: [] };
    },
  };
}

async function itemOf(
  message: RabbitMessage,
  ref: string | null,
  queue: string,
  own: string | null,
  action: ReadyAction,
): Promise<Item> {
  const task = readDelivery(message);
  const subject = task.id ?? createHash('sha256').update(message.body).digest('hex').slice(0, 32);
  const target = action.queue?.(own) ?? own;
  let refusal = action.leave?.(task) ?? null;
  let publication: Publication | null = null;
  try {
    if (refusal === null && action.queue !== undefined && target === null) refusal = 'its queue cannot be told';
    if (refusal === null) publication = await action.publication(message, task, target ?? queue);
  } catch (error) {
    if (!(error instanceof UnwritableValue)) throw error;
    refusal = error.message;
  }
  return { subject, ref, publication, refusal, undo: undoOf(subject, message, own ?? queue, publication) };
}

/**
 * Back at the end of its queue; of what was published instead, first that is taken back. A delayed task goes to its own
 * queue, where a worker holds it until its ETA: its way through the delays cannot be begun in the middle.
 */
function undoOf(
  subject: string,
  message: RabbitMessage,
  queue: string,
  publication: Publication | null,
): RabbitUndoUnit {
  const put = { kind: 'publish', queue, message: saveMessage(message) } as const;
  if (publication === null) return { broker: 'rabbitmq', subject, operations: [put] };
  const take = {
    kind: 'take',
    queue: publication.routingKey,
    correlationId: publication.properties.correlationId ?? null,
    bodySha256: createHash('sha256').update(publication.body).digest('hex'),
    within: WITHIN,
    refusal: TAKEN,
  } as const;
  return { broker: 'rabbitmq', subject, operations: [take, put] };
}

/** Published and confirmed first, and only then acknowledged. */
async function running(
  items: readonly Item[],
  held: Held,
  context: Situation['context'],
  signal: AbortSignal,
): Promise<ItemOutcome[]> {
  const { broker } = rabbitOf(context);
  const taken = items.filter(({ refusal }) => refusal === null);
  const publishing = taken.filter(({ publication }) => publication !== null);
  const said = new Map<Item, ItemOutcome>();
  try {
    const answers = await broker.publish(
      publishing.flatMap(({ publication }) => publication ?? []),
      signal,
    );
    for (const [index, item] of publishing.entries()) said.set(item, published(item, answers[index] ?? 'unknown'));
  } catch (error) {
    await held.finish([]);
    throw error;
  }
  const goes = (item: Item) => item.refusal === null && (said.get(item)?.outcome ?? 'done') === 'done';
  let report: TakeReport;
  try {
    report = await held.finish(items.map(goes));
  } catch (thrown) {
    const { message } = asInspectorError(thrown, 'acknowledging messages');
    return taken.map(item => said.get(item) ?? outcome({ id: item.subject, ref: item.ref }, 'unknown', message));
  }
  const twice = new Set(report.twice.map(position => items[position]));
  return taken.map(item => {
    const about = { id: item.subject, ref: item.ref };
    if (!twice.has(item)) return said.get(item) ?? outcome(about, 'done', null);
    return item.publication === null ? outcome(about, 'unknown', NOT_ACKED) : outcome(about, 'done', TWICE);
  });
}
