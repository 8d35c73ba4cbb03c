import type { ParameterSchema } from '../../../../model';
import { CALL, ID } from '../../../acting/declare';

/** Parameters of `enqueue`, on a queue, on the installation, and on a job that is copied. */
export const enqueueParameters: ParameterSchema = {
  type: 'object',
  required: ['task'],
  properties: {
    task: {
      type: 'string',
      title: 'Function',
      description: 'Dotted name that the worker imports: shop.payments.charge_card',
      format: 'task',
    },
    ...CALL,
    delay: {
      type: 'string',
      title: 'In',
      description: 'Time from now: 90s, 15m, 2h, 3d',
      format: 'duration',
      group: 'when',
    },
    at: {
      type: 'string',
      title: 'At',
      description: 'A point in time: 2026-11-21T14:30, or with a zone',
      format: 'instant',
      group: 'when',
    },
    at_front: {
      type: 'boolean',
      title: 'At the front of the queue',
      default: false,
      group: 'options',
    },
    timeout: {
      type: 'string',
      title: 'Timeout',
      description: 'A worker ends the job after this time; -1 = never. 180 s unless told.',
      format: 'duration',
      group: 'options',
    },
    ttl: {
      type: 'string',
      title: 'Time to live',
      description: 'The job vanishes when it has waited that long.',
      format: 'duration',
      group: 'options',
    },
    result_ttl: {
      type: 'string',
      title: 'Keep the result for',
      description: '500 s unless told; 0 = not at all, -1 = for ever',
      format: 'duration',
      group: 'options',
    },
    failure_ttl: {
      type: 'string',
      title: 'Keep a failure for',
      description: 'One year unless told; -1 = for ever',
      format: 'duration',
      group: 'options',
    },
    retries: {
      type: 'integer',
      title: 'Retries',
      description: 'How often it runs again after a failure (RQ 1.5 and later)',
      minimum: 0,
      group: 'options',
    },
    retry_intervals: {
      type: 'array',
      title: 'Seconds before each retry',
      description: 'The last one holds for all further retries. Needs a worker with scheduler.',
      items: { type: 'integer' },
      group: 'options',
    },
    id: ID,
    description: { type: 'string', title: 'Description', format: 'text', group: 'options' },
    meta: {
      type: 'string',
      title: 'Meta',
      description: 'A dict that goes with the job',
      format: 'literal',
      group: 'options',
    },
    serializer: {
      type: 'string',
      title: 'Serializer',
      description: 'Must be the one of the workers; RQ records it nowhere.',
      enum: ['pickle', 'json'],
      default: 'pickle',
      group: 'options',
    },
  },
};
