/** One connection of amqplib. The only file that imports it. */
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type Message } from 'amqplib';
import { aborted } from '../common/failures';
import { nodeTlsOptions, type TlsSettings } from '../common/tls';
import type { BrokerNode } from '../common/url';
import { channelFailure, connectFailure, connectionLost, type RabbitPlace, timedOut } from './failures';
import { passHeadersBy } from './frames';
import { probe, whatIs } from './probe';

export type { Channel, ConfirmChannel, Message };

export interface DriverOptions {
  readonly node: BrokerNode;
  readonly place: RabbitPlace;
  readonly password: string;
  readonly tls: TlsSettings | null;
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** What is counted: each wait for an answer over AMQP, each request over HTTP. */
export interface Counting {
  roundTrips: number;
  requests: number;
}

export interface OpenChannel<C extends Channel = Channel> {
  readonly channel: C;
  /** Waits for one answer on it. @throws InspectorError as `channelFailure`, `timeout`, `aborted`, `connection-lost` */
  ask<T>(question: (channel: C) => Promise<T>): Promise<T>;
  /** Closes it and waits until the server says so: what it held unacknowledged is back in its queue then. Never rejects. */
  close(): Promise<void>;
  /** The same; fulfilled only where the server has answered, and so has done all that was sent before. */
  closeSurely(): Promise<void>;
  /** Settles when the channel has ended, however. */
  readonly ended: Promise<Error | undefined>;
}

/** @throws InspectorError as `connectFailure`, `aborted` */
export async function openDriver(options: DriverOptions, meter: Counting, signal: AbortSignal): Promise<Driver> {
  const tried = `connecting to ${options.place.node}`;
  if (signal.aborted) throw aborted(tried);
  const opening = open(options);
  // It cannot be stopped; one that nobody wants any more is closed as soon as it is there.
  let model: ChannelModel;
  try {
    model = await orAbort(Promise.race([opening, strangerAt(options, opening, signal)]), signal, tried);
  } catch (thrown) {
    opening.then(late => late.close()).catch(() => undefined);
    if (signal.aborted) throw aborted(tried);
    // Not the server's fault: a driver of another shape.
    if (thrown instanceof TypeError) throw thrown;
    throw connectFailure(await probe(thrown, options, signal), options.place, options.connectTimeoutMs);
  }
  meter.roundTrips += 4;
  return new Driver(model, options, meter);
}

/** A broker greets at once. What keeps silent for a while is asked what it is; where that is known, we wait no longer. */
async function strangerAt(options: DriverOptions, opening: Promise<unknown>, signal: AbortSignal): Promise<never> {
  const never = new Promise<never>(() => undefined);
  if (options.tls !== null) return never;
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(true), SILENT_MS);
  });
  const settled = opening.then(
    () => false,
    () => false,
  );
  const asked = await Promise.race([silent, settled]);
  clearTimeout(timer);
  const found = asked && !signal.aborted ? await whatIs(options, signal).catch(() => null) : null;
  if (found === null) return never;
  throw new Error(found);
}

const NOT_IMPLEMENTED = 540;
const SILENT_MS = 1000;

async function open({ node, place, password, tls, ...options }: DriverOptions): Promise<ChannelModel> {
  const model = await connect(
    {
      protocol: tls === null ? 'amqp' : 'amqps',
      hostname: node.host,
      port: node.port,
      username: place.username,
      password,
      vhost: encodeURIComponent(place.vhost),
      heartbeat: options.heartbeatSeconds,
    },
    {
      timeout: options.connectTimeoutMs,
      noDelay: true,
      keepAlive: true,
      clientProperties: { product: 'Job Queue Inspector', connection_name: 'Job Queue Inspector' },
      ...(tls === null ? {} : nodeTlsOptions(tls)),
    },
  );
  // Unheard, an error of the connection would end this process.
  model.on('error', () => undefined);
  try {
    passHeadersBy(model.connection);
  } catch (thrown) {
    void model.close().catch(() => undefined);
    throw thrown;
  }
  return model;
}

export class Driver {
  readonly place: RabbitPlace;
  readonly replyTimeoutMs: number;
  readonly meter: Counting;
  readonly #model: ChannelModel;
  readonly #listeners: ((cause: Error | undefined) => void)[] = [];
  #cause: Error | undefined;
  #ended = false;
  #closing = false;
  /** Why the server takes no publications now (memory or disk alarm), in its own words; null = it takes them. */
  blocked: string | null = null;

