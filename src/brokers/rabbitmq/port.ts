import type { Broker, UndoUnit } from '../../model';

/**
 * What the systems know of RabbitMQ: one virtual host, over AMQP 0-9-1 and, where it answers, the management API. No
 * driver type crosses it. Nothing here declares, binds or consumes an object that is not our own.
 */
export interface RabbitBroker extends Broker {
  readonly kind: 'rabbitmq';
  readonly vhost: string;
  readonly server: RabbitServer;
  readonly meter: RabbitMeter;
  /** The management API, or null with the reason in `managementProblem`. */
  readonly management: Management | null;
  readonly managementProblem: string | null;

  /** Depths by passive declare on a throw-away channel: exact and current; null where there is no such queue. */
  depths(queues: readonly string[], signal: AbortSignal): Promise<readonly (QueueDepth | null)[]>;

  /**
   * Looks at the first `count` ready messages: gets them without acknowledging, then closes the channel, so that they
   * are requeued in their order. Not free of effects: classic queues mark them redelivered, quorum queues count a
   * delivery; so it runs as an action only. @throws InspectorError `gone`, `forbidden`, `unsupported` (quorum queue with
   * single active consumer), `refused` by `limit`, `timeout`, `connection-lost`
   */
  look(queue: string, count: number, signal: AbortSignal): Promise<readonly RabbitMessage[]>;

  /**
   * Publishes on a confirming channel, mandatory, to the default exchange unless told; answers one outcome a message, in
   * order. Confirmed without a return = done. Never repeated by itself; lost answers are `unknown`.
   */
  publish(messages: readonly Publication[], signal: AbortSignal): Promise<readonly PublishOutcome[]>;

  /**
   * Gets messages one after the other without acknowledging, at most `atMost`; those that `pick` wants are handed to
   * `act` (publish them elsewhere, or nothing), and acknowledged only where it answers true. All others are requeued in
   * order when the channel closes. At-least-once: what was acted on and could not be acknowledged is reported `twice`.
   */
  take(order: TakeOrder, signal: AbortSignal): Promise<TakeReport>;

  /** @returns how many messages were removed */
  purge(queue: string, signal: AbortSignal): Promise<number>;
  /** @throws InspectorError `changed` where it is in use or not empty though that was demanded */
  deleteQueue(
    queue: string,
    demand: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
    signal: AbortSignal,
  ): Promise<number>;

  /**
   * An exclusive, auto-deleting queue of our own, bound as told; messages as they come, acknowledged by arriving. Ends,
   * and its queue with it, when the iterator is left or the signal aborts.
   */
  subscribe(bindings: readonly Binding[], signal: AbortSignal): Promise<Subscription>;

  /** Undoes units of this kind of broker in order; true = taken back, text = why not. */
  undo(units: readonly UndoUnit[], signal: AbortSignal): Promise<readonly (true | string)[]>;
}

export interface RabbitServer {
  readonly product: string;
  readonly version: string;
  /** Name of the node that answers: `rabbit@host`; null without the management API. */
  readonly node: string | null;
  atLeast(version: string): boolean;
}

/** Requests over HTTP and round trips over AMQP so far. */
export interface RabbitMeter {
  readonly roundTrips: number;
  readonly requests: number;
}

export interface QueueDepth {
  /** Ready messages; those held by consumers are not in it. */
  readonly ready: number;
  readonly consumers: number;
}

/** A message as it came, with AMQP types kept apart from JavaScript's so that it can be published again unchanged. */
export interface RabbitMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly properties: RabbitProperties;
  readonly body: Uint8Array;
  /** Why its headers could not be read whole; then it cannot be published again, only left or deleted. */
  readonly headersProblem?: string;
}

/**
 * Plain JavaScript values; header integers, floats, nulls and nested tables as they read, frozen. Headers that are
 * published again as the very object that was read are the same bytes on the wire; in a changed copy what was not changed
 * inside (nested tables, lists) is.
 */
export interface RabbitProperties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly deliveryMode?: number;
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  /** Milliseconds, as text. */
  readonly expiration?: string;
  readonly messageId?: string;
  /** Unix seconds. */
  readonly timestamp?: number;
  readonly type?: string;
  readonly appId?: string;
}

