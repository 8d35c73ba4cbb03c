/** What the index keeps of a result, read as fast as can be: of 100,000 results there are 100,000 of these. */

import { textIn } from '../message/values';
import type { TaskResult } from '../types';
import { type Payload, readAtOnce, readPayload } from './payload';
import { UNREADABLE } from './status';
import { instantOfNode, millisecondsOf } from './times';
import type { Value } from './values';

export interface Brief {
  readonly status: string;
  /** Milliseconds since the epoch; NaN where none is recorded. */
  readonly date: number;
  readonly task: string | null;
  readonly queue: string | null;
}

/** The brief of what was read anyway. */
export function briefOf({
  status,
  dateDone,
  task,
  queue,
}: Pick<TaskResult, 'status' | 'dateDone' | 'task' | 'queue'>): Brief {
  return { status, date: dateDone === null ? Number.NaN : millisecondsOf(dateDone), task, queue };
}

const BROKEN: Brief = { status: UNREADABLE, date: Number.NaN, task: null, queue: null };

/** The brief of a value; null where reading it takes unpacking, or guessing: then `readBrief` does it. */
export function briefAtOnce({ bytes, cut }: Value): Brief | null {
  if (cut !== null) return briefOfEnds(bytes, cut.ending);
  if (bytes[0] === 0x7b) {
    try {
      return briefOfJson(JSON.parse(bytes.toString('utf8')));
    } catch {
      // NaN and other words that only Python's JSON has; what is no JSON at all is found to be so below.
    }
  }
  const payload = readAtOnce(bytes);
  return payload === null ? null : briefOfPayload(payload);
}

/** The brief of any value. Never rejects. */
export async function readBrief(value: Value): Promise<Brief> {
  return briefAtOnce(value) ?? briefOfPayload(await readPayload(value.bytes));
}

function briefOfJson(value: unknown): Brief {
  if (typeof value !== 'object' || value === null) return BROKEN;
  const fields = value as Partial<Record<string, unknown>>;
  const { status, date_done: date, name, queue } = fields;
  if (typeof status !== 'string' || status === '') return BROKEN;
  return { status, date: dateOf(date), task: textOf(name), queue: textOf(queue) };
}

/** Since 5.3 kombu may write a datetime as `{"__type__": "datetime", "__value__": …}`. */
function dateOf(date: unknown): number {
  if (typeof date === 'string') return millisecondsOf(date);
  const tagged =
    typeof date === 'object' && date !== null ? (date as Partial<Record<string, unknown>>)['__value__'] : null;
  return typeof tagged === 'string' ? millisecondsOf(tagged) : Number.NaN;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function briefOfPayload({ fields }: Payload): Brief {
  if (fields === null) return BROKEN;
  const status = fields.get('status');
  if (typeof status !== 'string' || status === '') return BROKEN;
  const date = instantOfNode(fields.get('date_done'));
  return {
    status,
    date: date === null ? Number.NaN : millisecondsOf(date),
    task: textIn(fields, 'name'),
    queue: textIn(fields, 'queue'),
  };
}

/**
 * Of a value that is too long to be read, Celery's own fields stand around the result: the status in front of it, the
 * date behind it, in every serializer (celery/backends/base.py, _get_result_meta).
 */
export function briefOfEnds(beginning: Buffer, ending: Buffer): Brief {
  const head = beginning.toString('latin1');
  const tail = ending.toString('latin1');
  const status = STATUS.exec(head)?.[1] ?? STATUS.exec(tail)?.[1];
  const date = [...tail.matchAll(DATE)].at(-1)?.[1];
  if (status === undefined) return BROKEN;
  return {
    status,
    date: date === undefined ? Number.NaN : millisecondsOf(date),
    task: [...tail.matchAll(NAME)].at(-1)?.[1] ?? null,
    queue: [...tail.matchAll(QUEUE)].at(-1)?.[1] ?? null,
  };
}

const STATUS = /status[^A-Za-z0-9]{1,8}([A-Z][A-Z_]{2,99})/;
const DATE = /date_done[^A-Za-z0-9]{1,8}(\d{4}-\d\d-\d\d[T ][\d:.]{8,16}(?:[+-]\d\d:\d\d|Z)?)/g;
const NAME = /[^\w]name[^A-Za-z0-9_]{1,8}([A-Za-z_][\w.]{0,300})/g;
const QUEUE = /[^\w]queue[^A-Za-z0-9_]{1,8}([\w.:-]{1,300})/g;
