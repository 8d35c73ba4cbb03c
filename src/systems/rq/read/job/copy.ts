import { isKind, type PyNode, reprText } from '../../../../codecs/python';
import type { Call, Serializer } from '../../payload';
import { taskName } from '../../payload';
import { type Fields, numberIn, textIn } from './whole';

/** Longest arguments that a form is filled with. */
const LIMIT = 64 * 1024;

/** Parameters of `enqueue` that make the same call again; null where the call could not be read. */
export function enqueueParametersOf(
  fields: Fields,
  call: Call | null,
  serializer: Serializer | null,
  queue: string | null,
  meta: PyNode,
): Readonly<Record<string, unknown>> | null {
  // A method's instance is no part of what a form can hold.
  if (call === null || call.function === null || call.instance !== null) return null;
  const args = reprText(call.args, { max: LIMIT });
  const kwargs = reprText(call.kwargs, { max: LIMIT });
  if (args.length >= LIMIT || kwargs.length >= LIMIT) return null;
  const parameters: Record<string, unknown> = { task: taskName(call), args, kwargs };
  if (queue !== null) parameters['queue'] = queue;
  for (const name of ['timeout', 'ttl', 'result_ttl', 'failure_ttl']) {
    const seconds = numberIn(fields, name);
    if (seconds !== null) parameters[name] = String(seconds);
  }
  const retries = numberIn(fields, 'retries_left');
  if (retries !== null && retries > 0) parameters['retries'] = retries;
  const intervals = textIn(fields, 'retry_intervals')?.match(/\d+/g);
  if (intervals && intervals.length > 0) parameters['retry_intervals'] = intervals.map(Number);
  if (textIn(fields, 'enqueue_at_front') === '1') parameters['at_front'] = true;
  const description = textIn(fields, 'description');
  if (description !== null && !description.startsWith(`${call.function}(`)) parameters['description'] = description;
  if (isKind(meta, 'dict') && meta.size > 0) {
    const text = reprText(meta, { max: LIMIT });
    if (text.length < LIMIT) parameters['meta'] = text;
  }
  if (serializer?.kind === 'json') parameters['serializer'] = 'json';
  return parameters;
}
