import { randomUUID } from 'node:crypto';
import { fromTaggedJson, isKind, type PyDict, type PyNode, type PyTuple } from '../../../codecs/python';
import type { InspectorError } from '../../../model';
import { badValue } from '../../acting/values';
import { editDelivery, editEnvelope, type TaskEdits } from '../message/build-edit';
import { textAt } from '../message/build-text';
import { sameValue, UnwritableValue } from '../message/build-values';
import type { StoredElement } from '../parts';
import type { TaskMessage } from '../types';
import { serializerOf } from './dialect';
import type { Wish } from './new-task';
import type { Wanted } from './publish';
import { nowOf, type Situation } from './situation';

/** The original, as its broker has it. */
export type Original =
  | { readonly kind: 'element'; readonly element: StoredElement }
  | { readonly kind: 'delivery'; readonly message: TaskMessage };

const CHORD = 'It is part of a chord. The copy does not count for it: the chord waits for the original.';
const FOLLOWED = 'What follows it (its chain or callbacks) runs after the copy too, under the ids that it has already.';

/**
 * A copy of a message under a new id: what the wish does not change stays byte for byte.
 * @throws InspectorError `bad-value`
 */
export async function copyOf(
  original: Original,
  ownQueue: string | null,
  wish: Wish & { readonly id: string },
  situation: Situation,
  cautions: Set<string>,
): Promise<Wanted> {
  const message = original.kind === 'element' ? original.element.message : original.message;
  const queue = wish.queue ?? ownQueue ?? message.routingKey ?? undefined;
  if (queue === undefined) throw badValue('queue', 'its queue cannot be told: name one');
  const serializer = serializerOf(message.contentType);
  if (wish.serializer !== undefined && serializer !== undefined && wish.serializer !== serializer)
    throw badValue('serializer', `a copy keeps the serializer of its original, ${serializer}`);
  if (message.chord !== null) cautions.add(CHORD);
  if (message.chain.length + message.callbacks.length + message.errbacks.length > 0) cautions.add(FOLLOWED);
  const edits = editsOf(message, wish, queue, nowOf(situation));
  const priority = edits.priority ?? message.priority;
  const tagged = Object.hasOwn(message.headers, 'stamped_headers');
  try {
    if (original.kind === 'element') {
      const element = await editEnvelope(envelopeIn(original.element), message, edits, tagged);
      return { id: wish.id, queue, priority, message: { element } };
    }
    const { headers, body } = await editDelivery(message.headers, message, edits, tagged);
    const properties = {
      ...(message.contentType === null ? {} : { contentType: message.contentType }),
      ...(message.contentEncoding === null ? {} : { contentEncoding: message.contentEncoding }),
      ...(message.replyTo === null ? {} : { replyTo: message.replyTo }),
      ...(priority === null ? {} : { priority }),
      headers: withoutDeaths(headers),
      deliveryMode: 2,
      correlationId: wish.id,
    };
    return { id: wish.id, queue, priority, message: { publication: { properties, body } } };
  } catch (error) {
    if (error instanceof UnwritableValue) throw unwritable(error);
    throw error;
  }
}

const unwritable = (error: UnwritableValue): InspectorError => badValue('args', error.message);

/** What RabbitMQ wrote about the way of the original (dead-lettering, deliveries) is not true of a copy. */
function withoutDeaths(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^x-(death$|first-death-|last-death-|delivery-count$|acquired-count$)/.test(name),
    ),
  );
}

/** The message itself, exactly: an entry of `unacked` has it in front of exchange and routing key. */
export function envelopeIn({ kind, bytes }: StoredElement): Buffer {
  return kind === 'list' ? bytes : Buffer.from(textAt(bytes.toString('latin1'), [0]) ?? '', 'latin1');
}

function editsOf(message: TaskMessage, wish: Wish & { id: string }, queue: string, now: number): TaskEdits {
  const args = changed(wish.args, message.args?.json);
  const kwargs = changed(wish.kwargs, message.kwargs?.json);
  const expired = message.expires !== null && Date.parse(message.expires) <= now;
  const [hard, soft] = message.timeLimit;
  const limits = wish.whole || wish.hard !== undefined || wish.soft !== undefined;
  return {
    id: wish.id,
    tag: randomUUID(),
    queue,
    outOfChord: true,
    ...(wish.task !== undefined && wish.task !== message.task ? { task: wish.task } : {}),
    ...(args === undefined ? {} : { args }),
    ...(kwargs === undefined ? {} : { kwargs }),
    // A form tells everything: what is empty there is meant to be empty.
    ...(wish.eta !== undefined ? { eta: wish.eta } : wish.whole && message.eta !== null ? { eta: null } : {}),
    ...(wish.expires !== undefined
      ? { expires: wish.expires }
      : expired || (wish.whole && message.expires !== null)
        ? { expires: null }
        : {}),
    ...(wish.priority === undefined || wish.priority === message.priority ? {} : { priority: wish.priority }),
    ...(wish.retries === undefined ? {} : { retries: wish.retries }),
    ...(limits && (wish.hard !== hard || wish.soft !== soft)
      ? { timeLimit: [wish.hard ?? (wish.whole ? null : hard), wish.soft ?? (wish.whole ? null : soft)] as const }
      : {}),
  };
}

/** A field of a form that says what the message says is no change: its bytes stay. */
function changed<T extends PyTuple | PyDict>(wished: T | undefined, own: unknown): T | undefined {
  if (wished === undefined || own === undefined) return wished;
  let node: PyNode;
  try {
    node = fromTaggedJson(own);
  } catch {
    return wished;
  }
  if (!isKind(node, 'tuple') && !isKind(node, 'list') && !isKind(node, 'dict')) return wished;
  return sameValue(wished, node) ? undefined : wished;
}
