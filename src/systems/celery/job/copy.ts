import { isKind, type PyNode, PyTuple, parseArguments, parseKeywordArguments, reprText } from '../../../codecs/python';
import { PRIORITY_STEPS } from '../keys';
import type { Known } from './index';

/** Longest arguments that a form is filled with. */
const LIMIT = 64 * 1024;

/**
 * Parameters of `enqueue` that make the same call again, as far as it is known: from the message, the extended result,
 * what a worker holds, or, to be looked over by a person, what events said. null where not even the task is known.
 */
export function enqueueParametersOf(known: Known): Readonly<Record<string, unknown>> | null {
  const { row, message, result, held, seen } = known;
  const task = row.task ?? seen?.task ?? null;
  if (task === null) return null;
  const call = message?.call;
  const args =
    (call == null ? whole(result?.args ?? held?.args) : argumentsText(call.args)) ?? told(seen?.args, parseArguments);
  const kwargs =
    (call == null ? whole(result?.kwargs ?? held?.kwargs) : textOf(call.kwargs)) ??
    told(seen?.kwargs, parseKeywordArguments);
  const parameters: Record<string, unknown> = { task };
  if (args !== null) parameters['args'] = args;
  if (kwargs !== null) parameters['kwargs'] = kwargs;
  const queue = row.queue ?? seen?.queue ?? null;
  if (queue !== null) parameters['queue'] = queue;
  const now = new Date().toISOString();
  const eta = message?.eta ?? null;
  if (eta !== null && eta > now) parameters['at'] = eta;
  const expires = message?.expires ?? null;
  if (expires !== null && expires > now) parameters['expires'] = expires;
  const priority = message?.priority ?? null;
  if (priority !== null && priority > PRIORITY_STEPS[0]) parameters['priority'] = priority;
  const [hard, soft] = message?.timeLimit ?? [null, null];
  if (hard !== null) parameters['time_limit'] = hard;
  if (soft !== null) parameters['soft_time_limit'] = soft;
  const serializer = message?.serializer ?? result?.serializer;
  if (serializer === 'json' || serializer === 'pickle') parameters['serializer'] = serializer;
  return parameters;
}

/** JSON makes a list of the arguments; in a call they are a tuple. */
function argumentsText(node: PyNode): string | null {
  return textOf(isKind(node, 'list') ? new PyTuple([...node.items]) : node);
}

function textOf(node: PyNode): string | null {
  const text = reprText(node, { max: LIMIT });
  return text.length >= LIMIT ? null : text;
}

/** A value as it was rendered, where nothing of it was cut. */
function whole(value: { readonly text: string; readonly cut?: unknown } | null | undefined): string | null {
  return value == null || value.cut !== undefined || value.text.length >= LIMIT ? null : value.text;
}

/**
 * The repr that an event carried, where it reads as a whole literal: Celery cuts long ones, with three dots
 * (celery/utils/saferepr.py).
 */
function told(text: string | null | undefined, parse: (text: string) => unknown): string | null {
  if (text == null || text.includes('...') || text.includes('…')) return null;
  try {
    parse(text);
    return text;
  } catch {
    return null;
  }
}
