/** Reaches a broker of any kind that this product knows. One place decides by the URL's scheme. */
import { t } from '@vscode/l10n';
import {
  isRabbitUrl,
  parseRabbitUrl,
  showRabbitAddress,
  splitManagementUrl,
  splitRabbitUrl,
} from '../brokers/rabbitmq/url';
import {
  type ConnectedRedis,
  connectRedis,
  formatRedisUrl,
  isFailure,
  parseRedisUrl,
  showAddress,
  splitRedisUrl,
} from '../brokers/redis';
import type { ConnectionProfile } from './api';
import type { Endpoint, Link, OpenLink } from './ports';

export const openLink: OpenLink = async (profile, password, signal) => {
  if (isRabbitUrl(profile.url)) return (await import('./rabbit')).openRabbitLink(profile, password, signal);
  const redis = await connectRedis(
    {
      url: profile.url,
      ...(password === undefined ? {} : { password }),
      ...(profile.tls === undefined ? {} : { tls: profile.tls }),
    },
    signal,
  );
  return linkOf(redis, profile);
};

/**
 * Splits what a person pasted into the URL that may be saved and the password that may not, with a name for it. Takes
 * the URL of a management API (http, https) too.
 * @throws InspectorError `bad-value`: what is wrong with the URL; never holds the password
 */
export function splitUrl(pasted: string): {
  readonly url: string;
  readonly password: string | null;
  readonly name: string;
} {
  if (/^\s*https?:\/\//i.test(pasted)) {
    const { url, user, password } = splitManagementUrl(pasted);
    const { host } = new URL(url);
    const login = user === null ? '' : `${encodeURIComponent(user)}@`;
    return { url: url.replace('://', `://${login}`), password, name: host };
  }
  if (isRabbitUrl(pasted)) {
    const split = splitRabbitUrl(pasted);
    return { ...split, name: showRabbitAddress(parseRabbitUrl(split.url).address) };
  }
  const { url, password } = splitRedisUrl(pasted);
  return { url, password, name: showAddress(parseRedisUrl(url).address) };
}

/**
 * The URL of another database of the same Redis (null = of the same one, in the same spelling); null where the broker
 * has no databases by number.
 */
export function databaseUrl(url: string, database: number | null): string | null {
  if (!isRedisUrl(url)) return null;
  const { address } = parseRedisUrl(url);
  return formatRedisUrl(database === null ? address : { ...address, database });
}

/** Whether two URLs lead to the same host and port, socket, or master of the same sentinels, and to a Redis. */
export function isSameServer(one: string, other: string): boolean {
  return isRedisUrl(one) && isRedisUrl(other) && databaseUrl(one, 0) === databaseUrl(other, 0);
}

const isRedisUrl = (url: string): boolean => {
  try {
    parseRedisUrl(url);
    return true;
  } catch {
    return false;
  }
};

const PRODUCTS = { redis: 'Redis', valkey: 'Valkey', other: 'Redis' } as const;

function linkOf(redis: ConnectedRedis, profile: ConnectionProfile): Link {
  return {
    broker: redis,
    get serverText() {
      return `${PRODUCTS[redis.server.product]} ${redis.server.version}`;
    },
    get process() {
      return { pid: redis.server.processId, port: redis.server.tcpPort };
    },
    get endpoint() {
      return endpointOf(redis, profile);
    },
    get writeRefusal() {
      return redis.server.role === 'replica' ? t('this server is a replica and takes no changes.') : null;
    },
    otherDatabases: signal => otherDatabases(redis, parseRedisUrl(profile.url).address.database, signal),
    undo: (units, record, signal) => redis.undo(units, record, signal),
    onDidClose: listener => redis.onLost(listener),
    reconnect: signal => redis.reconnect(signal),
    close: () => redis.close(),
  };
}

function endpointOf(redis: ConnectedRedis, profile: ConnectionProfile): Endpoint {
  const { address } = parseRedisUrl(profile.url);
  if (address.path !== null) return { kind: 'unix', path: address.path };
  const first = address.nodes[0];
  if (address.kind === 'tcp' && first !== undefined) return { kind: 'tcp', ...first };
  const colon = redis.node.lastIndexOf(':');
  return { kind: 'tcp', host: redis.node.slice(0, colon), port: Number(redis.node.slice(colon + 1)) };
}

async function otherDatabases(redis: ConnectedRedis, own: number, signal: AbortSignal) {
  const [reply] = await redis.read([['INFO', 'keyspace']], signal);
  if (reply === undefined || isFailure(reply)) return [];
  return [...String(reply).matchAll(/^db(\d+):keys=(\d+)/gm)]
    .map(([, db, keys]) => ({ db: Number(db), keys: Number(keys) }))
    .filter(({ db }) => db !== own);
}
