import { Redis } from 'ioredis';
import { nodeTlsOptions, type TlsSettings } from '../common/tls';
import { type Command, type Reply, ReplyFailure } from './port';
import { encodeCommands, ReplyReader } from './resp';

/** Where one socket leads. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Unix socket; then host and port mean nothing. */
  readonly path: string | null;
  readonly tls: TlsSettings | null;
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
  /** Sends without waiting for answers; they go to whoever listens. Only after `listen`. */
  tell(commands: readonly Command[]): void;
  /** From now on every reply goes to the listener: what a server says unasked to those who subscribed. */
  listen(listener: (reply: Reply) => void): void;
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
    ...(endpoint.tls === null ? {} : { tls: nodeTlsOptions(endpoint.tls) }),
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

/** What was sent in one go, and the answers so far. */
interface Batch {
  readonly replies: Reply[];
  readonly expected: number;
  /** The first refusal among them: where the server hangs up, it says why. */
  refusal: string | undefined;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: LostConnection) => void;
}

/**
 * ioredis opens the socket, with TLS and time-outs, and tells of its end; what is said on it is ours (resp.ts), so that
 * a batch costs one promise, not one for each command.
 */
class IoredisDriver implements Driver {
  readonly #redis: Redis;
  readonly #cause: () => Error | undefined;
  readonly #batches: Batch[] = [];
  #strange: Error | undefined;
  #closed = false;
  #listener: ((reply: Reply) => void) | undefined;

  constructor(redis: Redis, cause: () => Error | undefined) {
    this.#redis = redis;
    this.#cause = cause;
    const { stream } = redis;
    const reader = new ReplyReader(reply => this.#take(reply));
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Buffer) => {
      if (this.#strange !== undefined) return;
      try {
        reader.write(chunk);
      } catch (thrown) {
        this.#strange = thrown instanceof Error ? thrown : new Error(String(thrown));
        stream.destroy();
      }
    });
    redis.once('end', () => this.#fail());
  }

  send(commands: readonly Command[]): Promise<Reply[]> {
    if (commands.length === 0) return Promise.resolve([]);
    if (this.closed) return Promise.reject(new LostConnection(this.#strange ?? this.#cause()));
    return new Promise((resolve, reject) => {
      this.#batches.push({ replies: [], expected: commands.length, refusal: undefined, resolve, reject });
      this.#write(commands);
    });
  }

  tell(commands: readonly Command[]): void {
    if (!this.closed) this.#write(commands);
  }

  listen(listener: (reply: Reply) => void): void {
    this.#listener = listener;
  }

  #write(commands: readonly Command[]): void {
    const { stream } = this.#redis;
    stream.cork();
    for (const piece of encodeCommands(commands)) stream.write(piece);
    stream.uncork();
  }

  #take(reply: Reply): void {
    const batch = this.#batches[0];
    if (batch === undefined) {
      if (this.#listener !== undefined) {
        this.#listener(reply);
        return;
      }
      // Some servers say why they hang up before they are asked: protected mode, too many clients.
      const why = reply instanceof ReplyFailure ? `Last error: ${reply.message}` : 'Nothing had been asked.';
      throw new Error(`Protocol error: an answer without a question. ${why}`);
    }
    if (reply instanceof ReplyFailure) batch.refusal ??= reply.message;
    if (batch.replies.push(reply) < batch.expected) return;
    this.#batches.shift();
    batch.resolve(batch.replies);
  }

  /** None of those that are not complete will be. */
  #fail(): void {
    for (const { reject, refusal } of this.#batches.splice(0))
      reject(new LostConnection(this.#strange ?? this.#cause(), refusal));
  }

  onLost(listener: (cause: Error | undefined) => void): void {
    this.#redis.once('end', () => {
      if (!this.#closed) listener(this.#strange ?? this.#cause());
    });
  }

  get received(): number {
    return this.#redis.stream?.bytesRead ?? 0;
  }

  get closed(): boolean {
    return this.#closed || this.#strange !== undefined || this.#redis.status !== 'ready';
  }

  close(): void {
    this.#closed = true;
    shut(this.#redis);
  }
}

/** At once: `disconnect` alone waits two seconds for the other side to close, too. */
function shut(redis: Redis): void {
  redis.disconnect();
  redis.stream?.destroy();
}
