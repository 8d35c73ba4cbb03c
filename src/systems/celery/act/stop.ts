import type { ActionDeclaration, ItemOutcome, Plan } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { Batches, outcome } from '../../acting/work';
import { answersTo } from './control';
import { isLost } from './held';
import { type Handler, type Situation, TELL_NEEDS } from './situation';

const DEAF = 'it does not answer: it is gone, or busy with a task in the pool solo';

const namesOf = ({ targets }: Pick<Plan, 'targets'>): string[] =>
  targets.flatMap(target => (target.kind === 'worker' ? [target.name] : []));

/**
 * `stop-worker`: the command `shutdown`, a warm shutdown (celery/worker/control.py). It is never answered, so that the
 * worker is asked beforehand whether it listens.
 */
export function stopHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: TELL_NEEDS,
    plan: async (request, situation) => {
      const names = namesOf(request);
      const dead = situation.context.workers
        .summaries(Date.now())
        .filter(({ name, alive }) => alive === false && names.includes(name))
        .map(({ name, aliveReason }) => `${name} may be gone: ${aliveReason ?? 'it was not heard of lately'}.`);
      return simplePlan(request, declaration, { total: names.length, cautions: dead });
    },
    work: async (plan, situation) => {
      const names = namesOf(plan);
      return new Batches<never>(
        names.length,
        names.map(name => async () => ({
          subjects: [name],
          undo: [],
          outcomes: [],
          weight: 0,
          run: async (_record: string, signal: AbortSignal) => ({
            outcomes: [await stopping(name, situation, signal)],
            undo: [],
          }),
        })),
      );
    },
  };
}

async function stopping(name: string, situation: Situation, signal: AbortSignal): Promise<ItemOutcome> {
  const about = { id: name, ref: null };
  const { replies, lost } = await answersTo({ method: 'ping', arguments: {} }, [name], situation, signal);
  if (replies.length === 0)
    return outcome(about, 'refused', lost ? 'the connection broke before it was told; nothing was changed' : DEAF);
  const command = { method: 'shutdown', arguments: {}, destination: [name], timeoutMs: 0, expected: null };
  try {
    const heard = await situation.context.transport.mailbox.tell(command, signal);
    return heard === 0 ? outcome(about, 'refused', DEAF) : outcome(about, 'done', null);
  } catch (error) {
    if (!isLost(error)) throw error;
    const after = await answersTo({ method: 'ping', arguments: {} }, [name], situation, signal);
    return after.replies.length === 0
      ? outcome(about, 'done', null)
      : outcome(about, 'unknown', 'the connection broke while it was told; it still answers');
  }
}
