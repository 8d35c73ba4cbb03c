import { randomUUID } from 'node:crypto';
import { InspectorError } from '../../../model';
import { argumentsOf, badValue, isTaskName, keywordsOf } from '../../acting/values';
import { countOf, countsOf, durationOf, flagOf, instantOf, secondsOf, textOfParameter } from './enqueue-parameters';
import { allAtLeast, type Generation, someAtLeast } from './generation';
import { type CallParts, callString, dataOf, metaBytes, metaOf, type Serializer } from './payload';
import { queueParameter, stampOf } from './relocations';

/** A job about to be written. */
export interface NewJob {
  readonly id: string;
  readonly queue: string;
  readonly fields: readonly (readonly [string, string | Buffer])[];
  /** Milliseconds since the epoch when it is due; null = now. */
  readonly dueAt: number | null;
  readonly atFront: boolean;
  /** Seconds that the hash lives while it waits; null = for ever. */
  readonly ttl: number | null;
}

/** RQ's own default (rq/queue.py, DEFAULT_TIMEOUT). */
const TIMEOUT_SECONDS = 180;

/** What a copy takes over from the job it is made of, beside the call itself. */
const COPIED = [
  'data',
  'description',
  'timeout',
  'ttl',
  'result_ttl',
  'failure_ttl',
  'meta',
  'success_callback_name',
  'success_callback_timeout',
  'failure_callback_name',
  'failure_callback_timeout',
  'stopped_callback_name',
  'stopped_callback_timeout',
  'retry_intervals',
  'webhooks',
] as const;

/**
 * The hash that every generation since 0.12 can read (rq/job.py, to_dict and restore): no empty times, no field that
 * its workers do not know how to take.
 * @param original fields of the job that is copied; what no parameter names is taken over byte for byte
 * @param now milliseconds since the epoch by the broker's clock
 * @throws InspectorError `bad-value` with the parameter's name, `unsupported`
 */
export function newJob(
  parameters: Readonly<Record<string, unknown>>,
  generation: Generation,
  now: number,
  queue: string | null,
  original?: ReadonlyMap<string, Buffer>,
): NewJob {
  const serializer = serializerOf(parameters['serializer'], generation);
  const protocol = generation.python2 ? 2 : 4;
  const call = callOf(parameters, original !== undefined);
  const fields = new Map<string, string | Buffer>();
  for (const field of COPIED) {
    const value = original?.get(field);
    if (value !== undefined && value.length > 0) fields.set(field, value);
  }
  if (call !== null) {
    fields.set('data', dataOf(call, serializer, protocol));
    fields.set('description', callString(call));
  }
  const described = textOfParameter('description', parameters['description']);
  if (described !== null) fields.set('description', described);
  const meta = metaOf(parameters['meta']);
  if (meta !== null) fields.set('meta', metaBytes(meta, serializer, protocol));
  setSeconds(fields, parameters);
  setRetries(fields, parameters, generation);
  const dueAt = dueOf(parameters, now);
  if (dueAt !== null && !allAtLeast(generation, '1.2', true)) {
    throw unsupported(
      'RQ before 1.2 has no schedule of its own',
      'Enqueue the job now, or with the package rq-scheduler.',
    );
  }
  const origin = queueParameter(parameters['queue'] ?? queue ?? original?.get('origin')?.toString(), true) ?? '';
  fields.set('status', dueAt === null ? 'queued' : 'scheduled');
  fields.set('origin', origin);
  fields.set('created_at', stampOf(now));
  if (dueAt === null) fields.set('enqueued_at', stampOf(now));
  const atFront = flagOf('at_front', parameters['at_front']);
  if (atFront && dueAt !== null) fields.set('enqueue_at_front', '1');
  const ttl = Number(fields.get('ttl')?.toString() ?? Number.NaN);
  return {
    id: idOf(parameters['id'], generation),
    queue: origin,
    fields: [...fields],
    dueAt,
    atFront,
    ttl: ttl > 0 ? ttl : null,
  };
}

