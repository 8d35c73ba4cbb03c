import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RabbitProperties } from '../../../brokers/rabbitmq/port';
import {
  PyDict as Dict,
  type PyDict,
  PyList,
  type PyNode,
  type PyTuple,
  PyTuple as Tuple,
} from '../../../codecs/python';
import type { TaskCall } from '../types';
import { asciiJson } from './build-text';
import { CONTENT, type Serializer, serialize, shortRepr } from './build-values';

/** Arguments as values, or as JSON text that was found so and stays so. */
export type Arguments =
  | { readonly args: PyTuple; readonly kwargs: PyDict }
  | { readonly argsJson: string; readonly kwargsJson: string; readonly argsrepr: string; readonly kwargsrepr: string };

/** What the workers that will read a message know (see act/generation.ts). */
export interface Dialect {
  /** Settings `task_protocol`: 1 where the app was told so. */
  readonly protocol: 1 | 2;
  readonly serializer: Serializer;
  /** kombu ≥ 5.3: dates, UUIDs, Decimals and bytes keep their types in JSON. */
  readonly tagged: boolean;
  /** Celery < 5: pickles of protocol 2. */
  readonly old: boolean;
  /** Celery ≥ 5.3: `stamped_headers` and `stamps`. */
  readonly stamps: boolean;
}

/** A new task, everything decided. Times are ISO 8601 with offset. */
export interface TaskSpec {
  readonly id: string;
  readonly task: string;
  readonly call: Arguments;
  readonly eta?: string | null;
  readonly expires?: string | null;
  readonly retries?: number;
  /** [hard, soft] seconds. */
  readonly timeLimit?: readonly [number | null, number | null];
  readonly priority?: number;
  readonly rootId?: string | null;
  readonly parentId?: string | null;
  readonly groupId?: string | null;
}

/** Where a task came from, as its header `origin` says: `job-queue-inspector@host`. */
const ORIGIN = `job-queue-inspector@${hostname()}`;

/**
 * A message as `Celery.send_task` makes it (celery/app/amqp.py, as_task_v2 and as_task_v1, 4.4 to 5.7).
 * @throws UnwritableValue
 */
export function buildTask(spec: TaskSpec, dialect: Dialect): TaskCall {
  const { type, encoding } = CONTENT[dialect.serializer];
  return {
    id: spec.id,
    task: spec.task,
    body: dialect.protocol === 1 ? bodyOfProtocol1(spec, dialect) : bodyOfProtocol2(spec, dialect),
    contentType: type,
    contentEncoding: encoding,
    headers: dialect.protocol === 1 ? {} : headersOf(spec, dialect),
    priority: spec.priority ?? 0,
  };
}

function headersOf(spec: TaskSpec, dialect: Dialect): Record<string, unknown> {
  const { call } = spec;
  const reprs =
    'args' in call ? { argsrepr: shortRepr(call.args), kwargsrepr: shortRepr(call.kwargs) } : { ...reprsOf(call) };
  return {
    lang: 'py',
    task: spec.task,
    id: spec.id,
    shadow: null,
    eta: spec.eta ?? null,
    expires: spec.expires ?? null,
    group: spec.groupId ?? null,
    group_index: null,
    retries: spec.retries ?? 0,
    timelimit: spec.timeLimit ?? [null, null],
    root_id: spec.rootId ?? spec.id,
    parent_id: spec.parentId ?? null,
    ...reprs,
    origin: ORIGIN,
    ignore_result: false,
    ...(dialect.stamps ? { replaced_task_nesting: 0, stamped_headers: null, stamps: {} } : {}),
  };
}

const reprsOf = ({ argsrepr, kwargsrepr }: { argsrepr: string; kwargsrepr: string }) => ({ argsrepr, kwargsrepr });

const NOTHING_FOLLOWS = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

function bodyOfProtocol2({ call }: TaskSpec, { serializer, tagged, old }: Dialect): Buffer {
  if ('argsJson' in call) return Buffer.from(`[${call.argsJson}, ${call.kwargsJson}, ${NOTHING_FOLLOWS}]`, 'latin1');
  const embed = dict({ callbacks: null, errbacks: null, chain: null, chord: null });
  return serialize(new Tuple([call.args, call.kwargs, embed]), serializer, tagged, old);
}

/** The dict of Celery 3.1, which every later worker reads too (celery/worker/strategy.py, proto1_to_proto2). */
function bodyOfProtocol1(spec: TaskSpec, { serializer, tagged, old }: Dialect): Buffer {
  const { call } = spec;
  const rest: Record<string, PyNode> = {
    id: spec.id,
    task: spec.task,
    retries: spec.retries ?? 0,
    eta: spec.eta ?? null,
    expires: spec.expires ?? null,
    utc: true,
    callbacks: null,
    errbacks: null,
    timelimit: new PyList([...(spec.timeLimit ?? [null, null])].map(seconds)),
    taskset: spec.groupId ?? null,
    group: spec.groupId ?? null,
    group_index: null,
    chord: null,
  };
  if ('argsJson' in call) {
    const json = serialize(dict(rest), 'json', tagged).toString('latin1');
    return Buffer.from(`${json.slice(0, -1)}, "args": ${call.argsJson}, "kwargs": ${call.kwargsJson}}`, 'latin1');
  }
  return serialize(dict({ ...rest, args: call.args, kwargs: call.kwargs }), serializer, tagged, old);
}

const seconds = (value: number | null): PyNode => value;

function dict(values: Readonly<Record<string, PyNode>>): PyDict {
  const made = new Dict();
  for (const [key, value] of Object.entries(values)) made.set(key, value);
  return made;
}

/** Priorities that kombu has on Redis, and those of most AMQP queues (kombu/transport/virtual/base.py). */
export const MOST_PRIORITY = 9;

/** An element of a list of kombu on Redis (kombu/transport/virtual/base.py, prepare_message); ASCII. */
export function envelopeOf(call: TaskCall, queue: string, tag: string = randomUUID()): string {
  const body = Buffer.from(call.body.buffer, call.body.byteOffset, call.body.length).toString('base64');
  const properties =
    `{"correlation_id": ${asciiJson(call.id)}, "reply_to": "", "delivery_mode": 2, ` +
    `"delivery_info": {"exchange": "", "routing_key": ${asciiJson(queue)}}, "priority": ${call.priority}, ` +
    `"body_encoding": "base64", "delivery_tag": ${asciiJson(tag)}}`;
  return (
    `{"body": "${body}", "content-encoding": "${call.contentEncoding}", "content-type": "${call.contentType}", ` +
    `"headers": ${asciiJson(call.headers)}, "properties": ${properties}}`
  );
}

/** The same for RabbitMQ: the body goes as it is. */
export function propertiesOf(call: TaskCall): RabbitProperties {
  return {
    contentType: call.contentType,
    contentEncoding: call.contentEncoding,
    headers: call.headers,
    deliveryMode: 2,
    priority: call.priority,
    correlationId: call.id,
    replyTo: '',
  };
}
