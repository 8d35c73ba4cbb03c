/**
 * Names that Celery gives to its own objects on a virtual host; read in celery 4.4 to 5.7 (app/defaults.py,
 * events/__init__.py, worker/pidbox.py, backends/rpc.py), kombu 4.6 to 5.7 (pidbox.py, transport/native_delayed_delivery.py),
 * and seen on RabbitMQ 3.10.
 */

/** `task_default_queue` unless an app sets another. */
export const DEFAULT_QUEUE = 'celery';

/** Topic exchange through which native delayed delivery hands tasks back to the app's exchanges. */
export const DELAYED_DELIVERY = 'celery_delayed_delivery';

/** `celery_delayed_<n>`, n from 0 to 27: both an exchange and a queue whose messages expire after 2^n seconds. */
const DELAYED = /^celery_delayed_(?:[0-9]|1[0-9]|2[0-7])$/;

/** Bits of the delay before the routing key of the task's own queue. */
const DELAYED_KEY = /^(?:[01]\.){28}(.+)$/s;

export const isDelayedQueue = (name: string): boolean => DELAYED.test(name);

/** The routing key that a delayed task had before its delay was written in front; null where there is none. */
export function keyBehindDelay(routingKey: string): string | null {
  return DELAYED_KEY.exec(routingKey)?.[1] ?? null;
}

/** `<control_exchange>.pidbox`, a fanout exchange that every worker's own queue is bound to. */
export function controlOf(exchange: string): string | null {
  if (!exchange.endsWith('.pidbox') || exchange.startsWith('reply.')) return null;
  return exchange.slice(0, -'.pidbox'.length);
}

export const isReplyExchange = (exchange: string): boolean =>
  exchange.startsWith('reply.') && exchange.endsWith('.pidbox');

/** `<ticket>.reply.<control_exchange>.pidbox` */
export const isReplyQueue = (name: string): boolean => /(?:^|\.)reply\.[^.]+(?:\.[^.]+)*\.pidbox$/.test(name);

/** Names that Dramatiq gives to the queues beside `base`: delayed and dead-lettered messages. */
export function dramatiqBase(name: string): string | null {
  return name.endsWith('.DQ') || name.endsWith('.XQ') ? name.slice(0, -3) : null;
}

/** Exchanges that RabbitMQ itself declares. */
export const isBuiltIn = (exchange: string): boolean => exchange === '' || exchange.startsWith('amq.');

/** py-amqp is the AMQP client of kombu; what connects with it is Celery or another user of kombu. */
export const CELERY_CLIENT = 'py-amqp';
