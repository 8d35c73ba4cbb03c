import { InspectorError } from '../../model';

/** A task that is no longer where its ref says. */
export function goneOrForeign(what: string, looked?: string): InspectorError {
  const shown = what.length > 200 ? `${what.slice(0, 200).toWellFormed()}…` : what;
  return new InspectorError('gone', {
    message: 'This task is no longer there.',
    tried: `reading the task ${shown}`,
    answer: looked ?? 'it has left its place: a worker has taken it, or it was removed',
    remedy: 'Refresh. A task that a worker has taken is found again by its id, as long as something records it.',
  });
}