function callOf(parameters: Readonly<Record<string, unknown>>, copy: boolean): CallParts | null {
  const task = textOfParameter('task', parameters['task']);
  if (task === null) {
    if (!copy) throw badValue('task', 'the name of a function is missing');
    for (const part of ['args', 'kwargs']) {
      if (parameters[part] !== undefined) throw badValue('task', `with ${part}, the function must be named too`);
    }
    return null;
  }
  if (!isTaskName(task)) throw badValue('task', `"${task}" is no dotted name as Python imports it: module.function`);
  return { task, args: argumentsOf(parameters['args']), kwargs: keywordsOf(parameters['kwargs']) };
}

function setSeconds(fields: Map<string, string | Buffer>, parameters: Readonly<Record<string, unknown>>): void {
  const timeout = secondsOf('timeout', parameters['timeout'], true);
  if (timeout === 0) throw badValue('timeout', 'a job with no time at all would fail at once');
  fields.set('timeout', timeout === null ? (fields.get('timeout') ?? String(TIMEOUT_SECONDS)) : String(timeout));
  for (const [name, endless] of [
    ['ttl', false],
    ['result_ttl', true],
    ['failure_ttl', true],
  ] as const) {
    const seconds = secondsOf(name, parameters[name], endless);
    if (seconds === 0 && name === 'ttl') throw badValue(name, 'a job that may not wait at all would vanish at once');
    if (seconds !== null) fields.set(name, String(seconds));
  }
}

function setRetries(
  fields: Map<string, string | Buffer>,
  parameters: Readonly<Record<string, unknown>>,
  generation: Generation,
): void {
  const retries = countOf('retries', parameters['retries']);
  const intervals = countsOf('retry_intervals', parameters['retry_intervals']);
  if (intervals !== null && intervals.length > 0) fields.set('retry_intervals', JSON.stringify(intervals));
  if (retries === null || retries === 0) {
    if (intervals !== null && intervals.length > 0 && retries === null) {
      throw badValue('retries', 'intervals say nothing without a number of retries');
    }
    return;
  }
  if (!allAtLeast(generation, '1.5', true)) {
    throw unsupported('RQ before 1.5 knows no retries', 'Enqueue the job without retries.');
  }
  fields.set('retries_left', String(retries));
}

function dueOf(parameters: Readonly<Record<string, unknown>>, now: number): number | null {
  const at = instantOf('at', parameters['at']);
  const delay = durationOf('delay', parameters['delay']);
  if (at !== null && delay !== null) throw badValue('delay', 'either a time or a delay, not both');
  return at ?? (delay === null ? null : now + delay * 1000);
}

/** RQ ≥ 2.8 takes only these; 2.1 to 2.7 no colon; older ones anything (rq/job.py). One rule for all that we write. */
function idOf(value: unknown, generation: Generation): string {
  const id = textOfParameter('id', value);
  if (id === null) return randomUUID();
  if (/^[\w-]+$/.test(id)) return id;
  if (generation.versions.length > 0 && !someAtLeast(generation, '2.1', false)) return id;
  throw badValue('id', 'an id may hold letters, digits, - and _');
}

function serializerOf(value: unknown, generation: Generation): Serializer {
  const named = textOfParameter('serializer', value);
  if (named !== null && named !== 'pickle' && named !== 'json') {
    throw badValue('serializer', `"${named}" is neither pickle nor json`);
  }
  if (named === 'json' && !allAtLeast(generation, '1.7', true)) {
    throw unsupported('RQ before 1.7 reads pickles only', 'Choose the serializer pickle.');
  }
  return named ?? 'pickle';
}

function unsupported(answer: string, remedy: string): InspectorError {
  return new InspectorError('unsupported', {
    message: `The workers here are too old for that: ${answer}.`,
    tried: 'making a job',
    answer,
    remedy,
  });
}
