import { isRabbit, type RabbitBroker, type RabbitMessage } from '../../../brokers/rabbitmq/port';
import { type Evidence, InspectorError, isAbort, type Ref } from '../../../model';
import { openMessage } from '../message/read';
import type { CreateRabbitTransport, DetectRabbit } from '../parts';
import type { Mailbox, StoredMessage, Transport } from '../types';
import { evidenceOf } from './evidence';
import { lookAt, type Permit, peek, permitOf } from './look';
import type { Look, LookedMessage } from './looks';
import { lookedOf, readDelivery, readRef, refOf, storedOf } from './messages';
import { DEFAULT_QUEUE } from './names';
import { readOverview, recentOverview } from './overview';
import { readPage } from './page';
import type { QueueFact } from './queue-facts';
import { findLooked, searchLooked } from './search';
import { newState, type RabbitState } from './state';
import { readVhost } from './vhost';

export { messageHash } from './looks';

/** What RabbitMQ offers beyond `Transport`, for acting and rules. */
export interface RabbitTransport extends Transport {
  readonly kind: 'rabbitmq';
  readonly broker: RabbitBroker;
  /** False until the first overview: types and limits of queues are not known before. */
  readonly known: boolean;
  /** Whether a queue may be looked at, and what that leaves behind; no round trip. */
  permit(queue: string): Permit;
  /** What was taken out of a queue: looks at it show it no more. */
  forget(queue: string, messages: readonly RabbitMessage[]): void;
  /** Looks and remembers: what `page`, `message`, `find` and `search` show from then on. The action `look` does this. */
  look(queue: string, count: number, signal: AbortSignal): Promise<Look>;
  /** The looked message of a ref, to find it again while taking: by `messageHash`. @throws InspectorError `gone` */
  looked(ref: Ref): LookedMessage;
  refOf(message: LookedMessage): Ref;
  /** Names of the app's queues as of the last overview; makes one where there was none. */
  queueNames(signal: AbortSignal): Promise<readonly string[]>;
  /** Type and limits of one of the app's queues or delay queues. */
  fact(queue: string): QueueFact | null;
  /** Delay queues that hold tasks, as of the last overview. */
  delayedQueues(): readonly string[];
}

export const isRabbitTransport = (transport: Transport): transport is RabbitTransport =>
  isRabbit(transport.broker as RabbitBroker);

/** Celery on a virtual host of RabbitMQ. No round trip. */
export const createRabbitTransport = ((place, mailbox, evidence): RabbitTransport => {
  const { broker, key, options } = place;
  if (!isRabbit(broker)) throw new Error(`${broker.address} is no RabbitMQ.`);
  return transportOf(newState(broker, key, options), mailbox, evidence);
}) satisfies CreateRabbitTransport;

function transportOf(state: RabbitState, mailbox: Mailbox, evidence: readonly Evidence[]): RabbitTransport {
  return {
    kind: 'rabbitmq',
    broker: state.broker,
    evidence,
    mailbox,
    get known() {
      return state.queues !== null;
    },
    overview: signal => readOverview(state, signal),
    page: (query, signal) => readPage(state, query, signal),
    message: (ref, signal) => message(state, ref, signal),
    find: async (id, queue, signal) => {
      await peekFirst(state, queue, signal);
      return findLooked(state, id, queue);
    },
    search: async function* (query, signal) {
      await peekFirst(state, query.queue, signal);
      yield* searchLooked(state, query, signal);
    },
    permit: queue => permitOf(state, queue),
    look: (queue, count, signal) => lookAt(state, queue, count, signal),
    looked: ref => lookedOf(state, ref),
    forget: (queue, messages) => state.looks.forget(queue, messages),
    refOf: looked => refOf(state, looked),
    queueNames: async signal => {
      if (state.queues === null) await readOverview(state, signal);
      return [...(state.queues?.keys() ?? [])];
    },
    fact: queue => state.queues?.get(queue) ?? state.delayed.get(queue) ?? null,
    delayedQueues: () => [...state.delayed.values()].filter(({ ready }) => ready !== 0).map(({ name }) => name),
  };
}

async function message(state: RabbitState, ref: Ref, signal: AbortSignal): Promise<StoredMessage> {
  const wanted = readRef(ref);
  // A program that reads one task has no look behind it: where it was allowed to, it looks now.
  if (state.peek && wanted !== null && state.looks.of(wanted.queue) === null) {
    await recentOverview(state, signal);
    await peek(state, wanted.queue, wanted.position + 1, signal);
  }
  const looked = lookedOf(state, ref);
  const look = state.looks.of(looked.queue);
  const task = await openMessage(readDelivery(looked.message));
  return storedOf(state, looked, look ?? { at: Date.now() }, task);
}

/** Where looking was allowed once and for all, what has not been looked at yet is looked at before it is searched. */
async function peekFirst(state: RabbitState, queue: string | null, signal: AbortSignal): Promise<void> {
  if (!state.peek) return;
  await recentOverview(state, signal);
  const names =
    queue === null
      ? [...(state.queues?.values() ?? [])]
          .filter(({ ready }) => ready !== 0)
          .slice(0, 20)
          .map(({ name }) => name)
      : [queue];
  for (const name of names) if (state.looks.of(name) === null) await peek(state, name, 0, signal);
}

/** What shows that Celery uses the virtual host; what was read is kept for the first overview. */
export const detectRabbit: DetectRabbit = async (broker, options, signal) => {
  if (!isRabbit(broker)) return [];
  let refused: string | null = broker.managementProblem;
  const named = { queues: options.queues, eventExchange: options.eventExchange };
  if (broker.management !== null) {
    try {
      const { queues, structure, layout } = await readVhost(broker, broker.management, named, signal);
      return evidenceOf(broker.vhost, queues, structure, layout, named);
    } catch (error) {
      // Refused or slow: what AMQP itself tells is less, and still something.
      if (isAbort(error) || !(error instanceof InspectorError)) throw error;
      refused = error.message;
    }
  }
  const names = [...new Set([DEFAULT_QUEUE, ...named.queues])];
  const depths = await broker.depths(names, signal);
  const evidence = names.flatMap((name, index): Evidence[] => {
    const depth = depths[index] ?? null;
    if (depth === null) return [];
    const ready = `${depth.ready} ready ${depth.ready === 1 ? 'message' : 'messages'}`;
    return [{ what: `queue ${name}`, value: ready, source: `queue.declare ${name} (passive)` }];
  });
  // AMQP lists nothing: other names may be there.
  if (evidence.length === 0) throw namesUnknown(broker.vhost, names, refused);
  return evidence;
};

const namesUnknown = (vhost: string, names: readonly string[], refused: string | null): InspectorError =>
  new InspectorError('unsupported', {
    message: `Whether Celery has queues in the virtual host ${vhost} cannot be told without the management API.`,
    tried: `declaring passively the queues whose names are known: ${names.join(', ')}`,
    answer: `none of them is there. ${refused ?? 'The management API is not there.'}`,
    remedy: 'Name a queue of the application in the option "queues", or the URL of the management API in "management".',
  });
