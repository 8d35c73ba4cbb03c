import type { ParameterProperty, ParameterSchema } from '../../../../model';
import { CALL, ID } from '../../../acting/declare';
import type { BrokerKind } from './guarantees';

const priority: Readonly<Record<BrokerKind, string>> = {
  redis: '0 to 9; on Redis 0 is served first',
  rabbitmq: '0 to 9; larger is served first, where the queue has x-max-priority',
};

const task: ParameterProperty = {
  type: 'string',
  title: 'Task',
  description: 'Its registered name: shop.tasks.charge_card',
  format: 'task',
};

/** Parameters of `enqueue`, on a queue, on the installation, and on a task that is copied. */
export const enqueueParameters = (kind: BrokerKind): ParameterSchema => ({
  type: 'object',
  required: ['task'],
  properties: {
    task,
    ...CALL,
    delay: {
      type: 'string',
      title: 'In',
      description: 'Time from now (countdown): 90s, 15m, 2h, 3d',
      format: 'duration',
      group: 'when',
    },
    at: {
      type: 'string',
      title: 'At',
      description: 'Not before this time (eta): 2026-11-21T14:30, or with a zone; a worker holds it until then',
      format: 'instant',
      group: 'when',
    },
    expires: {
      type: 'string',
      title: 'Expires',
      description: 'A worker drops it when it has not begun by then',
      format: 'instant',
      group: 'when',
    },
    priority: {
      type: 'integer',
      title: 'Priority',
      description: priority[kind],
      minimum: 0,
      group: 'options',
    },
    time_limit: {
      type: 'string',
      title: 'Time limit',
      description: 'Its process is killed after this time',
      format: 'duration',
      group: 'options',
    },
    soft_time_limit: {
      type: 'string',
      title: 'Soft time limit',
      description: 'SoftTimeLimitExceeded is raised in it after this time',
      format: 'duration',
      group: 'options',
    },
    retries: {
      type: 'integer',
      title: 'Retries so far',
      description: 'Counts against max_retries of the task',
      minimum: 0,
      group: 'options',
    },
    id: ID,
    serializer: {
      type: 'string',
      title: 'Serializer',
      description: 'As the messages of the queue unless told; workers must accept it.',
      enum: ['json', 'pickle'],
      group: 'options',
    },
  },
});

export const rateParameters: ParameterSchema = {
  type: 'object',
  required: ['task', 'rate'],
  properties: {
    task,
    rate: { type: 'string', title: 'Rate', description: '10/s, 100/m, 1000/h; 0 = no limit', format: 'text' },
  },
};

export const timeLimitParameters: ParameterSchema = {
  type: 'object',
  required: ['task'],
  properties: {
    task,
    hard: {
      type: 'string',
      title: 'Time limit',
      description: 'Its process is killed after this time; empty = none',
      format: 'duration',
    },
    soft: {
      type: 'string',
      title: 'Soft time limit',
      description: 'SoftTimeLimitExceeded is raised in it after this time; empty = none',
      format: 'duration',
    },
  },
};

export const sizeParameters: ParameterSchema = {
  type: 'object',
  properties: { n: { type: 'integer', title: 'Processes', default: 1, minimum: 1 } },
};

export const autoscaleParameters: ParameterSchema = {
  type: 'object',
  required: ['max', 'min'],
  properties: {
    max: { type: 'integer', title: 'At most', minimum: 1 },
    min: { type: 'integer', title: 'At least', minimum: 0 },
  },
};

export const signalParameters: ParameterSchema = {
  type: 'object',
  properties: {
    signal: {
      type: 'string',
      title: 'Signal',
      enum: ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGUSR1'],
      default: 'SIGTERM',
      description: 'SIGUSR1 raises SoftTimeLimitExceeded in the task',
    },
  },
};

export const consumerParameters: ParameterSchema = {
  type: 'object',
  properties: {
    worker: {
      type: 'string',
      title: 'Worker',
      description: 'Its node name, celery@host; empty = all of them',
      format: 'text',
    },
  },
};

export const scheduleParameters: ParameterSchema = {
  type: 'object',
  properties: {
    every: {
      type: 'string',
      title: 'Every',
      description: '90s, 15m, 2h, 3d; empty where cron is given',
      format: 'duration',
    },
    cron: {
      type: 'string',
      title: 'Cron',
      description: 'minute hour day-of-month month day-of-week: */5 8-18 * * mon-fri; empty where every is given',
      format: 'text',
    },
    args: { type: 'string', title: 'Arguments', format: 'arguments', group: 'options' },
    kwargs: { type: 'string', title: 'Keyword arguments', format: 'keyword-arguments', group: 'options' },
  },
};
