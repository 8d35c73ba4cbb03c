import { compareVersions } from '../common/versions';
import type { RedisServer } from './port';

/** INFO as names and values; lines that are no pair are left out. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) facts.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return facts;
}

/**
 * What INFO tells of a server. Valkey names itself in `server_name` and `valkey_version` and keeps `redis_version` at
 * the Redis whose commands it speaks (7.2.4), so that is what versions are compared with.
 */
export function serverOf(info: ReadonlyMap<string, string>): RedisServer {
  const version = info.get('redis_version') ?? '0.0.0';
  const valkey = info.has('valkey_version') || info.get('server_name') === 'valkey';
  const mode = info.get('redis_mode');
  return {
    version: info.get('valkey_version') ?? version,
    product: valkey ? 'valkey' : info.has('redis_version') ? 'redis' : 'other',
    mode: mode === 'cluster' || mode === 'sentinel' ? mode : 'standalone',
    role: info.get('role') === 'slave' ? 'replica' : 'master',
    processId: integer(info.get('process_id')),
    tcpPort: integer(info.get('tcp_port')),
    atLeast: wanted => compareVersions(version, wanted) >= 0,
  };
}

function integer(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
