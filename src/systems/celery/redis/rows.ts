import type { JobRow } from '../../../model';
import type { Message } from '../message/message';
import { readEnvelope, readEnvelopeTail } from '../message/read';
import { type ListPlace, waitingRef } from './places';
import { hashOf } from './shown';

/** Problems of a row. */
const PROBLEMS = 5;

/** A message of a list as it was read: whole, or its end only where it is long. */
export interface Element {
  readonly list: ListPlace;
  /** Counted from the end at which workers take: 0 runs next. */
  readonly rank: number;
  readonly hash: string;
  /** Exact bytes; null where only the end was read. */
  readonly bytes: Buffer | null;
  readonly length: number;
  readonly message: Message;
  /** Which of elements with the same bytes, as far as they were seen: 1 is the next to run. */
  readonly nth: number;
}

/**
 * An element of a list that was read whole. @param nth which of equal elements it is, from the end that workers
 * take
 */
export function wholeElement(list: ListPlace, rank: number, bytes: Buffer, nth = 1): Element {
  return { list, rank, hash: hashOf(bytes), bytes, length: bytes.length, message: readEnvelope(bytes), nth };
}

/** An element too long to be read whole: its length, its hash and its end. */
export function cutElement(list: ListPlace, rank: number, length: number, hash: string, tail: Buffer): Element {
  return { list, rank, hash, bytes: null, length, message: readEnvelopeTail(tail, length), nth: 1 };
}

export const refOfElement = (installation: string, { list, hash, nth, message }: Element) =>
  waitingRef(installation, list, hash, nth, message.id);

/** Parts of a row that every kind of message has. */
export function rowParts(message: Message) {
  const { callText, id, task, eta, expires } = message;
  return {
    id,
    task,
    args: callText === null ? null : { text: callText },
    error: null,
    createdAt: null,
    // Celery sends none; producers of one's own may.
    enqueuedAt: message.sentAt,
    startedAt: null,
    endedAt: null,
    dueAt: eta,
    expiresAt: expires,
    problems: message.problems.slice(0, PROBLEMS),
  };
}

export const WAITING_WORD = 'PENDING';

/** One line of the list of what waits. */
export function waitingRow(installation: string, element: Element): JobRow {
  return {
    ref: refOfElement(installation, element),
    queue: element.list.queue,
    state: 'waiting',
    nativeState: WAITING_WORD,
    worker: null,
    ...rowParts(element.message),
  };
}