export interface Publication {
  /** Default exchange unless told. */
  readonly exchange?: string;
  readonly routingKey: string;
  readonly properties: RabbitProperties;
  readonly body: Uint8Array;
}

/** `refused`: by the server, or not sent any more after an abort; in both cases it was not published. */
export type PublishOutcome = 'done' | 'unroutable' | 'refused' | 'unknown';

export interface TakeOrder {
  readonly queue: string;
  /** Messages got at the most; all are held until the end. */
  readonly atMost: number;
  /** `stop` ends the walk before this message. */
  pick(message: RabbitMessage, position: number): 'take' | 'leave' | 'stop';
  /** What is done with the picked ones before they are acknowledged; one answer each. */
  act(taken: readonly RabbitMessage[], signal: AbortSignal): Promise<readonly boolean[]>;
}

export interface TakeReport {
  readonly looked: number;
  /** Acted on and acknowledged. */
  readonly taken: number;
  /** Acted on, but whether the acknowledgement arrived is unknown: they may exist twice. Positions among the picked. */
  readonly twice: readonly number[];
}

export interface Binding {
  readonly exchange: string;
  readonly routingKey: string;
  /** Declares the exchange so where it is absent (durable: false, autoDelete: false); absent = it must be there. */
  readonly declare?: 'direct' | 'fanout' | 'topic';
}

export interface Subscription extends AsyncIterable<RabbitMessage> {
  /** Name of our queue. */
  readonly queue: string;
  close(): Promise<void>;
}

/** The management API of one virtual host. Statistics lag by some seconds (5 s unless the server is set so). */
export interface Management {
  /** Without password: `http://localhost:15672`. */
  readonly url: string;
  /** One page, sorted by name on the server. Sizes up to 500. */
  queues(query: ManagementPage, signal: AbortSignal): Promise<Paged<ManagedQueue>>;
  /** All of them, in one request and in no order; handed over in parts. */
  allQueues(signal: AbortSignal): AsyncIterable<readonly ManagedQueue[]>;
  exchanges(signal: AbortSignal): Promise<readonly ManagedExchange[]>;
  bindings(signal: AbortSignal): Promise<readonly ManagedBinding[]>;
  consumers(signal: AbortSignal): Promise<readonly ManagedConsumer[]>;
  connections(signal: AbortSignal): Promise<readonly ManagedConnection[]>;
}

export interface ManagementPage {
  /** 1-based. */
  readonly page: number;
  readonly size: number;
  /** Part of the name. */
  readonly name?: string;
}

export interface Paged<T> {
  readonly items: readonly T[];
  readonly pages: number;
  readonly total: number;
}

export interface ManagedQueue {
  readonly name: string;
  readonly type: 'classic' | 'quorum' | 'stream' | string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusive: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Null where statistics are not there yet. */
  readonly ready: number | null;
  readonly unacked: number | null;
  readonly consumers: number | null;
  readonly state: string | null;
  readonly policy: string | null;
  /** `delivery-limit`, `message-ttl`, `consumer-timeout` … of the policies in force. */
  readonly effectivePolicy: Readonly<Record<string, unknown>>;
  /** Unix seconds of the first message, where its publisher set a timestamp. */
  readonly headTimestamp: number | null;
  readonly rates: { readonly publish: number | null; readonly deliver: number | null; readonly ack: number | null };
}

export interface ManagedExchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly internal: boolean;
}

export interface ManagedBinding {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: 'queue' | 'exchange';
  readonly routingKey: string;
}

export interface ManagedConsumer {
  readonly queue: string;
  readonly tag: string;
  readonly prefetch: number;
  readonly ackRequired: boolean;
  readonly active: boolean;
  readonly connection: string;
  readonly peerHost: string | null;
}

export interface ManagedConnection {
  readonly name: string;
  readonly user: string;
  readonly state: string | null;
  /** `py-amqp`, `Pika Python Client Library` … */
  readonly product: string | null;
  readonly productVersion: string | null;
  readonly peerHost: string | null;
  readonly peerPort: number | null;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number | null;
  readonly heartbeatSeconds: number | null;
}

export function isRabbit(broker: Broker): broker is RabbitBroker {
  return broker.kind === 'rabbitmq';
}
