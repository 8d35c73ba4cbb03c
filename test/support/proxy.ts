/**
 * A proxy before a Redis that understands what passes through, and can lose it: replies that never arrive,
 * connections cut at the worst moment, slow answers, commands that the server is made not to know.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encodeCommand, endOfReply, type RespCommand, readCommand } from './resp';

/** What the proxy does to the traffic; every function sees each command once, in the order of sending. */
export interface ProxyRules {
  /** The server runs the command, its reply is thrown away and the connection cut. */
  readonly dropReply?: (command: RespCommand) => boolean;
  /** The connection is cut as soon as the command has been forwarded: whether it runs is anyone's guess. */
  readonly cutAfterForward?: (command: RespCommand) => boolean;
  /** The connection is cut and the command never reaches the server. */
  readonly cutBefore?: (command: RespCommand) => boolean;
  /** Milliseconds that the command waits before it is forwarded. */
  readonly delay?: (command: RespCommand) => number;
  /**
   * The reply that the client gets instead of the server's, without the command being run; undefined to let it
   * pass. The server is sent an unknown command in its place, so that order and MULTI stay as they would be.
   */
  readonly answer?: (command: RespCommand) => Buffer | undefined;
  /** Changes a reply on its way back. */
  readonly rewrite?: (command: RespCommand, reply: Buffer) => Buffer;
}

export interface RedisProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `redis://[:password@]127.0.0.1:port/0` with the target's password. */
  readonly url: string;
  /** Everything that was asked through it, in order. */
  readonly commands: readonly RespCommand[];
  /** How often a client sent something while none of its commands waited for a reply. */
  readonly roundTrips: number;
  /** Forgets commands and round trips. */
  reset(): void;
  /** Replaces the rules from now on. */
  use(rules: ProxyRules): void;
  /** Cuts all connections; new ones are accepted. */
  cut(): void;
  /** Cuts all connections and refuses new ones until `open`. */
  close(): Promise<void>;
  /** Listens again, on the same port. */
  open(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy before a server on TCP without TLS. */
export async function startProxy(
  target: { readonly host: string; readonly port: number; readonly password?: string | undefined },
  rules: ProxyRules = {},
): Promise<RedisProxy> {
  const traffic = new Traffic(rules);
  let server = await listen(traffic, target, 0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const user = target.password === undefined ? '' : `:${encodeURIComponent(target.password)}@`;
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve());
      traffic.cut();
    });
  return {
    host: '127.0.0.1',
    port,
    url: `redis://${user}127.0.0.1:${port}/0`,
    get commands() {
      return traffic.commands;
    },
    get roundTrips() {
      return traffic.roundTrips;
    },
    reset: () => traffic.reset(),
    use: next => {
      traffic.rules = next;
    },
    cut: () => traffic.cut(),
    close,
    open: async () => {
      server = await listen(traffic, target, port);
    },
    stop: close,
    [Symbol.asyncDispose]: close,
  };
}

/** A predicate that is true the first time its condition holds, and never again. */
export function once(condition: (command: RespCommand) => boolean): (command: RespCommand) => boolean {
  let used = false;
  return command => {
    if (used || !condition(command)) return false;
    used = true;
    return true;
  };
}

function listen(traffic: Traffic, target: { host: string; port: number }, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(client => new Link(traffic, client, connect(target.port, target.host)));
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** What all links of a proxy share. */
class Traffic {
  rules: ProxyRules;
  commands: RespCommand[] = [];
  roundTrips = 0;
  readonly links = new Set<Link>();

  constructor(rules: ProxyRules) {
    this.rules = rules;
  }

  reset(): void {
    this.commands = [];
    this.roundTrips = 0;
  }

  cut(): void {
    for (const link of this.links) link.cut();
  }
}

interface Pending {
  readonly command: RespCommand;
  readonly drop: boolean;
  readonly instead: Buffer | undefined;
}

/** One client and its connection to the server. */
class Link {
  readonly #traffic: Traffic;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pending: Pending[] = [];
  #fromClient: Buffer = Buffer.alloc(0);
  #fromServer: Buffer = Buffer.alloc(0);
  #forwarding = Promise.resolve();
  /** After SUBSCRIBE or MONITOR replies come unasked: from then on everything passes untouched. */
  #streaming = false;

  constructor(traffic: Traffic, client: Socket, server: Socket) {
    this.#traffic = traffic;
    this.#client = client;
    this.#server = server;
    traffic.links.add(this);
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('data', chunk => this.#takeFromClient(chunk));
    server.on('data', chunk => this.#takeFromServer(chunk));
    for (const socket of [client, server]) {
      socket.on('error', () => this.cut());
      socket.on('close', () => this.cut());
    }
  }

  cut(): void {
    this.#traffic.links.delete(this);
    this.#client.destroy();
    this.#server.destroy();
  }

  #takeFromClient(chunk: Buffer): void {
    if (this.#pending.length === 0 && this.#fromClient.length === 0) this.#traffic.roundTrips++;
    this.#fromClient = Buffer.concat([this.#fromClient, chunk]);
    let position = 0;
    for (;;) {
      const read = readCommand(this.#fromClient, position);
      if (read === undefined) break;
      this.#forward(read.command, this.#fromClient.subarray(position, read.end));
      position = read.end;
    }
    this.#fromClient = this.#fromClient.subarray(position);
  }

  #forward(command: RespCommand, bytes: Buffer): void {
    const { rules } = this.#traffic;
    this.#traffic.commands.push(command);
    const before = rules.cutBefore?.(command) ?? false;
    const after = rules.cutAfterForward?.(command) ?? false;
    const delay = rules.delay?.(command) ?? 0;
    const instead = rules.answer?.(command);
    if (/^P?SUBSCRIBE$|^MONITOR$/.test(command.name)) this.#streaming = true;
    if (!before) this.#pending.push({ command, drop: rules.dropReply?.(command) ?? false, instead });
    // One after the other: a delayed command holds up those behind it, as a slow network would.
    this.#forwarding = this.#forwarding.then(async () => {
      if (delay > 0) await new Promise(resolve => setTimeout(resolve, delay));
      if (before || this.#server.destroyed) return this.cut();
      this.#server.write(instead === undefined ? bytes : encodeCommand(['JQI.NOT.A.COMMAND']), () => {
        if (after) this.cut();
      });
    });
  }

  #takeFromServer(chunk: Buffer): void {
    if (this.#streaming) {
      this.#client.write(Buffer.concat([this.#fromServer, chunk]));
      this.#fromServer = Buffer.alloc(0);
      return;
    }
    this.#fromServer = Buffer.concat([this.#fromServer, chunk]);
    let position = 0;
    for (;;) {
      const end = position < this.#fromServer.length ? endOfReply(this.#fromServer, position) : -1;
      if (end < 0) break;
      const reply = this.#fromServer.subarray(position, end);
      position = end;
      const pending = this.#pending.shift();
      if (pending?.drop === true) {
        this.cut();
        return;
      }
      this.#client.write(this.#changed(pending, reply));
    }
    this.#fromServer = this.#fromServer.subarray(position);
  }

  #changed(pending: Pending | undefined, reply: Buffer): Buffer {
    if (pending === undefined) return reply;
    return pending.instead ?? this.#traffic.rules.rewrite?.(pending.command, reply) ?? reply;
  }
}
