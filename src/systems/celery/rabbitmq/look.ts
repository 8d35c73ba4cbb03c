import { republication } from '../../../brokers/rabbitmq/messages';
import type { RabbitMessage } from '../../../brokers/rabbitmq/port';
import { InspectorError, isAbort } from '../../../model';
import { deliveryCount, type Look } from './looks';
import { readOverview, recentOverview } from './overview';
import { DEFAULT_LIMIT, factWithoutManagement, type QueueFact } from './queue-facts';
import type { RabbitState } from './state';

/** Messages of one look. */
export const LOOK_DEFAULT = 100;
export const LOOK_MOST = 1000;
/** How often, and after how many milliseconds each, it is asked whether a quorum queue has taken its messages back. */
const PUT_BACK_ATTEMPTS = 20;
const PUT_BACK_MS = 50;

/** Whether a queue may be looked at now, and what that does to it. */
export interface Permit {
  readonly queue: string;
  /** Why not; null = it may be. */
  readonly refusal: string | null;
  /** What a look leaves behind, in words. */
  readonly guarantee: string;
  /** The same before anybody has asked, as the reason why nothing is shown. */
  readonly withheld: string;
  /** `classic queue`, for a note; null = the type is not known. */
  readonly type: string | null;
}

const STRANGER = 'nothing shows that it is a queue of Celery; name it in the option "queues" if it is';
const CLASSIC = 'The messages are put back marked "redelivered".';

/** What a look at a queue means. No round trip: by what the last overview told. */
export function permitOf(state: RabbitState, queue: string): Permit {
  const known = state.queues?.get(queue) ?? state.delayed.get(queue);
  const fact = known ?? factWithoutManagement(queue, state.broker, null);
  return {
    queue,
    refusal: state.queues !== null && known === undefined ? STRANGER : refusalOf(state, fact),
    guarantee: guaranteeOf(fact),
    withheld: withheldOf(fact),
    type: fact.type === null ? null : `${fact.type} queue`,
  };
}

function guaranteeOf({ type, deliveryLimit: limit }: QueueFact): string {
  if (type === 'classic') return CLASSIC;
  if (type === 'quorum') {
    if (limit === null) return 'Each look counts as a delivery. This queue has no delivery limit.';
    return `Each look counts as a delivery; at the limit of ${limit} the broker drops or dead-letters the message.`;
  }
  const atLimit = limit === 'unknown' ? '; at its limit, 20 unless set otherwise, the broker drops the message' : '';
  return `${CLASSIC} If this is a quorum queue, each look counts as a delivery${atLimit}.`;
}

function withheldOf({ type, deliveryLimit: limit }: QueueFact): string {
  switch (type) {
    case 'classic':
      return 'Messages in a classic queue are not shown, since looking marks them redelivered.';
    case 'quorum':
      return `Messages in a quorum queue are not shown, since looking counts as a delivery (${limit === null ? 'no limit' : `limit ${limit}`}).`;
    case 'stream':
      return 'Messages in a stream are not shown: a stream is read from an offset, and no task is taken from it.';
    default:
      return 'Messages are not shown, since looking marks them redelivered and, in a quorum queue, counts as a delivery.';
  }
}

function refusalOf(state: RabbitState, fact: QueueFact): string | null {
  const { name, type, deliveryLimit: limit } = fact;
  if (type === 'stream') return 'a stream does not give single messages and put them back';
  if (fact.exclusive) return 'the queue belongs to another connection alone (exclusive)';
  if (type === 'quorum' && fact.singleActiveConsumer) {
    return 'RabbitMQ gives single messages of a quorum queue with a single active consumer to nobody else';
  }
  if (typeof limit !== 'number') return null;
  const seen = state.looks.deliveries(name);
  if (seen + 1 < limit) return null;
  const so = seen === 0 ? '' : `: a message has been delivered ${seen} ${seen === 1 ? 'time' : 'times'}`;
  return `the next look could reach the delivery limit of ${limit}${so}`;
}

/**
 * Looks at the first messages of a queue, and remembers what it saw or why it could not.
 * @throws InspectorError as `RabbitBroker.look` does, and `unsupported` where a look is refused
 */
