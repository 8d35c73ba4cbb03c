import { InspectorError } from '../../model';
import type { TlsSettings } from '../common/tls';
import { type BrokerNode, showNode } from '../common/url';
import { type Driver, openDriver } from './driver';
import { connectFailure, replyError } from './failures';
import { type Command, isFailure, type Reply } from './port';
import type { SessionOptions } from './session';

/** Each sentinel gets this share of the time, so that a dead one does not use it all up. */
const MOST_MS_PER_SENTINEL = 2000;

/**
 * Asks the sentinels, one after the other, where the master is now.
 * @throws InspectorError what the last one gave, when none could tell
 */
export async function findMaster(
  options: SessionOptions,
  tls: TlsSettings | null,
  signal: AbortSignal,
): Promise<BrokerNode> {
  const { nodes } = options.address;
  let failure: InspectorError | undefined;
  for (const node of nodes) {
    try {
      return await ask(node, options, tls, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      // "No such master" of one weighs more than that another does not answer.
      const error = thrown instanceof InspectorError ? thrown : connectFailure(thrown, placeOf(node, tls), 0);
      if (failure === undefined || error.code === 'gone' || error.code === 'unauthorized') failure = error;
    }
  }
  if (failure === undefined || nodes.length === 1 || !/unreachable|unresolved|timeout/.test(failure.code))
    throw failure ?? new Error('A sentinel address without sentinels.');
  throw new InspectorError(
    failure.code,
    {
      message: `None of the ${nodes.length} sentinels answers.`,
      tried: `asking ${nodes.map(showNode).join(', ')} for the master "${options.address.masterName}"`,
      answer: failure.message,
      remedy: failure.remedy,
    },
    { cause: failure },
  );
}

const placeOf = (node: BrokerNode, tls: TlsSettings | null) => ({
  node: `the sentinel ${showNode(node)}`,
  tls: tls !== null,
});

async function ask(
  node: BrokerNode,
  options: SessionOptions,
  tls: TlsSettings | null,
  signal: AbortSignal,
): Promise<BrokerNode> {
  const place = placeOf(node, tls);
  const limit = Math.min(MOST_MS_PER_SENTINEL, options.timeoutMs);
  const both = AbortSignal.any([signal, AbortSignal.timeout(limit)]);
  let driver: Driver | undefined;
  const stop = () => driver?.close();
  both.addEventListener('abort', stop, { once: true });
  try {
    driver = await openDriver({ ...node, path: null, tls }, limit, both);
    const { masterName, tls: _tls } = options.address;
    const login: Command[] = [];
    if (options.sentinelPassword !== null) {
      const user = options.sentinelUsername;
      login.push(user === null ? ['AUTH', options.sentinelPassword] : ['AUTH', user, options.sentinelPassword]);
    }
    const replies = await driver.send([...login, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName ?? '']]);
    return masterIn(replies.at(-1), place.node, options);
  } catch (thrown) {
    if (thrown instanceof InspectorError) throw thrown;
    const late = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
    throw connectFailure(both.aborted ? late : thrown, place, limit);
  } finally {
    both.removeEventListener('abort', stop);
    driver?.close();
  }
}

function masterIn(reply: Reply | undefined, sentinel: string, options: SessionOptions): BrokerNode {
  const name = options.address.masterName ?? '';
  const tried = `asking ${sentinel} for the master "${name}"`;
  if (isFailure(reply)) throw replyError(reply.message, tried);
  if (!Array.isArray(reply) || reply.length < 2)
    throw new InspectorError('gone', {
      message: `${sentinel[0]?.toUpperCase()}${sentinel.slice(1)} watches no master "${name}".`,
      tried,
      answer: 'it does not know the name',
      remedy: 'Correct the name behind the hosts: redis+sentinel://host:26379/name/0.',
    });
  return { host: String(reply[0]), port: Number(reply[1]) };
}
