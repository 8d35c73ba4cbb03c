import type { ActionDeclaration, Ref } from '../../../model';
import { Sequence, type Work } from '../../acting/work';
import { RESULT_PLACE } from '../parts';
import { planTasks, type Verdict } from './plan';
import { CHANGE_NEEDS } from './redis/change';
import { DELETE, listWork } from './redis/waiting';
import { forgetting } from './results';
import type { Handler, Situation } from './situation';
import { placeOf, type Source, sourcesOf, storeOf, type Thing } from './things';

const HELD = 'a worker holds it: revoke it, or give it back first';

/** `delete` of waiting messages and of results: exact copies first, then gone. */
export function removeHandler(
  declaration: ActionDeclaration,
  /** How messages are taken off their queues; chosen ones only where not all of them are listed. */
  messages: (situation: Situation, source: Source, total: number, signal: AbortSignal) => Work<never> = (...given) =>
    listWork(given[0], given[1], given[2], DELETE, given[3]),
): Handler {
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: (request, situation, signal) => planTasks(declaration, request, situation, signal, { verdict: verdictOn }),
    work: async (plan, situation, signal) => {
      const works: Work<never>[] = [];
      const sources = await sourcesOf(situation.context, plan.targets, signal);
      for (const source of sources) {
        const [ofResults, ofMessages] = split(source);
        const total = Math.ceil(plan.total / sources.length);
        if (ofMessages !== null) works.push(messages(situation, ofMessages, ofMessages.refs?.length ?? total, signal));
        const store = ofResults === null ? null : await storeOf(situation.context, signal);
        if (ofResults !== null && store !== null)
          works.push(forgetting(situation, ofResults, ofResults.refs?.length ?? total, store, signal));
      }
      return new Sequence(works);
    },
  };
}

function verdictOn(thing: Thing): Verdict {
  if (thing.kind === 'result') return { queue: thing.result.queue, saved: thing.result.raw.length };
  if (thing.kind === 'held' || thing.element.kind === 'unacked') return { leave: HELD };
  return { queue: thing.element.queue, saved: thing.element.bytes.length };
}

/** Results and messages are deleted in different ways. */
function split(source: Source): readonly [results: Source | null, messages: Source | null] {
  if (source.refs === undefined)
    return source.state === 'waiting' || source.state === 'taken' ? [null, source] : [source, null];
  const isResult = (ref: Ref) => placeOf(ref) === RESULT_PLACE;
  const some = (refs: readonly Ref[]): Source | null => (refs.length === 0 ? null : { refs });
  return [some(source.refs.filter(isResult)), some(source.refs.filter(ref => !isResult(ref)))];
}
