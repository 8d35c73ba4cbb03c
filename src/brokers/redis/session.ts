import { setTimeout as sleep } from 'node:timers/promises';
import { InspectorError } from '../../model';
import { aborted, seconds } from '../common/failures';
import { type TlsOptions, tlsSettings } from '../common/tls';
import { type BrokerNode, showNode } from '../common/url';
import { type Driver, type Endpoint, LostConnection, openDriver } from './driver';
import { connectFailure, replyError } from './failures';
import { greet } from './greeting';
import { KnownScripts } from './known-scripts';
import type { RedisServer } from './port';
import { speaksPlain, speaksTls } from './probe';
import { findMaster } from './sentinel';
import type { RedisAddress } from './url';

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
  readonly scripts: KnownScripts;
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
    const tls = await tlsSettings(options.tls, options.address);
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
    if (signal.aborted) throw aborted(`connecting to ${waitingFor}`);
    if (deadline.aborted && !(thrown instanceof InspectorError)) throw timedOut(options, waitingFor);
    throw thrown;
  }
}

async function openNode(
  options: SessionOptions,
  node: BrokerNode | undefined,
  tls: Endpoint['tls'],
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
    return { driver, scripts: new KnownScripts(), server: await greet(driver, options, place), node: shown };
  } catch (thrown) {
    driver.close();
    signal.throwIfAborted();
    if (thrown instanceof InspectorError) throw thrown;
    if (thrown instanceof LostConnection && thrown.refusal !== undefined)
      throw replyError(thrown.refusal, `connecting to ${shown}`);
    // Redis on a TLS port hangs up without a word on whoever speaks plainly.
    const wordless = !/RESP type/.test(causeOf(thrown).message);
    if (wordless && tls === null && node !== undefined && (await speaksTls(node)))
      throw connectFailure(new Error('SPEAKS_TLS: it took a TLS handshake'), place, options.timeoutMs);
    throw connectFailure(causeOf(thrown), place, options.timeoutMs);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const causeOf = (thrown: unknown): Error => {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  return cause instanceof Error ? cause : new Error(String(cause));
};

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
