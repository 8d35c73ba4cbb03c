import { InspectorError, type Problem } from '../../../../model';
import { placeKey, placeText } from '../../keys';
import type { Located } from '../../places';
import type { Standing } from '../rows';
import type { Whole } from './whole';

/** What keeps a job's hash or results from being read; nothing for a sound one. */
export function hashProblems(whole: Whole): Problem[] {
  const problems: Problem[] = [];
  if (whole.failure !== null) {
    problems.push({ part: 'hash', reason: `The job could not be read: ${whole.failure}.`, offset: null });
  } else if (whole.fields.size === 0) {
    problems.push({
      part: 'hash',
      reason: 'Only its id is left: the job itself has expired or was deleted.',
      offset: null,
    });
  }
  if (whole.fieldCount > whole.fields.size && whole.failure === null && whole.fields.size > 0) {
    problems.push({
      part: 'hash',
      reason: `It has ${whole.fieldCount} fields; only those that RQ knows were read.`,
      offset: null,
    });
  }
  if (whole.resultsFailure !== null) {
    problems.push({ part: 'results', reason: `The results could not be read: ${whole.resultsFailure}.`, offset: null });
  }
  return problems;
}

/** Why a job stands in no list or registry, as far as its status tells. */
export function nowhere(word: string): Problem {
  const reason =
    word === 'created'
      ? 'It is in no queue: it was saved and never enqueued.'
      : word === 'queued'
        ? 'It is in no queue: a worker has taken it just now, or it was lost on the way.'
        : `It is ${word}, yet stands in no list or registry.`;
  return { part: 'place', reason, offset: null };
}

/** An id in several places: a change of several steps was interrupted, or it was enqueued twice. */
export function several(standings: readonly Standing[]): Problem {
  const names = standings.map(({ place }) => String(placeKey(place) ?? '')).join(', ');
  return { part: 'place', reason: `Its id stands in ${standings.length} places: ${names}.`, offset: null };
}

/** Neither the job nor its id is left. */
export function goneError(id: string, { place }: Located): InspectorError {
  return new InspectorError('gone', {
    message: `Job ${id.slice(0, 200)} is no longer on the broker.`,
    tried: `reading rq:job:${id.slice(0, 200)}, last seen in ${placeText(place)}`,
    answer: 'there is no such key, and no list or registry of its queue holds the id',
    remedy: 'It has finished and expired, or was deleted. Refresh the list.',
  });
}
