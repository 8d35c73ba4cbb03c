/**
 * Private RabbitMQ nodes on free ports of the loopback address, beside any that the machine runs itself. A node takes
 * some seconds to start, so one serves a whole test file, and every test has a virtual host of its own (`vhost`).
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificates, makeCertificates } from './certificates';
import { removeFolder, temporaryFolder } from './folders';
import { freePort } from './ports';
import { type GuardedProcess, send, startProcess } from './process';
import { waitFor } from './wait';

export interface RabbitOptions {
  /** The management API; on unless told. Without it a node starts faster. */
  readonly management?: boolean;
  /** A further listener that speaks TLS and wants a client certificate (`tlsUrl`). */
  readonly tls?: boolean;
  /** Further lines of rabbitmq.conf: `['heartbeat = 5']`. */
  readonly config?: readonly string[];
  /** Ports that must be used (a node that comes back where it was). */
  readonly port?: number;
  readonly managementPort?: number;
  /** Milliseconds between two statistics: 1,000 here, 5,000 in a server of its own. */
  readonly statisticsMs?: number;
}

/** A private node that runs. */
export interface TestRabbit extends AsyncDisposable {
  /** `amqp://guest:guest@127.0.0.1:port/`: the virtual host `/`. */
  readonly url: string;
  /** `amqps://guest:guest@localhost:port/`; undefined without TLS. */
  readonly tlsUrl: string | undefined;
  readonly certificates: Certificates | undefined;
  readonly host: string;
  readonly port: number;
  readonly managementPort: number;
  /** `http://127.0.0.1:port` */
  readonly managementUrl: string;
  readonly user: 'guest';
  readonly password: 'guest';
  /** `name@localhost` */
  readonly node: string;
  /** The Erlang process that holds the sockets. */
  readonly pid: number;
  readonly folder: string;
  output(): string;
  /** A fresh virtual host, `guest` allowed everything in it. */
  vhost(): Promise<TestVhost>;
  /** A user with these permissions in a virtual host; `tags`: `management`, `monitoring`. */
  addUser(user: TestUser): Promise<void>;
  /**
   * A request of the test itself to the management API, as guest: `api('GET', '/api/queues/%2F')`.
   * @throws Error with status and answer where it is no success
   */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Has the server close connections whose client name or user fits; answers how many. */
  closeConnections(fits?: (connection: { readonly name: string; readonly user: string }) => boolean): Promise<number>;
  /** Ends it gently (some seconds). */
  stop(): Promise<void>;
  /** Ends it at once, as leaving the scope does: nothing of it is kept. */
  kill(): Promise<void>;
}

export interface TestVhost {
  readonly name: string;
  /** With user and password. */
  readonly url: string;
}

export interface TestUser {
  readonly name: string;
  readonly password: string;
  readonly vhost: string;
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
  readonly tags?: string;
}

const START_MS = 90_000;
/** Debian's wrapper changes to another user; below it is the script of RabbitMQ itself, which needs none. */
const BEHIND_THE_WRAPPER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * Starts a private node and waits until it answers: AMQP (about 5 s), then the management API (about 8 s).
 * @throws Error with the node's own words when it does not start
 */
export async function startRabbit(options: RabbitOptions = {}): Promise<TestRabbit> {
  const folder = temporaryFolder('rabbitmq');
  const certificates = options.tls === true ? makeCertificates(folder) : undefined;
  const name = `jqi-${process.pid}-${randomBytes(3).toString('hex')}`;
  const parts: Parts = {
    folder,
    certificates,
    node: `${name}@localhost`,
    port: options.port ?? (await freePort()),
    managementPort: options.managementPort ?? (await freePort()),
    tlsPort: await freePort(),
  };
  const distribution = await freePort();
  const file = (path: string, text: string) => {
    writeFileSync(join(folder, path), text);
    return join(folder, path);
  };
  const program = existsSync(BEHIND_THE_WRAPPER) ? BEHIND_THE_WRAPPER : 'rabbitmq-server';
  const server = await startProcess(program, [], {
    env: {
      // Its cookie is made anew there: no other node can reach it, nor it another.
      HOME: folder,
      RABBITMQ_NODENAME: parts.node,
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf', ''),
      RABBITMQ_ENABLED_PLUGINS_FILE: file(
        'enabled_plugins',
        options.management === false ? '[].' : '[rabbitmq_management].',
      ),
      RABBITMQ_CONFIG_FILE: file('rabbitmq.conf', configuration(options, parts)),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      // Two schedulers that do not spin: a test machine has better things to do.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
      ERL_CRASH_DUMP: join(folder, 'crash'),
    },
  });
  try {
    const pid = await accepts(server, join(folder, 'pid'));
    return describe(server, pid, parts);
  } catch (thrown) {
    await server.kill();
    removeFolder(folder);
    throw thrown;
  }
}

