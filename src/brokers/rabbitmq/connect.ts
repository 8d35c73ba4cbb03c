import { InspectorError, type UndoUnit } from '../../model';
import { aborted } from '../common/failures';
import { type TlsOptions, type TlsSettings, tlsSettings } from '../common/tls';
import { type BrokerNode, showNode } from '../common/url';
import { compareVersions } from '../common/versions';
import { readDepths } from './depths';
import { type Counting, type Driver, type DriverOptions, openDriver } from './driver';
import { findManagement, type ManagementFound } from './find-management';
import type { ManagementApi } from './management';
import type {
  Binding,
  Publication,
  PublishOutcome,
  QueueDepth,
  RabbitBroker,
  RabbitMessage,
  RabbitMeter,
  RabbitServer,
  Subscription,
  TakeOrder,
  TakeReport,
} from './port';
import { Publisher } from './publish';
import { subscribeTo } from './subscribe';
import { lookAt, takeFrom } from './take';
import { undoRabbitUnits } from './undo';
import { formatRabbitUrl, parseRabbitUrl, type RabbitAddress, showRabbitAddress } from './url';

export interface RabbitConnectOptions {
  /** Any form that `parseRabbitUrl` reads; a password in it counts unless `password` is given. `guest` for guest. */
  readonly url: string;
  readonly password?: string | null;
  readonly tls?: TlsOptions;
  /**
   * The management API, with its own user and password if they differ: `https://monitor:secret@host:15671`. Absent =
   * port 15672 of the same host, 15671 with TLS; null = it is not looked for.
   */
  readonly managementUrl?: string | null;
  /** For connecting to one host, 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** For each answer over AMQP, 10 s by default. */
  readonly replyTimeoutMs?: number;
  /** For each answer of the management API, 10 s by default; 3 s for the first. */
  readonly managementTimeoutMs?: number;
}

/** A live connection. It does not reconnect by itself: whoever holds it decides when. */
export interface ConnectedRabbit extends RabbitBroker {
  /** Without password. */
  readonly url: string;
  /** `host:port` of the one that answers now. */
  readonly node: string;
  /** The node's process and the port that was connected to; pid null where the management API does not tell it. */
  readonly process: { readonly pid: number | null; readonly port: number };
  /** Null while it is connected, else what happened. */
  readonly lost: InspectorError | null;
  /** Called at every loss that was not asked for; answers how to stop listening. */
  onLost(listener: (error: InspectorError) => void): () => void;
  /** Opens it anew in place: the systems keep this very broker. @throws InspectorError as connecting does */
  reconnect(signal: AbortSignal): Promise<void>;
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const HEARTBEAT_SECONDS = 20;

/**
 * Connects: opens AMQP to the first host that lets us in, then looks for the management API. Changes nothing.
 * @throws InspectorError `bad-value`, `unresolved`, `unreachable`, `timeout`, `tls`, `unauthorized`, `forbidden`,
 * `no-such-database` (virtual host), `not-a-broker`, `aborted`; no text of it holds a password
 */
export async function connectRabbit(options: RabbitConnectOptions, signal: AbortSignal): Promise<ConnectedRabbit> {
  const { address, password } = parseRabbitUrl(options.url);
  const tls = await tlsSettings(options.tls ?? {}, address);
  const connection = new RabbitConnection(address, options.password ?? password ?? 'guest', tls, options);
  await connection.reconnect(signal);
  return connection;
}

interface Session extends ManagementFound {
  readonly driver: Driver;
  readonly publisher: Publisher;
  readonly host: string;
  readonly port: number;
}

class RabbitConnection implements ConnectedRabbit {
  readonly kind = 'rabbitmq';
  readonly address: string;
  readonly url: string;
  readonly vhost: string;
  readonly #where: RabbitAddress;
  readonly #password: string;
  readonly #tls: TlsSettings | null;
  readonly #options: RabbitConnectOptions;
  readonly #meter: Counting = { roundTrips: 0, requests: 0 };
  readonly #listeners = new Set<(error: InspectorError) => void>();
  /** Queues that are known to be no streams. */
  readonly #gettable = new Set<string>();
  #current: Session | undefined;
  #lost: InspectorError | null = null;
  #closed = false;

  constructor(where: RabbitAddress, password: string, tls: TlsSettings | null, options: RabbitConnectOptions) {
    this.#where = where;
    this.#password = password;
    this.#tls = tls;
    this.#options = options;
    this.address = showRabbitAddress(where);
    this.url = formatRabbitUrl(where);
    this.vhost = where.vhost;
  }

  /** As it was at the last connect; also after a loss. */
  get server(): RabbitServer {
    const { driver, facts } = this.#known();
    const told = (name: string) => {
      const value = driver.serverProperties[name];
      return typeof value === 'string' ? value : null;
    };
    const version = facts?.version ?? told('version') ?? '0.0.0';
    return {
      product: facts?.product ?? told('product') ?? 'RabbitMQ',
      version,
      node: facts?.node ?? null,
      atLeast: wanted => compareVersions(version, wanted) >= 0,
    };
  }

  get meter(): RabbitMeter {
    return this.#meter;
  }
  get management(): ManagementApi | null {
    return this.#known().management;
  }
  get managementProblem(): string | null {
    return this.#known().managementProblem;
  }
  get node(): string {
    return this.#current?.driver.place.node ?? this.address;
  }
  get process(): { readonly pid: number | null; readonly port: number } {
    const { facts, port } = this.#known();
    return { pid: facts?.pid ?? null, port };
  }
  get lost(): InspectorError | null {
    return this.#lost;
  }

