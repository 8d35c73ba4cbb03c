/** Looks for the management API of a connection, and says why there is none. */
import { InspectorError } from '../../model';
import type { TlsSettings } from '../common/tls';
import type { Counting } from './driver';
import { Http } from './http';
import { ManagementApi, type NodeFacts } from './management';
import { splitManagementUrl } from './url';

/** A management API that is not there must not keep the rest waiting. */
const FIRST_ANSWER_MS = 3000;
const DEFAULT_TIMEOUT_MS = 10_000;

export interface ManagementSought {
  /** As a person gave it; undefined = the usual port of the host, null = not at all. */
  readonly given: string | null | undefined;
  readonly host: string;
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
  readonly tls: TlsSettings | null;
  readonly timeoutMs: number | undefined;
}

export interface ManagementFound {
  readonly management: ManagementApi | null;
  readonly managementProblem: string | null;
  readonly facts: NodeFacts | null;
}

/** @throws InspectorError `aborted`, `bad-value` for what is no URL; everything else is a problem that is answered */
export async function findManagement(
  { given, host, vhost, username, password, tls, timeoutMs = DEFAULT_TIMEOUT_MS }: ManagementSought,
  meter: Counting,
  signal: AbortSignal,
): Promise<ManagementFound> {
  if (given === null)
    return { management: null, managementProblem: 'The management API is not used by this connection.', facts: null };
  const bare = host.includes(':') ? `[${host}]` : host;
  const usual = tls === null ? `http://${bare}:15672` : `https://${bare}:15671`;
  const own = splitManagementUrl(given ?? usual);
  const login = { url: own.url, username: own.user ?? username, password: own.password ?? password, tls };
  const apiWithin = (milliseconds: number) =>
    new ManagementApi(new Http({ ...login, timeoutMs: milliseconds }, meter), vhost);
  const trial = apiWithin(Math.min(timeoutMs, FIRST_ANSWER_MS));
  try {
    const facts = await trial.facts(signal);
    return { management: apiWithin(timeoutMs), managementProblem: null, facts };
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof InspectorError)) throw thrown;
    return { management: null, managementProblem: problemText(thrown, own.url), facts: null };
  } finally {
    trial.close();
  }
}

/** Why there is no management API, and what that means. */
function problemText(error: InspectorError, url: string): string {
  const { port, protocol } = new URL(url);
  const place = `:${port || (protocol === 'https:' ? '443' : '80')}`;
  const smaller = 'so workers and rates are not shown. Queues still are, where their names are known.';
  if (error.code === 'unauthorized' || error.code === 'forbidden')
    return `The management API at ${place} does not let this user in, ${smaller} (${error.answer})`;
  if (error.code === 'unreachable' || error.code === 'timeout')
    return `The management API does not answer at ${place}, ${smaller} (${error.answer})`;
  return `The management API at ${place} cannot be used, ${smaller} (${error.answer})`;
}
