import { callText, fromJson, isKind, type PyNode } from '../../../codecs/python';
import { quickCall } from '../message/quick';
import { textIn } from '../message/values';
import type { TaskResult } from '../types';
import { type Failure, failureOf, failureOfJson, withPrinted } from './errors';
import { type Payload, readAtOnce, readPayload } from './payload';
import { quickValue } from './quick';
import { renderedLater } from './rendered';
import { stateOfStatus, UNREADABLE } from './status';
import { instantOfNode, instantOfText } from './times';

/** A result as it was read, with what a row shows of its arguments. */
export interface ReadResult extends TaskResult {
  /** `(4821, 'EUR', retry=True)`, cut; null where they were not recorded. */
  readonly call: string | null;
}

/** Characters of arguments in a row. */
const ARGS = 160;

/** Reads what `celery-task-meta-<id>` holds. Never rejects: a broken one has its bytes and its problems. */
export async function readTaskResult(id: string, bytes: Uint8Array): Promise<ReadResult> {
  return resultOf(id, bytes, readAtOnce(bytes) ?? (await readPayload(bytes)));
}

/** The same at once, where the first bytes tell how; else null. */
export function readResultAtOnce(id: string, bytes: Uint8Array): ReadResult | null {
  const payload = readAtOnce(bytes);
  return payload === null ? null : resultOf(id, bytes, payload);
}

/** The part of a result that a row shows. */
export type RowResult = Pick<
  ReadResult,
  'id' | 'status' | 'state' | 'task' | 'queue' | 'worker' | 'dateDone' | 'call' | 'error' | 'problems'
>;

/** What a row shows of a value in JSON, as fast as can be; null where it has to be read as a whole. */
export function readForRow(id: string, bytes: Buffer): RowResult | null {
  const value = quickValue(bytes);
  if (value === null) return null;
  const { status, name, queue, worker, args, kwargs, result, date_done: date } = value;
  if (typeof status !== 'string' || status === '') return null;
  const failure = FAILING.has(status) ? failureOfJson(result) : null;
  const started = status === 'STARTED' ? hostOf(fromJson(result ?? null)) : null;
  return {
    id,
    status,
    state: stateOfStatus(status),
    task: textOr(name) ?? unregistered(failure),
    queue: textOr(queue),
    worker: textOr(worker) ?? started,
    dateDone: typeof date === 'string' ? instantOfText(date) : instantOfNode(fromJson(date ?? null)),
    call: callOf(args ?? null, kwargs ?? null),
    error: failure === null ? null : withPrinted(failure, textOr(value['traceback']), status === 'FAILURE'),
    problems: [],
  };
}

const textOr = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function callOf(args: unknown, kwargs: unknown): string | null {
  if (args === null && kwargs === null) return null;
  return quickCall(args, kwargs, ARGS) ?? callText(fromJson(args), fromJson(kwargs), ARGS);
}

/** Statuses whose `result` is an exception (celery/states.py, EXCEPTION_STATES), and the one that Celery rejects with. */
const FAILING: ReadonlySet<string> = new Set(['FAILURE', 'RETRY', 'REVOKED', 'REJECTED']);

function resultOf(id: string, raw: Uint8Array, payload: Payload): ReadResult {
  const { serializer, problems } = payload;
  const fields = payload.fields;
  const status = fields === null ? null : textIn(fields, 'status');
  if (fields === null || status === null) {
    const missing = { part: 'result', reason: 'The stored result has no status.', offset: null };
    return { ...EMPTY, id, raw, serializer, problems: fields === null ? problems : [...problems, missing] };
  }
  const size = raw.length;
  const traceback = textIn(fields, 'traceback');
  const result = fields.get('result');
  const failure = FAILING.has(status) ? failureOf(result) : null;
  const value = (node: PyNode | undefined) => (node === undefined ? null : renderedLater(node, size));
  const args = fields.get('args');
  const kwargs = fields.get('kwargs');
  const retries = fields.get('retries');
  return {
    id,
    status,
    state: stateOfStatus(status),
    task: textIn(fields, 'name') ?? unregistered(failure),
    queue: textIn(fields, 'queue'),
    worker: textIn(fields, 'worker') ?? (status === 'STARTED' ? hostOf(result) : null),
    retries: typeof retries === 'number' ? retries : null,
    dateDone: instantOfNode(fields.get('date_done')),
    // Null where the task was never known: the worker has no such task, or it is a chord's body that never began.
    args: value(args ?? undefined),
    kwargs: value(kwargs ?? undefined),
    get call() {
      return args == null && kwargs == null ? null : callText(args ?? null, kwargs ?? null, ARGS);
    },
    result: failure === null && status !== 'STARTED' ? value(result) : null,
    error: failure === null ? null : withPrinted(failure, traceback, status === 'FAILURE'),
    traceback,
    // A task that is tried again names itself.
    children: childrenOf(fields.get('children')).filter(child => child !== id),
    groupId: textIn(fields, 'group_id'),
    parentId: textIn(fields, 'parent_id'),
    extended: fields.get('name') !== undefined || args !== undefined,
    serializer,
    raw,
    problems,
  };
}

const EMPTY: ReadResult = {
  call: null,
  id: '',
  status: UNREADABLE,
  state: stateOfStatus(UNREADABLE),
  task: null,
  queue: null,
  worker: null,
  retries: null,
  dateDone: null,
  args: null,
  kwargs: null,
  result: null,
  error: null,
  traceback: null,
  children: [],
  groupId: null,
  parentId: null,
  extended: false,
  serializer: 'unknown',
  raw: new Uint8Array(),
  problems: [],
};

/** The name that no worker had registered is all that such a failure is about (celery/app/registry.py, 4.4 to 5.7). */
function unregistered(failure: Failure | null): string | null {
  if (failure === null || !/^(?:celery\.exceptions\.)?NotRegistered$/.test(failure.type)) return null;
  const name = failure.message.replace(/^'(.*)'$/, '$1');
  return /^[\w.]{1,200}$/.test(name) ? name : null;
}

/** `task_track_started` stores `{"pid", "hostname"}` (celery/app/trace.py). */
function hostOf(result: PyNode | undefined): string | null {
  return result !== undefined && result !== null && isKind(result, 'dict') ? textIn(result, 'hostname') : null;
}

/** Ids that `children` names, at most so many. */
const CHILDREN = 10_000;

/**
 * Ids in the tuples by which Celery writes results: `((id, parent), members or None)`, and the older `(id, None)`
 * (celery/result.py, as_tuple and result_from_tuple). A group stands for its members.
 */
export function childrenOf(node: PyNode | undefined): string[] {
  const ids: string[] = [];
  for (const child of itemsOf(node)) {
    if (ids.length >= CHILDREN) break;
    const [head, members] = itemsOf(child);
    const group = itemsOf(members);
    if (group.length > 0) ids.push(...childrenOf(members));
    else {
      const [id] = typeof head === 'string' ? [head] : itemsOf(head);
      if (typeof id === 'string') ids.push(id);
    }
  }
  return ids;
}

/** Items of a list or tuple; none of anything else. */
export function itemsOf(node: PyNode | undefined): readonly PyNode[] {
  if (node === undefined || node === null) return [];
  return isKind(node, 'list') || isKind(node, 'tuple') ? node.items : [];
}
