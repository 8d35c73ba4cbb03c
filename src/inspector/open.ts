/** Reaches a broker of any kind that this product knows. One place decides by the URL's scheme. */
import { t } from '@vscode/l10n';
import { isRabbitUrl } from '../brokers/rabbitmq/url';
import { type ConnectedRedis, connectRedis, isFailure, parseRedisUrl } from '../brokers/redis';
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
