import type { Broker, UndoUnit } from '../../model';

/**
 * What the systems know of Redis: batches of reads, scripts that change, capabilities. No driver type crosses it, so
 * replacing the driver changes one file. Replies are bytes until a codec reads them.
 */
export interface RedisBroker extends Broker {
  readonly kind: 'redis';
  readonly server: RedisServer;
  readonly meter: Meter;

  /**
   * One pipeline, one round trip (large batches are split so that no reply blocks the event loop; the first two splits
   * go out at once, and the meter counts them as one trip and each further one as another). A command that the server
   * refuses answers with a ReplyFailure in its place; the others stand. Only commands that change nothing may be sent:
   * the driver refuses any other.
   * @throws InspectorError `connection-lost`, `timeout`, `aborted`.
   */
  read(commands: readonly Command[], signal: AbortSignal): Promise<readonly Reply[]>;

  /**
   * Like `read`, for commands in parts (of up to SPLIT): a part is made when it is sent, and its replies are handed over
   * while the server works on the next. The first two go out at once, as one round trip.
   * @throws InspectorError as `read` does
   */
  readParts(parts: Iterable<readonly Command[]>, signal: AbortSignal): AsyncIterable<readonly Reply[]>;

  /** One incremental SCAN, as batches of keys. Never KEYS. Cancellable; TYPE filtered by the server where it can. */
  scan(options: ScanOptions, signal: AbortSignal): AsyncIterable<ScanBatch>;

  /**
   * Runs a changing script exactly once on the writing connection, which never resends and never queues while offline.
   * The script's answer is kept on the server under `record` for ten minutes, written by the script itself; when the
   * reply is lost, it is looked up there, and only when no record exists the same step is sent again: the script
   * answers with its record and does nothing where it has run before.
   * @throws InspectorError `connection-lost` (outcome unknown), `forbidden`, `read-only`, `out-of-memory`, `unsupported`.
   */
  run(call: ScriptCall, signal: AbortSignal): Promise<Reply>;

  /** Undoes units, each atomically; true = put back, text = why not. */
  undo(units: readonly UndoUnit[], record: string, signal: AbortSignal): Promise<readonly (true | string)[]>;

  /** PUBLISH; answers how many listened. Its loss is reported as `connection-lost`: commands by pub/sub are not repeated. */
  publish(channel: string, message: string, signal: AbortSignal): Promise<number>;

  /**
   * Hears whatever is published on channels that match, on a connection of its own; answers once the server listens for
   * us. Ends with the signal or when the loop is left; changes nothing on the server.
   * @throws InspectorError `forbidden`, `connection-lost`, `aborted`
   */
  subscribe(patterns: readonly (string | Uint8Array)[], signal: AbortSignal): Promise<AsyncIterable<ChannelMessage>>;

  /**
   * Asks by pub/sub and collects the answers from a list of our own: adds the bindings, publishes, yields first how many
   * heard each message, then answers as they come. Ends with the time or when the loop is left. Bindings and list are
   * taken away in the end, also after an abort or a loss.
   * @throws InspectorError `forbidden`, `replica`, `connection-lost`, `aborted`
   */
  exchange(call: ExchangeCall, signal: AbortSignal): AsyncIterable<Exchanged>;

  /** True, or why this user may not run the command (`needs EVAL, which this user may not run`); found out at connect. */
  may(command: string): true | string;

  /** A `redis-cli` command line that shows the same, without secrets; arguments are quoted for a POSIX shell. */
  cli(command: readonly (string | Uint8Array)[]): string;
}

export type Command = readonly [name: string, ...args: (string | number | Uint8Array)[]];

/** A message heard on a channel. */
export interface ChannelMessage {
  readonly pattern: string;
  readonly channel: string;
  readonly message: Buffer;
  /** Messages dropped so far because nobody read them in time. */
  readonly dropped: number;
}

export interface ExchangeCall {
  /** Members that say where answers belong; added before, removed afterwards. */
  readonly bindings: readonly { readonly key: string | Uint8Array; readonly member: string | Uint8Array }[];
  readonly messages: readonly { readonly channel: string | Uint8Array; readonly message: string }[];
  /** The list that answers come into; deleted afterwards, with `also`. */
  readonly list: string | Uint8Array;
  readonly also: readonly (string | Uint8Array)[];
  readonly timeoutMs: number;
}

/** How many heard each message, or one answer. */
export type Exchanged = { readonly heard: readonly number[] } | { readonly answer: Buffer };

/** RESP values. Bulk strings are Buffers, integers numbers, nil null. */
export type Reply = Buffer | number | null | ReplyFailure | readonly Reply[];

/** The server's own words, e.g. `WRONGTYPE Operation against a key …`. */
export class ReplyFailure {
  readonly code: string;
  readonly message: string;
  constructor(message: string) {
    this.message = message;
    this.code = message.split(' ', 1)[0] ?? '';
  }
}

export interface ScanOptions {
  readonly match: string;
  readonly type?: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';
  /** COUNT of each call, 1,000 by default. */
  readonly count?: number;
}

export interface ScanBatch {
  readonly keys: readonly Buffer[];
  /** Keys looked at so far, about. */
  readonly looked: number;
  /** Keys in the database. */
  readonly of: number;
}

/** A Lua script, beside its caller as a `.lua` file that names its keys, arguments and answer in its head. */
export interface Script {
  /** For messages: `rq retry`. */
  readonly name: string;
  /** Body. The runner puts the record handling around it (see script.ts). */
  readonly source: string;
}

export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly (string | Uint8Array)[];
  readonly args: readonly (string | number | Uint8Array)[];
  /** Key under which the answer is remembered; made beforehand, unique for the step. */
  readonly record: string;
}

export interface RedisServer {
  readonly version: string;
  readonly product: 'redis' | 'valkey' | 'other';
  readonly mode: 'standalone' | 'sentinel' | 'cluster';
  readonly role: 'master' | 'replica';
  readonly processId: number | null;
  readonly tcpPort: number | null;
  /** True from that version on, e.g. `atLeast('6.2')`. Commands newer than 5.0 need a fallback. */
  atLeast(version: string): boolean;
}

/** Counts what was sent: for tooltips, for the footer, for the benchmarks, and for tests that bound round trips. */
export interface Meter {
  readonly roundTrips: number;
  readonly commands: number;
  readonly writes: number;
}

/**
 * Commands that go out in one write. 1,000 small replies take about 5 ms to parse, so that nothing holds the event
 * loop for long; larger splits gain nothing, smaller ones pay more round trips.
 */
export const SPLIT = 1000;

/** Commands as parts for `readParts`. */
export function* splits(commands: readonly Command[]): Generator<readonly Command[]> {
  for (let start = 0; start < commands.length; start += SPLIT)
    yield commands.length <= SPLIT ? commands : commands.slice(start, start + SPLIT);
}

export function isRedis(broker: Broker): broker is RedisBroker {
  return broker.kind === 'redis';
}

export const isFailure = (reply: Reply | undefined): reply is ReplyFailure => reply instanceof ReplyFailure;
