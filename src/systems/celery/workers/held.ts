/** Tasks that a worker says it holds (`active`, `reserved`, `scheduled`; celery/worker/control.py, request.py `info`). */
import { type PyNode, PyTuple } from '../../../codecs/python';
import type { RenderedValue } from '../../../model';
import { rendered } from '../../reading/values';
import type { AnsweredCommand, HeldTask } from '../types';
import { fieldIn, instantOfSeconds, instantOfText, itemsOf, member, numberIn, plainOf, textIn } from './plain';

/** Tasks of one answer that are kept. */
export const MAX_HELD = 20_000;

export type Held = HeldTask['how'];

/** Tasks in an answer to `active`, `reserved` or `scheduled`. */
export function heldOf(answer: AnsweredCommand, how: Held): readonly HeldTask[] {
  if (answer.tree === null) return [];
  return itemsOf(answer.tree)
    .slice(0, MAX_HELD)
    .flatMap(item => {
      const request = how === 'scheduled' ? member(item, 'request') : item;
      return taskOf(request, how, answer.worker, member(item, 'eta')) ?? [];
    });
}

function taskOf(request: PyNode, how: Held, worker: string, eta: PyNode): HeldTask | null {
  const id = textIn(member(request, 'id'));
  if (id === null) return null;
  const delivery = plainOf(member(request, 'delivery_info'));
  const started = instantOfSeconds(plainOf(member(request, 'time_start')));
  return {
    id,
    // Until 5.0 `name` could be missing beside `type`.
    task: textIn(member(request, 'name')) ?? textIn(member(request, 'type')),
    worker,
    how,
    eta: instantOfText(plainOf(eta)),
    startedAt: started === null ? null : Date.parse(started),
    workerPid: numberIn(plainOf(member(request, 'worker_pid'))),
    queue: textIn(fieldIn(delivery, 'routing_key')),
    get args() {
      return shownValue(member(request, 'args'), true);
    },
    get kwargs() {
      return shownValue(member(request, 'kwargs'), false);
    },
  };
}

/** A text is a repr already: workers before 4.2 and those asked with `safe` send one. */
function shownValue(node: PyNode, positional: boolean): RenderedValue | null {
  if (node === null) return null;
  if (typeof node === 'string') return { text: node, json: node };
  return rendered(positional ? new PyTuple([...itemsOf(node)]) : node, 0);
}
