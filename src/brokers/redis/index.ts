/** Redis: connecting, reading without side effects, changing exactly once. The only folder that imports its driver. */

export { type ConnectedRedis, type ConnectOptions, connectRedis } from './connect';
export { isLoopback, type Ownership, ownMachine } from './own';
export * from './port';
export { quoteForRedisCli, quoteForShell } from './shell';
export {
  formatRedisUrl,
  type ParsedRedisUrl,
  parseRedisUrl,
  type RedisAddress,
  showAddress,
  showRedisUrl,
  splitRedisUrl,
} from './url';
