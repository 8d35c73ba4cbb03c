import type { Instant, JobRow, Ref } from '../../../model';
import { makeRef } from '../../../model';
import { RESULT_PLACE } from '../parts';
import type { Failure } from './errors';
import type { RowResult } from './read';

/** Characters of an error's message in a row. */
const MESSAGE = 300;

/** Ref of the result of a task. */
export function resultRef(installation: string, id: string): Ref {
  if (!SAFE.test(id)) return makeRef({ system: 'celery', installation, place: RESULT_PLACE, locator: id });
  // Of thousands of rows all stands before their ids is the same.
  if (last.installation !== installation) {
    const sample = makeRef({ system: 'celery', installation, place: RESULT_PLACE, locator: '-' });
    last = { installation, head: sample.slice(0, -1) };
  }
  return last.head + id;
}

/** What stands in a ref as it is. */
const SAFE = /^[\w.-]+$/;
let last: { readonly installation: string | null; readonly head: string } = { installation: null, head: '' };

/** One line of a list. */
export function rowOf(installation: string, result: RowResult, expiresAt: Instant): JobRow {
  const ended = result.state === 'finished' || result.state === 'failed' || result.state === 'canceled';
  return {
    ref: resultRef(installation, result.id),
    id: result.id,
    queue: result.queue,
    task: result.task,
    state: result.state,
    nativeState: result.status,
    args: result.call === null ? null : { text: result.call },
    error: result.error === null ? null : shortFailure(result.error),
    worker: result.worker,
    problems: result.problems,
    createdAt: null,
    enqueuedAt: null,
    startedAt: null,
    endedAt: ended ? result.dateDone : null,
    dueAt: null,
    expiresAt,
  };
}

function shortFailure({ type, message }: Failure): Failure {
  const line = message.split('\n', 1)[0] ?? '';
  return { type, message: line.length > MESSAGE ? `${line.slice(0, MESSAGE - 1).toWellFormed()}…` : ownText(line) };
}

/** A text of its own: a slice of a traceback would keep the whole of it in memory for as long as the row. */
function ownText(text: string): string {
  return LATIN1.test(text) ? Buffer.from(text, 'latin1').toString('latin1') : text;
}

const LATIN1 = /^[\0-\xff]*$/;
