import { briefOfEnds } from './brief';
import type { ReadResult } from './read';
import { stateOfStatus } from './status';
import { instantOfText } from './times';

/** A result that is too long to be read whole: what stands around it is shown, and that the rest was not read. */
export function longResult(
  id: string,
  beginning: Buffer,
  cut: { readonly ending: Buffer; readonly length: number },
): ReadResult {
  const { status, date, task, queue } = briefOfEnds(beginning, cut.ending);
  const [first, second = 0xff] = beginning;
  return {
    id,
    status,
    state: stateOfStatus(status),
    task,
    queue,
    worker: null,
    retries: null,
    dateDone: Number.isNaN(date) ? null : instantOfText(new Date(date).toISOString()),
    args: null,
    kwargs: null,
    call: null,
    result: null,
    error: null,
    traceback: null,
    children: [],
    groupId: null,
    parentId: null,
    extended: task !== null,
    serializer: first === 0x7b ? 'json' : first === 0x80 && second <= 5 ? 'pickle' : 'unknown',
    raw: beginning,
    problems: [
      {
        part: 'result',
        reason: `The stored result has ${sizeText(cut.length)}: only its beginning and its end were read.`,
        offset: null,
      },
    ],
  };
}

const sizeText = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
