import { readFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { asInspectorError, InspectorError } from '../../model';
import { type Driver, openDriver, type TlsSettings } from './driver';
import { connectFailure, seconds } from './failures';
import { greet } from './greeting';
import type { RedisServer } from './port';
import { findMaster } from './sentinel';
import { type RedisAddress, type RedisNode, showNode } from './url';

export interface TlsOptions {
  /** PEM text, or the path of a PEM file; the same for the other two. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** The name that the server's certificate holds, where it is not the host of the URL. */
  readonly serverName?: string;
}

/** Everything that is needed to open a session, again and again. */
export interface SessionOptions {
  readonly address: RedisAddress;
  readonly password: string | null;
  readonly tls: TlsOptions;
  /** Of the sentinels themselves, where they want one. */
  readonly sentinelUsername: string | null;
  readonly sentinelPassword: string | null;
  readonly timeoutMs: number;
}

/** A socket on which the server has been greeted: logged in, database chosen, facts read. */
export interface Session {
  readonly driver: Driver;
  readonly server: RedisServer;
  /** `host:port` or path of the very node. */
  readonly node: string;
}

/**
 * Opens a session; through sentinels it asks them for the master first, and waits, as long as the time-out allows, for
 * one that has just been promoted.
 * @throws InspectorError: one sentence with what was tried, what came back, what to do
 */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const both = AbortSignal.any([signal, deadline]);
  let waitingFor = placeOf(options.address);
  try {
    const tls = await tlsSettings(options);
    if (options.address.kind !== 'sentinel') return await openNode(options, options.address.nodes[0], tls, both);
    for (;;) {
      const master = await findMaster(options, tls, both);
      waitingFor = showNode(master);
      const session = await openNode(options, master, tls, both).catch(error => refusedMeanwhile(error));
      if (session?.server.role === 'master') return session;
      session?.driver.close();
      // The sentinels still name the old master, or the new one has not been promoted yet.
      await sleep(200, undefined, { signal: both });
    }
  } catch (thrown) {
    if (signal.aborted) throw asInspectorError(signal.reason, `connecting to ${waitingFor}`);
    if (deadline.aborted && !(thrown instanceof InspectorError)) throw timedOut(options, waitingFor);
    throw thrown;
  }
}

async function openNode(
  options: SessionOptions,
  node: RedisNode | undefined,
  tls: TlsSettings | null,
  signal: AbortSignal,
): Promise<Session> {
  const { address } = options;
  const path = address.path;
  const shown = node === undefined ? (path ?? '') : showNode(node);
  const place = { node: shown, tls: tls !== null };
  let driver: Driver;
  try {
    driver = await openDriver({ host: node?.host ?? '', port: node?.port ?? 0, path, tls }, options.timeoutMs, signal);
  } catch (thrown) {
    // A plain Redis waits in silence for the rest of what it takes for a command.
    const silent = signal.aborted || (thrown instanceof Error && 'code' in thrown && thrown.code === 'ETIMEDOUT');
    if (silent && tls !== null && node !== undefined && (await speaksPlain(node)))
      throw connectFailure(new Error('SPEAKS_PLAIN: it answered PING without TLS'), place, options.timeoutMs);
    signal.throwIfAborted();
    throw connectFailure(thrown, place, options.timeoutMs);
  }
  const stop = () => driver.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return { driver, server: await greet(driver, options, place), node: shown };
  } catch (thrown) {
    driver.close();
    signal.throwIfAborted();
    throw thrown instanceof InspectorError ? thrown : connectFailure(causeOf(thrown), place, options.timeoutMs);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const causeOf = (thrown: unknown) => (thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown);

/** During a failover the old master refuses or loads; everything else is final. */
function refusedMeanwhile(error: unknown): undefined {
  if (error instanceof InspectorError && ['unreachable', 'loading', 'replica', 'timeout'].includes(error.code)) return;
  throw error;
}

function placeOf(address: RedisAddress): string {
  return address.path ?? address.nodes.map(showNode).join(', ');
}

function timedOut(options: SessionOptions, place: string): InspectorError {
  const waited = seconds(options.timeoutMs);
  const what = options.address.kind === 'sentinel' ? `waiting for a master at ${place}` : `connecting to ${place}`;
  return new InspectorError('timeout', {
    message: `Timed out after ${waited} ${what}.`,
    tried: `connecting to ${place}`,
    answer: `no answer within ${waited}`,
    remedy:
      'Check host and port, and whether a firewall or VPN stands in between; a busy server may need a longer time-out.',
  });
}

async function tlsSettings(options: SessionOptions): Promise<TlsSettings | null> {
  const { tls, address } = options;
  if (!address.tls) return null;
  const [ca, certificate, key] = await Promise.all([
    pem(tls.ca, 'CA'),
    pem(tls.certificate, 'client certificate'),
    pem(tls.key, 'key of the client certificate'),
  ]);
  return {
    verify: address.verify,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
  };
}

async function pem(value: string | undefined, what: string): Promise<string | undefined> {
  if (value === undefined || value === '' || value.includes('-----BEGIN')) return value || undefined;
  let text: string;
  try {
    text = await readFile(value, 'utf8');
  } catch (thrown) {
    throw new InspectorError('tls', {
      message: `The ${what} could not be read from ${value}.`,
      tried: `reading ${value}`,
      answer: thrown instanceof Error ? thrown.message : String(thrown),
      remedy: 'Correct the path of the PEM file.',
    });
  }
  if (text.includes('-----BEGIN')) return text;
  throw new InspectorError('tls', {
    message: `${value} is no PEM file, so it cannot be the ${what}.`,
    tried: `reading ${value}`,
    answer: 'it holds no line -----BEGIN …-----',
    remedy: 'Convert it to PEM (openssl can), or name another file.',
  });
}

/** Whether a node answers PING without TLS; only asked after TLS got no answer at all. */
function speaksPlain(node: RedisNode): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectSocket({ host: node.host, port: node.port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
    socket.once('data', chunk => end(chunk[0] === 0x2b || chunk[0] === 0x2d));
  });
}
