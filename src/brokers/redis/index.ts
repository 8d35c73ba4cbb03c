/** Redis: connecting, reading without side effects, changing exactly once. The only folder that imports its driver. */

export { type ConnectedRedis, type ConnectOptions, connectRedis } from './connect';
export { isLoopback, type Ownership, ownMachine } from './own';
export * from './port';
export { compareVersions } from './server';
export { quoteForRedisCli, quoteForShell } from './shell';
export type { TlsOptions } from './tls';
export {
  formatRedisUrl,
  type ParsedRedisUrl,
  parseRedisUrl,
  type RedisAddress,
  type RedisNode,
  showAddress,
  showNode,
  showRedisUrl,
  splitRedisUrl,
} from './url';
