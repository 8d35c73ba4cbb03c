import { randomUUID } from 'node:crypto';
import type { PyDict, PyTuple } from '../../../codecs/python';
import { countOf, durationOf, instantOf, textOfParameter } from '../../acting/parameters';
import { argumentsOf, badValue, keywordsOf } from '../../acting/values';
import { type Arguments, buildTask, type Dialect, type TaskSpec } from '../message/build';
import { type Serializer, UnwritableValue } from '../message/build-values';
import type { TaskCall } from '../types';
import { valuesOf } from './stored';

type Parameters = Readonly<Record<string, unknown>>;

/** Parameters of an enqueue form, read. What was not told is undefined. */
export interface Wish {
  readonly task: string | undefined;
  readonly args: PyTuple | undefined;
  readonly kwargs: PyDict | undefined;
  readonly queue: string | undefined;
  readonly id: string | undefined;
  /** ISO 8601 in UTC. */
  readonly eta: string | undefined;
  readonly expires: string | undefined;
  readonly priority: number | undefined;
  readonly hard: number | undefined;
  readonly soft: number | undefined;
  readonly retries: number | undefined;
  readonly serializer: Serializer | undefined;
  /** A form tells everything: what is empty there is meant to be empty. */
  readonly whole: boolean;
}

/** @param now milliseconds since the epoch by the broker's clock @throws InspectorError `bad-value` with the parameter's name */
export function wishOf(parameters: Parameters, now: number): Wish {
  const told = (name: string) => parameters[name] !== undefined && parameters[name] !== null && parameters[name] !== '';
  const task = textOfParameter('task', parameters['task']) ?? undefined;
  if (task !== undefined && !isTaskName(task)) throw badValue('task', `"${task.slice(0, 80)}" is no name of a task`);
  const hard = limitOf('time_limit', parameters);
  const soft = limitOf('soft_time_limit', parameters);
  if (hard !== undefined && soft !== undefined && soft > hard)
    throw badValue('soft_time_limit', 'it must not be longer than the time limit');
  const priority = countOf('priority', parameters['priority']) ?? undefined;
  if (priority !== undefined && priority > 255) throw badValue('priority', 'it must be at most 255');
  const expires = instantOf('expires', parameters['expires']);
  if (expires !== null && expires <= now) throw badValue('expires', 'this time has passed: no worker would run it');
  const id = textOfParameter('id', parameters['id']) ?? undefined;
  if (id !== undefined && id.length > 255) throw badValue('id', 'it must have at most 255 characters');
  return {
    task,
    args: told('args') ? argumentsOf(parameters['args']) : undefined,
    kwargs: told('kwargs') ? keywordsOf(parameters['kwargs']) : undefined,
    queue: queueParameter(parameters['queue']),
    id,
    eta: etaOf(parameters, now),
    expires: expires === null ? undefined : iso(expires),
    priority,
    hard,
    soft,
    retries: countOf('retries', parameters['retries']) ?? undefined,
    serializer: serializerParameter(parameters['serializer']),
    whole: task !== undefined,
  };
}

/** The parameter `queue`; undefined where none was given. @throws InspectorError `bad-value` */
export function queueParameter(value: unknown): string | undefined {
  const queue = textOfParameter('queue', value) ?? undefined;
  if (queue !== undefined && queue.length > 255) throw badValue('queue', 'a queue has at most 255 characters');
  return queue;
}

/** Celery takes any text as a name; what has line breaks or spaces in it is a mistake. */
function isTaskName(name: string): boolean {
  return name.length <= 255 && /^[^\s"'()]+$/.test(name);
}

function limitOf(name: string, parameters: Parameters): number | undefined {
  const seconds = durationOf(name, parameters[name]);
  if (seconds === 0) throw badValue(name, 'a task with no time at all would fail at once');
  return seconds ?? undefined;
}

function etaOf(parameters: Parameters, now: number): string | undefined {
  const at = instantOf('at', parameters['at']);
  const delay = durationOf('delay', parameters['delay']);
  if (at !== null && delay !== null) throw badValue('delay', 'either a time or a delay, not both');
  if (at === null && delay === null) return undefined;
  return iso(at ?? now + (delay ?? 0) * 1000);
}

/** As Python writes an aware datetime: workers of every generation read the offset, some no `Z`. */
function iso(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00');
}

function serializerParameter(value: unknown): Serializer | undefined {
  const named = textOfParameter('serializer', value) ?? undefined;
  if (named === undefined || named === 'json' || named === 'pickle') return named;
  throw badValue('serializer', `"${named}" is neither json nor pickle`);
}

export interface NewTask {
  readonly call: TaskCall;
  readonly queue: string;
}

/** What is known of a task that is enqueued again, beside what a person wishes. */
export type Recorded = Partial<Pick<TaskSpec, 'rootId' | 'parentId' | 'groupId'>> & {
  readonly task: string | null;
  readonly call: Arguments | null;
};

/** Whether values of it are written as mere text, since no worker has said that it reads more. */
export function isPlainer(wish: Wish, queue: string, dialect: Dialect, recorded?: Recorded): boolean {
  if (dialect.tagged || (wish.serializer ?? dialect.serializer) !== 'json') return false;
  const id = 'the same';
  const [plain, tagged] = [false, true].map(each =>
    newTask({ ...wish, id }, queue, { ...dialect, tagged: each }, recorded),
  );
  return !Buffer.from(plain!.call.body).equals(Buffer.from(tagged!.call.body));
}

/** @throws InspectorError `bad-value` with the parameter's name */
export function newTask(wish: Wish, queue: string, dialect: Dialect, recorded?: Recorded): NewTask {
  const task = wish.task ?? recorded?.task ?? undefined;
  if (task === undefined) throw badValue('task', 'the name of a task is missing');
  const serializer = wish.serializer ?? dialect.serializer;
  const spec: TaskSpec = {
    id: wish.id ?? randomUUID(),
    task,
    call: argumentsFor(wish, recorded?.call ?? null),
    eta: wish.eta ?? null,
    expires: wish.expires ?? null,
    retries: wish.retries ?? 0,
    timeLimit: [wish.hard ?? null, wish.soft ?? null],
    priority: wish.priority ?? 0,
  };
  try {
    return { call: buildTask(spec, { ...dialect, serializer }), queue };
  } catch (error) {
    if (error instanceof UnwritableValue) throw badValue('args', error.message);
    throw error;
  }
}

function argumentsFor(wish: Wish, recorded: Arguments | null): Arguments {
  if (recorded === null || wish.whole)
    return { args: wish.args ?? argumentsOf(undefined), kwargs: wish.kwargs ?? keywordsOf(undefined) };
  if (wish.args === undefined && wish.kwargs === undefined) return recorded;
  const { args, kwargs } = valuesOf(recorded);
  return { args: wish.args ?? args, kwargs: wish.kwargs ?? kwargs };
}