  onLost(listener: (error: InspectorError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async reconnect(signal: AbortSignal): Promise<void> {
    if (this.#closed) throw this.#closedError('reconnecting');
    const session = await this.#open(signal);
    if (this.#closed || signal.aborted) {
      end(session);
      throw this.#closed ? this.#closedError('reconnecting') : aborted('reconnecting');
    }
    if (this.#current !== undefined) end(this.#current);
    this.#current = session;
    this.#gettable.clear();
    this.#lost = null;
    session.driver.onLost(() => this.#noteLoss(session));
    // It may have been lost while the management API was looked for.
    if (session.driver.closed) this.#noteLoss(session);
  }

  async depths(queues: readonly string[], signal: AbortSignal): Promise<readonly (QueueDepth | null)[]> {
    return readDepths(this.#live(), queues, signal);
  }

  async look(queue: string, count: number, signal: AbortSignal): Promise<readonly RabbitMessage[]> {
    const driver = this.#live();
    await this.#demandNoStream(queue, `looking at ${queue}`, signal);
    return lookAt(driver, queue, count, signal);
  }

  async publish(messages: readonly Publication[], signal: AbortSignal): Promise<readonly PublishOutcome[]> {
    this.#live();
    return this.#known().publisher.publish(messages, signal);
  }

  async take(order: TakeOrder, signal: AbortSignal): Promise<TakeReport> {
    const driver = this.#live();
    await this.#demandNoStream(order.queue, `taking messages from ${order.queue}`, signal);
    return takeFrom(driver, order, signal);
  }

  async purge(queue: string, signal: AbortSignal): Promise<number> {
    const open = await this.#live().openChannel(`purging ${queue}`, signal);
    try {
      return (await open.ask(channel => channel.purgeQueue(queue))).messageCount;
    } finally {
      await open.close();
    }
  }

  async deleteQueue(
    queue: string,
    demand: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
    signal: AbortSignal,
  ): Promise<number> {
    const open = await this.#live().openChannel(`deleting the queue ${queue}`, signal);
    try {
      return (await open.ask(channel => channel.deleteQueue(queue, demand))).messageCount;
    } finally {
      await open.close();
    }
  }

  subscribe(bindings: readonly Binding[], signal: AbortSignal): Promise<Subscription> {
    return subscribeTo(this.#live(), bindings, signal);
  }

  undo(units: readonly UndoUnit[], signal: AbortSignal): Promise<readonly (true | string)[]> {
    return undoRabbitUnits(this, units, signal);
  }

  close(): void {
    this.#closed = true;
    if (this.#current !== undefined) end(this.#current);
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const { nodes } = this.#where;
    let first: unknown;
    for (const node of nodes) {
      try {
        const options = this.#driverOptions(node);
        const driver = await openDriver(options, this.#meter, signal);
        const found = await this.#findManagement(node.host, signal).catch(thrown => {
          driver.close();
          throw thrown;
        });
        const publisher = new Publisher(never => openDriver(options, this.#meter, never));
        return { driver, publisher, ...node, ...found };
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        first ??= thrown;
      }
    }
    throw first;
  }

  /** A stream cannot be got from, and the server ends the whole connection over the attempt. AMQP does not tell the kind. */
  async #demandNoStream(queue: string, tried: string, signal: AbortSignal): Promise<void> {
    const { management } = this.#known();
    if (management === null || this.#gettable.has(queue)) return;
    const type = await management.typeOf(queue, signal).catch(thrown => {
      if (signal.aborted) throw thrown;
      return null;
    });
    if (type === 'stream')
      throw new InspectorError('unsupported', {
        message: `${queue} is a stream. Its messages are not looked at here.`,
        tried,
        answer: 'the management API calls it a stream',
        remedy: 'Read it with a stream consumer.',
      });
    if (type !== null) this.#gettable.add(queue);
  }

  #driverOptions(node: BrokerNode): DriverOptions {
    const { tls, username, heartbeat } = this.#where;
    return {
      node,
      place: { node: showNode(node), vhost: this.vhost, username: username ?? 'guest', tls },
      password: this.#password,
      tls: this.#tls,
      heartbeatSeconds: heartbeat ?? HEARTBEAT_SECONDS,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      replyTimeoutMs: this.#options.replyTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    };
  }

  #findManagement(host: string, signal: AbortSignal): Promise<ManagementFound> {
    const { managementUrl: given, managementTimeoutMs: timeoutMs } = this.#options;
    const username = this.#where.username ?? 'guest';
    const sought = { given, host, vhost: this.vhost, username, password: this.#password, tls: this.#tls, timeoutMs };
    return findManagement(sought, this.#meter, signal);
  }

  #live(): Driver {
    if (this.#closed) throw this.#closedError('reading');
    if (this.#lost !== null) throw this.#lost;
    return this.#known().driver;
  }

  #known(): Session {
    if (this.#current === undefined) throw new Error('Used before it was connected.');
    return this.#current;
  }

  #noteLoss(session: Session): void {
    if (this.#closed || session !== this.#current || this.#lost !== null) return;
    this.#lost = session.driver.lossOf(`keeping the connection to ${session.driver.place.node}`);
    for (const listener of [...this.#listeners]) listener(this.#lost);
  }

  #closedError(tried: string): InspectorError {
    return new InspectorError('connection-lost', {
      message: `The connection to ${this.address} has been closed.`,
      tried,
      answer: 'it was closed here',
      remedy: 'Connect again.',
    });
  }
}

function end({ driver, publisher, management }: Session): void {
  driver.close();
  publisher.close();
  management?.close();
}
