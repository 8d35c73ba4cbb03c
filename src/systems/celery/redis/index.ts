/** Celery's messages on Redis: kombu's lists, and the hash of what workers hold. */
export { createRedisTransport } from './transport';