export async function lookAt(state: RabbitState, queue: string, count: number, signal: AbortSignal): Promise<Look> {
  // What a look does depends on the type of the queue, which may be newer than the last overview.
  if (state.queues === null) await recentOverview(state, signal);
  else if (!state.queues.has(queue) && !state.delayed.has(queue)) await readOverview(state, signal);
  const { refusal } = permitOf(state, queue);
  if (refusal !== null) throw refused(queue, refusal);
  try {
    const { messages, got } = await getSome(state, queue, count, signal);
    const look = state.looks.remember(queue, messages);
    await putBack(state, queue, got, signal);
    return look;
  } catch (error) {
    if (error instanceof InspectorError && !isAbort(error)) state.looks.fail(queue, error);
    throw error;
  }
}

/**
 * Gets messages and puts them back. Where deliveries are limited, a message that may have been looked at by others before
 * can stand at the limit already, which nothing tells but its own header: the walk ends at the first that comes near it,
 * and one that going back would drop is published anew at the end of the queue instead, confirmed before it is taken off.
 */
async function getSome(
  state: RabbitState,
  queue: string,
  count: number,
  signal: AbortSignal,
): Promise<{ readonly messages: readonly RabbitMessage[]; readonly got: number }> {
  const { broker } = state;
  const given = (state.queues?.get(queue) ?? state.delayed.get(queue))?.deliveryLimit ?? null;
  const limit = given === 'unknown' ? DEFAULT_LIMIT : given;
  if (limit === null) {
    const messages = await broker.look(queue, count, signal);
    return { messages, got: messages.length };
  }
  // In a delay queue it would wait all over again; at the limit it goes on to the next one, only too early.
  const rescues = !state.delayed.has(queue);
  const seen: RabbitMessage[] = [];
  let near = false;
  let got = 0;
  await broker.take(
    {
      queue,
      atMost: count,
      pick: message => {
        got++;
        const deliveries = deliveryCount(message) + 1;
        const beyond = deliveries > limit && rescues && message.headersProblem === undefined;
        if (near && !beyond) return 'stop';
        near = near || deliveries >= limit;
        seen.push(message);
        return beyond ? 'take' : 'leave';
      },
      act: async (messages, stop) => {
        const anew = messages.map(message => republication(message, queue));
        return (await broker.publish(anew, stop)).map(outcome => outcome === 'done');
      },
    },
    signal,
  );
  return { messages: seen, got };
}

/**
 * Waits until what was looked at is ready again: a quorum queue puts it back a moment after the channel has closed
 * (seen on 3.10), and a page in between would call the queue empty. Not for long, as a worker may have taken it.
 */
async function putBack(state: RabbitState, queue: string, got: number, signal: AbortSignal): Promise<void> {
  const { broker, queues, delayed } = state;
  const type = (queues?.get(queue) ?? delayed.get(queue))?.type;
  if (type === 'classic' || got === 0) return;
  for (let attempt = 0; attempt < PUT_BACK_ATTEMPTS; attempt++) {
    const [depth] = await broker.depths([queue], signal);
    if (depth == null || depth.ready >= got) return;
    await new Promise(resolve => setTimeout(resolve, PUT_BACK_MS));
  }
}

/** A look that a page makes by itself where that was allowed. What it could not do is remembered; the page says it. */
export async function peek(state: RabbitState, queue: string, size: number, signal: AbortSignal): Promise<void> {
  try {
    await lookAt(state, queue, Math.min(LOOK_MOST, Math.max(LOOK_DEFAULT, size)), signal);
  } catch (error) {
    if (isAbort(error) || !(error instanceof InspectorError)) throw error;
    if (state.looks.of(queue) === null) state.looks.fail(queue, error);
  }
}

function refused(queue: string, reason: string): InspectorError {
  return new InspectorError('unsupported', {
    message: `The messages of ${queue} are not looked at: ${reason}.`,
    tried: `looking at the queue ${queue}`,
    answer: reason,
    remedy: 'Ask the workers what they hold, or let a worker take the messages.',
  });
}
