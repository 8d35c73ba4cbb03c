import type { ParameterSchema, SystemOptions } from '../../model';
import type { CeleryOptions } from './parts';

/** What a person may say of Celery on one connection. */
export const optionSchema: ParameterSchema = {
  type: 'object',
  properties: {
    results: {
      type: 'string',
      title: 'Result backend',
      description: 'URL of the result backend, where it is not on the same Redis: redis://host:6379/1',
      format: 'text',
    },
    resultPrefix: {
      type: 'string',
      title: 'Key prefix of results',
      description: '`global_keyprefix` of `result_backend_transport_options`',
      format: 'text',
    },
    prefix: {
      type: 'string',
      title: 'Key prefix',
      description: '`global_keyprefix` of `broker_transport_options`; every one that is found unless told',
      format: 'text',
    },
    queues: {
      type: 'array',
      items: { type: 'string' },
      title: 'Further queues',
      description: 'Names of queues that the broker does not tell',
    },
    prioritySteps: {
      type: 'array',
      items: { type: 'integer' },
      title: 'Priority steps',
      description: '`priority_steps` of `broker_transport_options`; 0, 3, 6 and 9 unless told',
    },
    visibilityTimeout: {
      type: 'integer',
      title: 'Visibility timeout',
      description: 'Seconds after which Redis delivers a task again that no worker has acknowledged; 3,600 unless told',
      minimum: 1,
    },
    controlExchange: {
      type: 'string',
      title: 'Control exchange',
      description: '`control_exchange`; celery unless told',
      format: 'text',
    },
    eventExchange: {
      type: 'string',
      title: 'Event exchange',
      description: '`event_exchange`; celeryev unless told',
      format: 'text',
    },
    ask: {
      type: 'boolean',
      title: 'Ask workers by itself',
      description: 'Sends one message to every worker at each look; by itself only on local and development brokers',
    },
    hear: {
      type: 'boolean',
      title: 'Hear heartbeats',
      description: 'On Redis by itself; on RabbitMQ it makes a queue of its own, which ends with the connection',
    },
    redbeat: {
      type: 'string',
      title: 'Redis of RedBeat',
      description: 'URL of `redbeat_redis_url`, where RedBeat is not on the broker or beside the results',
      format: 'text',
    },
    redbeatPrefix: {
      type: 'string',
      title: 'Key prefix of RedBeat',
      description: '`redbeat_key_prefix`; redbeat: unless told',
      format: 'text',
    },
    peek: {
      type: 'boolean',
      title: 'Look at messages by itself',
      description: 'On RabbitMQ a look marks messages redelivered, and counts as a delivery in quorum queues',
    },
    management: {
      type: 'string',
      title: 'Management URL',
      description: 'URL of RabbitMQ’s management API, where it is not http://host:15672',
      format: 'text',
    },
  },
};

/**
 * What was given, believed only as far as its types go. `ask` and `management` are read by the inspector, before there
 * is an installation.
 */
export function parseOptions(raw: SystemOptions): CeleryOptions {
  const text = (name: string): string | null => {
    const value = raw[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const queues = raw['queues'];
  const names = typeof queues === 'string' ? queues.split(',').map(name => name.trim()) : queues;
  const timeout = raw['visibilityTimeout'];
  return {
    results: text('results'),
    prefix: typeof raw['prefix'] === 'string' ? raw['prefix'] : null,
    resultPrefix: text('resultPrefix') ?? '',
    queues: Array.isArray(names) ? names.filter(name => typeof name === 'string' && name !== '').slice(0, 1000) : [],
    controlExchange: text('controlExchange') ?? 'celery',
    eventExchange: text('eventExchange') ?? 'celeryev',
    visibilityTimeout: typeof timeout === 'number' && timeout > 0 ? timeout : null,
    prioritySteps: stepsOf(raw['prioritySteps']),
    hear: typeof raw['hear'] === 'boolean' ? raw['hear'] : null,
    redbeat: text('redbeat'),
    redbeatPrefix: text('redbeatPrefix'),
    peek: raw['peek'] === true,
    raw,
  };
}

/** `priority_steps` as somebody wrote them, in order; null where there are none. */
export function stepsOf(given: unknown): readonly number[] | null {
  if (!Array.isArray(given)) return null;
  const steps = given.filter(step => Number.isInteger(step) && step >= 0 && step <= 255).slice(0, 20);
  return steps.length === 0 ? null : [...new Set<number>(steps)].sort((a, b) => a - b);
}