interface Parts {
  readonly folder: string;
  readonly certificates: Certificates | undefined;
  readonly node: string;
  readonly port: number;
  readonly managementPort: number;
  readonly tlsPort: number;
}

function configuration(options: RabbitOptions, { certificates, port, managementPort, tlsPort }: Parts): string {
  const own = options.config ?? [];
  const lines = [
    `listeners.tcp.default = 127.0.0.1:${port}`,
    `collect_statistics_interval = ${options.statisticsMs ?? 1000}`,
    'disk_free_limit.absolute = 10MB',
    ...(own.some(line => line.startsWith('vm_memory_high_watermark'))
      ? []
      : ['vm_memory_high_watermark.absolute = 1GB']),
  ];
  if (options.management !== false)
    lines.push(`management.tcp.port = ${managementPort}`, 'management.tcp.ip = 127.0.0.1');
  if (certificates !== undefined)
    lines.push(
      `listeners.ssl.default = 127.0.0.1:${tlsPort}`,
      `ssl_options.cacertfile = ${certificates.ca}`,
      `ssl_options.certfile = ${certificates.serverCert}`,
      `ssl_options.keyfile = ${certificates.serverKey}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
    );
  return `${[...lines, ...own].join('\n')}\n`;
}

/** Waits until it says that it has started; its plugins are up by then. @returns the id of its Erlang process */
async function accepts(server: GuardedProcess, pidFile: string): Promise<number> {
  let code: number | undefined;
  void server.exited.then(ended => {
    code = ended;
  });
  await waitFor(() => code !== undefined || /Server startup complete/.test(server.output()), {
    timeout: START_MS,
    every: 100,
    what: 'rabbitmq-server to start',
    explain: () => server.output(),
  });
  if (code !== undefined) throw new Error(`rabbitmq-server ended with ${code}:\n${server.output()}`);
  return Number(readFileSync(pidFile, 'latin1'));
}

function describe(server: GuardedProcess, pid: number, parts: Parts): TestRabbit {
  const { folder, certificates, port, managementPort, tlsPort } = parts;
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const api = (method: string, path: string, body?: unknown) => request(managementUrl, method, path, body);
  const end = async (how: () => Promise<void>) => {
    await how();
    removeFolder(folder);
  };
  const kill = () => end(() => server.kill());
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}/`,
    tlsUrl: certificates === undefined ? undefined : `amqps://guest:guest@localhost:${tlsPort}/`,
    certificates,
    host: '127.0.0.1',
    port,
    managementPort,
    managementUrl,
    user: 'guest',
    password: 'guest',
    node: parts.node,
    pid,
    folder,
    output: server.output,
    async vhost() {
      const name = `v${randomBytes(4).toString('hex')}`;
      await api('PUT', `/api/vhosts/${name}`);
      await api('PUT', `/api/permissions/${name}/guest`, { configure: '.*', write: '.*', read: '.*' });
      return { name, url: `amqp://guest:guest@127.0.0.1:${port}/${name}` };
    },
    async addUser({ name, password, vhost, configure = '', write = '', read = '', tags = '' }) {
      await api('PUT', `/api/users/${encodeURIComponent(name)}`, { password, tags });
      const place = `${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`;
      await api('PUT', `/api/permissions/${place}`, { configure, write, read });
    },
    api,
    async closeConnections(fits = () => true) {
      const list = (await api('GET', '/api/connections')) as readonly { name: string; user: string }[];
      const wanted = list.filter(fits);
      for (const { name } of wanted) await api('DELETE', `/api/connections/${encodeURIComponent(name)}`);
      return wanted.length;
    },
    stop: () =>
      end(async () => {
        // The script above it would start a whole second Erlang to say so; the node itself ends by the same signal.
        send(pid, 'SIGTERM');
        await server.exited;
      }),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

async function request(base: string, method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
