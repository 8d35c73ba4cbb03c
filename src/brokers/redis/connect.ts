import { InspectorError, type UndoUnit } from '../../model';
import { aborted, connectionLost } from '../common/failures';
import type { TlsOptions } from '../common/tls';
import { redisCli } from './cli';
import { commandsOf } from './commands';
import { type Driver, LostConnection } from './driver';
import { type ExchangeLink, runExchange } from './exchange';
import { commandIn } from './failures';
import { findPermissions, Permissions } from './permissions';
import {
  type ChannelMessage,
  type Command,
  type ExchangeCall,
  type Exchanged,
  isFailure,
  type Meter,
  type RedisBroker,
  type RedisServer,
  type Reply,
  type ScanBatch,
  type ScanOptions,
  type ScriptCall,
  splits,
} from './port';
import { type Counting, readParts } from './read';
import { scanKeys } from './scan';
import { publishMessage, runScript, type WritingLink } from './script';
import { openSession, type Session, type SessionOptions } from './session';
import { subscribePatterns } from './subscribe';
import { undoUnits } from './undo';
import { formatRedisUrl, parseRedisUrl, showAddress } from './url';

export interface ConnectOptions {
  /** Any form that `parseRedisUrl` reads; a password in it counts unless `password` is given. */
  readonly url: string;
  readonly password?: string | null;
  readonly tls?: TlsOptions;
  /** Login of the sentinels themselves, where they want one. */
  readonly sentinel?: { readonly username?: string; readonly password: string };
  /** For connecting, 10 s by default. */
  readonly connectTimeoutMs?: number;
  /** For each part of a read and each step of a change, 10 s by default. */
  readonly replyTimeoutMs?: number;
}

/** A live connection. It does not reconnect by itself: whoever holds it decides when. */
export interface ConnectedRedis extends RedisBroker {
  /** Without password. */
  readonly url: string;
  /** `host:port` of the node that answers now (behind sentinels, the master). */
  readonly node: string;
  /** Null while it is connected, else what happened. */
  readonly lost: InspectorError | null;
  /** Called at every loss that was not asked for; answers how to stop listening. */
  onLost(listener: (error: InspectorError) => void): () => void;
  /**
   * Opens the reading connection anew, in place: the systems keep this very broker. Asks sentinels again, reads the
   * server's facts and permissions again.
   * @throws InspectorError as connecting does
   */
  reconnect(signal: AbortSignal): Promise<void>;
  /** At once; answers when what exchanges had left on the server has been taken away, too. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Connects: opens a socket, logs in, reads the server's facts and what this user may do. Changes nothing.
 * @throws InspectorError `bad-value`, `unresolved`, `unreachable`, `timeout`, `tls`, `unauthorized`, `forbidden`,
 * `no-such-database`, `loading`, `not-a-broker`, `replica`, `aborted`; no text of it holds a password
 */
export async function connectRedis(options: ConnectOptions, signal: AbortSignal): Promise<ConnectedRedis> {
  const parsed = parseRedisUrl(options.url);
  const connection = new RedisConnection(
    {
      address: parsed.address,
      password: options.password ?? parsed.password,
      tls: options.tls ?? {},
      sentinelUsername: options.sentinel?.username ?? null,
      sentinelPassword: options.sentinel?.password ?? null,
      timeoutMs: options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    },
    options.replyTimeoutMs ?? DEFAULT_TIMEOUT_MS,
  );
  await connection.reconnect(signal);
  return connection;
}

class RedisConnection implements ConnectedRedis {
  readonly kind = 'redis';
  readonly address: string;
  readonly url: string;
  readonly #options: SessionOptions;
  readonly #replyTimeoutMs: number;
  readonly #meter: Counting = { roundTrips: 0, commands: 0, writes: 0 };
  readonly #listeners = new Set<(error: InspectorError) => void>();
  #reading: Session | undefined;
  #opening: Promise<Driver> | undefined;
  #writer: Driver | undefined;
  /** Connections for exchanges that are free; more are made while these are in use. */
  #idle: Driver[] = [];
  readonly #cleaning = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #permissions = new Permissions();
  #lost: InspectorError | null = null;
  #closed = false;