  constructor(model: ChannelModel, options: DriverOptions, meter: Counting) {
    this.place = options.place;
    this.replyTimeoutMs = options.replyTimeoutMs;
    this.meter = meter;
    this.#model = model;
    model.on('error', error => {
      this.#cause ??= error;
    });
    model.on('blocked', reason => {
      this.blocked = reason;
    });
    model.on('unblocked', () => {
      this.blocked = null;
    });
    model.on('close', error => {
      this.#ended = true;
      this.#cause ??= error;
      if (!this.#closing) for (const listener of this.#listeners) listener(this.#cause);
    });
  }

  get closed(): boolean {
    return this.#ended || this.#closing;
  }

  /** What the server told of itself: product, version, cluster name, capabilities. */
  get serverProperties(): Readonly<Record<string, unknown>> {
    return this.#model.connection.serverProperties as unknown as Readonly<Record<string, unknown>>;
  }

  /** Called once at a loss that was not asked for. */
  onLost(listener: (cause: Error | undefined) => void): void {
    this.#listeners.push(listener);
  }

  lossOf(tried: string, outcome = 'Nothing was changed.') {
    return connectionLost(this.place.node, this.#cause, tried, outcome);
  }

  /** What this step of work ended with when the connection did: the server closes all of it over some questions. */
  #endedOver(tried: string) {
    const code = this.#cause !== undefined && 'code' in this.#cause ? this.#cause.code : undefined;
    return code === NOT_IMPLEMENTED ? this.failureOf(this.#cause, tried) : this.lossOf(tried);
  }

  /** An error of one of its channels in clear words. */
  failureOf(thrown: unknown, tried: string) {
    return channelFailure(thrown, tried, this.place);
  }

  openChannel(tried: string, signal: AbortSignal): Promise<OpenChannel> {
    return this.#open(() => this.#model.createChannel(), tried, signal);
  }

  /** One on which the server confirms what it has taken. */
  openConfirming(tried: string, signal: AbortSignal): Promise<OpenChannel<ConfirmChannel>> {
    return this.#open(() => this.#model.createConfirmChannel(), tried, signal);
  }

  /** Closes it without waiting; never rejects. */
  close(): void {
    if (this.closed) return;
    this.#closing = true;
    this.#model.close().catch(() => undefined);
  }

  async #open<C extends Channel>(
    create: () => Promise<C>,
    tried: string,
    signal: AbortSignal,
  ): Promise<OpenChannel<C>> {
    let cause: Error | undefined;
    const creating = Promise.resolve()
      .then(create)
      .then(channel => {
        // Unheard, an error of the channel would end this process: also of one that nobody waits for any more.
        channel.on('error', error => {
          cause ??= error;
        });
        return channel;
      });
    let channel: C;
    try {
      channel = await this.#within(() => creating, tried, signal);
    } catch (thrown) {
      creating.then(late => late.close()).catch(() => undefined);
      throw thrown;
    }
    const ended = new Promise<Error | undefined>(resolve => channel.on('close', () => resolve(cause)));
    let open = true;
    void ended.then(() => {
      open = false;
    });
    // Also after an abort: what it holds must go back.
    const never = new AbortController().signal;
    const closing = () => this.#within(async () => channel.close(), tried, never);
    return {
      channel,
      ended,
      ask: question => this.#within(async () => question(channel), tried, signal),
      close: async () => {
        if (open && !this.#ended) await closing().catch(() => undefined);
      },
      closeSurely: closing,
    };
  }

  async #within<T>(work: () => Promise<T>, tried: string, signal: AbortSignal): Promise<T> {
    if (this.closed) throw this.lossOf(tried);
    if (signal.aborted) throw aborted(tried);
    this.meter.roundTrips++;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const say = () => reject(timedOut(tried, this.replyTimeoutMs, this.place.node));
      timer = setTimeout(say, this.replyTimeoutMs);
    });
    try {
      return await orAbort(Promise.race([work(), late]), signal, tried);
    } catch (thrown) {
      if (this.closed && !isOwn(thrown)) throw this.#endedOver(tried);
      throw channelFailure(thrown, tried, this.place);
    } finally {
      clearTimeout(timer);
    }
  }
}

const isOwn = (thrown: unknown) => thrown instanceof Error && thrown.name === 'InspectorError';

/** The promise, or `aborted` as soon as the signal says so. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal, tried: string): Promise<T> {
  let stop: (() => void) | undefined;
  const canceled = new Promise<never>((_resolve, reject) => {
    stop = () => reject(aborted(tried));
    signal.addEventListener('abort', stop, { once: true });
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, canceled]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
