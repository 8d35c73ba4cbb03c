import { Redis, ReplyError } from 'ioredis';
import { type Command, type Reply, ReplyFailure } from './port';

/** Where one socket leads. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Unix socket; then host and port mean nothing. */
  readonly path: string | null;
  readonly tls: TlsSettings | null;
}

/** PEM texts. */
export interface TlsSettings {
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly verify: boolean;
}

/**
 * One socket, and nothing else: no reconnecting, no queue while offline, nothing ever sent twice. Whoever holds it
 * decides what follows a loss.
 */
export interface Driver {
  /**
   * Sends commands in one write; answers are in their order, refusals in their places.
   * @throws LostConnection when not every answer came
   */
  send(commands: readonly Command[]): Promise<Reply[]>;
  /** Called once, unless `close` was called first. */
  onLost(listener: (cause: Error | undefined) => void): void;
  /** Bytes received so far: whether a silent server is slow or gone. */
  readonly received: number;
  /** True after `close` or a loss. */
  readonly closed: boolean;
  close(): void;
}

/** Not every command was answered; which of them ran is unknown. */
export class LostConnection extends Error {
  /** What the server said before it hung up, where it said something: `DENIED Redis is running in protected mode …`. */
  readonly refusal: string | undefined;

  constructor(cause: Error | undefined, refusal?: string) {
    super(cause?.message ?? '', cause === undefined ? undefined : { cause });
    this.name = 'LostConnection';
    this.refusal = refusal;
  }
}

/**
 * Opens a socket (and TLS); says nothing to the server yet.
 * @throws the network's or TLS's own error; AbortError
 */
export async function openDriver(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<Driver> {
  signal.throwIfAborted();
  const redis = new Redis({
    ...(endpoint.path === null ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path }),
    ...(endpoint.tls === null ? {} : { tls: tlsOptions(endpoint.tls) }),
    lazyConnect: true,
    // RESP2: every server speaks it, and replies have one shape.
    protocol: 2,
    retryStrategy: null,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    connectTimeout: timeoutMs,
  });
  let cause: Error | undefined;
  redis.on('error', (error: Error) => {
    cause ??= error;
  });
  const stop = () => shut(redis);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await redis.connect();
  } catch (thrown) {
    stop();
    signal.throwIfAborted();
    throw cause ?? thrown;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return new IoredisDriver(redis, () => cause);
}

function tlsOptions(tls: TlsSettings) {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.verify,
  };
}

class IoredisDriver implements Driver {
  readonly #redis: Redis;
  readonly #cause: () => Error | undefined;
  #closed = false;

  constructor(redis: Redis, cause: () => Error | undefined) {
    this.#redis = redis;
    this.#cause = cause;
  }

  async send(commands: readonly Command[]): Promise<Reply[]> {
    const pipeline = this.#redis.pipeline();
    for (const command of commands) {
      const [name, ...args] = command;
      // In capitals, since ioredis reshapes the replies of names it knows in small letters (hgetall).
      pipeline.callBuffer(name.toUpperCase(), ...args.map(bytesOf));
    }
    const results = (await pipeline.exec()) ?? [];
    const replies = new Array<Reply>(results.length);
    let refusal: string | undefined;
    for (let index = 0; index < results.length; index++) {
      const [error, value] = results[index] as [Error | null, unknown];
      if (error === null) replies[index] = value as Reply;
      else if (error instanceof ReplyError) {
        refusal ??= error.message;
        replies[index] = new ReplyFailure(error.message);
      } else throw new LostConnection(this.#cause() ?? unlessPlain(error), refusal);
    }
    return replies;
  }

  onLost(listener: (cause: Error | undefined) => void): void {
    this.#redis.once('end', () => {
      if (!this.#closed) listener(this.#cause());
    });
  }

  get received(): number {
    return this.#redis.stream?.bytesRead ?? 0;
  }

  get closed(): boolean {
    return this.#closed || this.#redis.status !== 'ready';
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    shut(this.#redis);
  }
}

/** At once: `disconnect` alone waits two seconds for the other side to close, too. */
function shut(redis: Redis): void {
  redis.disconnect();
  redis.stream?.destroy();
}

/** ioredis's own words for "it was closed" tell a person nothing. */
function unlessPlain(error: Error): Error | undefined {
  return /Connection is closed|Stream isn't writeable|aborted due to connection close/.test(error.message)
    ? undefined
    : error;
}

function bytesOf(argument: string | number | Uint8Array): string | number | Buffer {
  if (typeof argument === 'object' && !Buffer.isBuffer(argument))
    return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
  return argument;
}

/** Error replies inside arrays (a script can answer them) as ReplyFailure. */
export function settled(value: unknown): Reply {
  if (value instanceof ReplyError) return new ReplyFailure((value as Error).message);
  return Array.isArray(value) ? value.map(settled) : (value as Reply);
}