  constructor(options: SessionOptions, replyTimeoutMs: number) {
    this.#options = options;
    this.#replyTimeoutMs = replyTimeoutMs;
    this.address = showAddress(options.address);
    this.url = formatRedisUrl(options.address);
  }

  /** As it was at the last connect; also after a loss. */
  get server(): RedisServer {
    return this.#known().server;
  }

  get meter(): Meter {
    return this.#meter;
  }

  get node(): string {
    return this.#reading?.node ?? this.address;
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
    const session = await openSession(this.#options, signal);
    let permissions: Permissions;
    try {
      permissions = await findPermissions(session.driver, session.server.role === 'replica');
    } catch (thrown) {
      session.driver.close();
      throw this.#lossOf(thrown, `connecting to ${session.node}`);
    }
    if (this.#closed || signal.aborted) {
      session.driver.close();
      throw this.#closed ? this.#closedError('reconnecting') : aborted('reconnecting');
    }
    this.#reading?.driver.close();
    this.#reading = session;
    this.#permissions = permissions;
    this.#lost = null;
    session.driver.onLost(cause => this.#noteLoss(session, cause));
  }

  async read(commands: readonly Command[], signal: AbortSignal): Promise<readonly Reply[]> {
    if (commands.length === 0) return [];
    const all: Reply[] = [];
    for await (const replies of this.readParts(splits(commands), signal)) for (const reply of replies) all.push(reply);
    return all;
  }

  async *readParts(
    parts: Iterable<readonly Command[]>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Reply[], void, void> {
    const session = this.#session();
    if (this.#lost !== null) throw this.#lost;
    const { driver, node, scripts } = session;
    const context = { driver, scripts, meter: this.#meter, node, timeoutMs: this.#replyTimeoutMs };
    try {
      for await (const { commands, replies } of readParts(parts, context, signal)) {
        for (let i = 0; i < replies.length; i++) {
          const reply = replies[i];
          if (isFailure(reply)) this.#permissions.learn(commands[i]?.[0] ?? '', reply.message);
        }
        yield replies;
      }
    } catch (thrown) {
      if (thrown instanceof InspectorError && thrown.code === 'timeout' && driver.closed)
        this.#noteLoss(session, new Error(thrown.answer));
      throw this.#lossOf(thrown, `reading from ${node}`);
    }
  }

  scan(options: ScanOptions, signal: AbortSignal): AsyncIterable<ScanBatch> {
    return scanKeys(this, options, signal);
  }

  run(call: ScriptCall, signal: AbortSignal): Promise<Reply> {
    return this.#run(call, commandsOf(call.script.source), signal);
  }

  async undo(units: readonly UndoUnit[], record: string, signal: AbortSignal): Promise<readonly (true | string)[]> {
    const run = (call: ScriptCall, needs: readonly string[]) => this.#run(call, needs, signal);
    return undoUnits(units, record, { run, atLeast: version => this.server.atLeast(version) }, signal);
  }

  async publish(channel: string, message: string, signal: AbortSignal): Promise<number> {
    this.#demand(['PUBLISH'], `publishing to ${channel}`);
    return publishMessage(channel, message, this.#link(), signal);
  }

  async subscribe(
    patterns: readonly (string | Uint8Array)[],
    signal: AbortSignal,
  ): Promise<AsyncIterable<ChannelMessage>> {
    if (this.#closed) throw this.#closedError('listening');
    const { driver, node } = await openSession(this.#options, signal);
    return subscribePatterns(patterns, driver, node, signal);
  }

  exchange(call: ExchangeCall, signal: AbortSignal): AsyncIterable<Exchanged> {
    this.#demand(['PUBLISH', 'SADD', 'SREM', 'DEL', 'BRPOP'], 'asking by a message');
    return runExchange(call, this.#exchangeLink(), AbortSignal.any([signal, this.#closing.signal]));
  }

  #exchangeLink(): ExchangeLink {
    const open = async (signal: AbortSignal) => (await openSession(this.#options, signal)).driver;
    return {
      node: this.node,
      meter: this.#meter,
      open,
      borrow: async signal => {
        if (this.#closed) throw this.#closedError('asking by a message');
        for (let free = this.#idle.pop(); free !== undefined; free = this.#idle.pop()) if (!free.closed) return free;
        return open(signal);
      },
      giveBack: driver => {
        if (this.#closed || this.#idle.length > 0) driver.close();
        else this.#idle.push(driver);
      },
      cleaning: done => {
        this.#cleaning.add(done);
        void done.finally(() => this.#cleaning.delete(done));
      },
      learn: reply => this.#permissions.learn(commandIn(reply), reply),
    };
  }

  may(command: string): true | string {
    return this.#permissions.may(command);
  }

  cli(command: readonly (string | Uint8Array)[]): string {
    return redisCli(command, this.#options, this.node);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#reading?.driver.close();
    this.#writer?.close();
    for (const driver of this.#idle.splice(0)) driver.close();
    this.#closing.abort();
    await Promise.all(this.#cleaning);
  }

  async #run(call: ScriptCall, needs: readonly string[], signal: AbortSignal): Promise<Reply> {
    // A command that is refused in the middle of a script would leave it half done.
    this.#demand(['EVALSHA', 'EVAL', ...needs], `running ${call.script.name}`);
    return runScript(call, this.#link(), signal);
  }

  #demand(commands: readonly string[], tried: string): void {
    for (const command of commands) {
      const answer = this.may(command);
      if (answer === true) continue;
      const replica = this.server.role === 'replica';
      throw new InspectorError(replica ? 'replica' : 'forbidden', {
        message: replica
          ? 'This Redis is a replica and takes no changes.'
          : `This change ${answer}. Nothing was changed.`,
        tried,
        answer,
        remedy: replica
          ? 'Connect to its master, or through its sentinels.'
          : `Ask for the permission to run ${command}, or connect as another user.`,
      });
    }
  }

  #link(): WritingLink {
    return {
      node: this.node,
      meter: this.#meter,
      timeoutMs: this.#replyTimeoutMs,
      followsMaster: this.#options.address.kind === 'sentinel',
      open: signal => this.#openWriting(signal),
      drop: driver => this.#dropWriting(driver),
      learn: reply => this.#permissions.learn(commandIn(reply), reply),
    };
  }

  /** Steps that begin at the same time share one opening; the one that stops does not stop it for the others. */
  async #openWriting(signal: AbortSignal): Promise<Driver> {
    if (this.#closed) throw this.#closedError('changing something');
    if (signal.aborted) throw aborted('opening the connection for changes');
    if (this.#writer?.closed === true) this.#dropWriting(this.#writer);
    this.#opening ??= this.#newWriting();
    return this.#opening;
  }

  async #newWriting(): Promise<Driver> {
    try {
      const { driver } = await openSession(this.#options, new AbortController().signal);
      if (this.#closed) {
        driver.close();
        throw this.#closedError('changing something');
      }
      this.#writer = driver;
      return driver;
    } catch (thrown) {
      this.#opening = undefined;
      throw thrown;
    }
  }

  #dropWriting(driver: Driver): void {
    driver.close();
    if (this.#writer !== driver) return;
    this.#writer = undefined;
    this.#opening = undefined;
  }

  #session(): Session {
    if (this.#closed) throw this.#closedError('reading');
    return this.#known();
  }

  #known(): Session {
    if (this.#reading === undefined) throw new Error('Used before it was connected.');
    return this.#reading;
  }

  #noteLoss(session: Session, cause: Error | undefined): void {
    if (this.#closed || session !== this.#reading || this.#lost !== null) return;
    this.#lost = connectionLost(
      session.node,
      cause,
      `keeping the connection to ${session.node}`,
      'Nothing was changed.',
    );
    for (const listener of [...this.#listeners]) listener(this.#lost);
  }

  #lossOf(thrown: unknown, tried: string): unknown {
    if (!(thrown instanceof LostConnection)) return thrown;
    return connectionLost(
      this.node,
      thrown.cause instanceof Error ? thrown.cause : undefined,
      tried,
      'Nothing was changed.',
    );
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
