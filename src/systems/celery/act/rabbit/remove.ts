import type { ActionDeclaration, Plan, Target } from '../../../../model';
import { Sequence } from '../../../acting/work';
import { RESULT_PLACE } from '../../parts';
import { removeHandler } from '../remove';
import type { Handler } from '../situation';
import { placeOf } from '../things';
import { TAKE_AWAY } from './actions';
import { readyHandler } from './taking';

/** `delete` of messages on RabbitMQ, and of results wherever they are. */
export function removeReadyHandler(declaration: ActionDeclaration): Handler {
  const ofMessages = readyHandler(declaration, () => TAKE_AWAY);
  const ofResults = removeHandler(declaration);
  return {
    declaration,
    needs: [],
    plan: async (request, situation, signal) => {
      const [results, messages] = split(request.targets);
      const plans: Plan[] = [];
      if (results.length > 0) plans.push(await ofResults.plan({ ...request, targets: results }, situation, signal));
      if (messages.length > 0) plans.push(await ofMessages.plan({ ...request, targets: messages }, situation, signal));
      const [one, other] = plans;
      if (one === undefined) return ofMessages.plan(request, situation, signal);
      return { ...(other === undefined ? one : together(one, other)), targets: request.targets };
    },
    work: async (plan, situation, signal) => {
      const [results, messages] = split(plan.targets);
      return new Sequence([
        ...(results.length === 0 ? [] : [await ofResults.work({ ...plan, targets: results }, situation, signal)]),
        ...(messages.length === 0 ? [] : [await ofMessages.work({ ...plan, targets: messages }, situation, signal)]),
      ]);
    },
  };
}

function together(one: Plan, other: Plan): Plan {
  return {
    ...one,
    total: one.total + other.total,
    byQueue: [...one.byQueue, ...other.byQueue],
    sample: [...one.sample, ...other.sample].slice(0, 5),
    leftOut: [...one.leftOut, ...other.leftOut],
    savedBytes: one.savedBytes + other.savedBytes,
    cautions: [...new Set([...one.cautions, ...other.cautions])],
  };
}

function split(targets: readonly Target[]): readonly [results: Target[], messages: Target[]] {
  const results: Target[] = [];
  const messages: Target[] = [];
  for (const target of targets) {
    if (target.kind === 'jobs') {
      const ours = target.refs.filter(ref => placeOf(ref) === RESULT_PLACE);
      const theirs = target.refs.filter(ref => placeOf(ref) !== RESULT_PLACE);
      if (ours.length > 0) results.push({ kind: 'jobs', refs: ours });
      if (theirs.length > 0) messages.push({ kind: 'jobs', refs: theirs });
    } else if (target.kind === 'selector' && target.state !== 'waiting' && target.search === undefined)
      results.push(target);
    else messages.push(target);
  }
  return [results, messages];
}
