import type { ActionDeclaration, ActionRequest, ItemOutcome, Plan, Ref } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { textOfParameter } from '../../acting/parameters';
import { badValue } from '../../acting/values';
import { type Did, outcome, type Work } from '../../acting/work';
import { answersTo, okIn, refusalIn } from './control';
import { add } from './plan';
import { type Handler, liveWorkers, type Situation, TELL_NEEDS } from './situation';
import { sourcesOf, thingsOf } from './things';

/** A task by its id. */
interface Known {
  readonly id: string;
  /** null where its id is all that was given. */
  readonly ref: Ref | null;
  readonly queue: string | null;
  readonly where: 'list' | 'worker' | 'result';
}

const NO_ID = 'it has no id that a worker could know it by';
const NOBODY = 'no worker answered: nobody remembers it, and it runs when a worker takes it';
const PART = 200;

async function knownOf(
  { targets, parameters }: Pick<ActionRequest, 'targets' | 'parameters'>,
  { context }: Situation,
  signal: AbortSignal,
): Promise<{ readonly known: readonly Known[]; readonly gone: readonly ItemOutcome[] }> {
  if (targets.some(({ kind }) => kind === 'installation'))
    return { known: named(parameters).map(id => ({ id, ref: null, queue: null, where: 'list' as const })), gone: [] };
  const known: Known[] = [];
  const gone: ItemOutcome[] = [];
  for (const source of await sourcesOf(context, targets, signal)) {
    if (context.redis === null && source.refs !== undefined) {
      // Messages of RabbitMQ are known as they were looked at.
      const rows = await context.rows(source.refs, signal);
      for (const { id, ref, queue } of rows)
        if (id === null) gone.push(outcome({ id, ref }, 'refused', NO_ID));
        else known.push({ id, ref, queue, where: 'list' });
      continue;
    }
    for await (const part of thingsOf(context, source, signal)) {
      for (const found of part) {
        const { ref, id } = found;
        if (id === null) gone.push(outcome({ ref, id }, found.kind === 'gone' ? 'gone' : 'refused', NO_ID));
        else if (found.kind === 'element')
          known.push({ id, ref, queue: found.element.queue, where: found.element.kind === 'list' ? 'list' : 'worker' });
        // What was there a moment ago may have been taken by a worker: revoking goes by the id.
        else known.push({ id, ref, queue: null, where: found.kind === 'held' ? 'worker' : 'result' });
      }
    }
  }
  return { known, gone };
}

/** Ids as a person typed them: a message that nobody may look at (RabbitMQ) can be revoked all the same. */
function named(parameters: Plan['parameters']): string[] {
  const ids = (textOfParameter('id', parameters['id']) ?? '').split(/[\s,]+/).filter(id => id !== '');
  if (ids.length === 0) throw badValue('id', 'the id of a task is missing');
  return [...new Set(ids)];
}

/** `revoke`: every worker remembers the ids and drops their messages when it meets them. */
export function revokeHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: TELL_NEEDS,
    plan: async (request, situation, signal) => {
      const { known, gone } = await knownOf(request, situation, signal);
      return planOf(declaration, request, known, gone, cautionsOf(known, situation));
    },
    work: async (plan, situation, signal) => {
      const { known, gone } = await knownOf(plan, situation, signal);
      return inParts(known, gone, async (part, during) => {
        const ids = part.map(({ id }) => id);
        const command = { method: 'revoke', arguments: { task_id: ids, terminate: false, signal: 'SIGTERM' } };
        const { replies, lost } = await answersTo(command, null, situation, during);
        const refusals = replies.map(({ value }) => refusalIn(value)).filter(each => each !== null);
        const heard = replies.length > refusals.length;
        return part.map(({ id, ref }) => {
          if (heard) return outcome({ id, ref }, 'done', null);
          if (refusals.length > 0) return outcome({ id, ref }, 'refused', refusals[0] ?? null);
          return outcome({ id, ref }, lost ? 'unknown' : 'failed', lost ? LOST : NOBODY);
        });
      });
    },
  };
}

const LOST = 'the connection broke while workers were told: they may have heard it';

/** What revoking can and cannot do (celery/worker/state.py and control.py, 4.4 to 5.7). */
function cautionsOf(known: readonly Known[], situation: Situation): string[] {
  const cautions: string[] = [];
  if (known.length === 0) return cautions;
  cautions.push(
    'Workers keep revoked ids in memory: for three hours, and until they restart unless they were started with --statedb.',
  );
  if (known.some(({ where }) => where === 'list'))
    cautions.push(
      'A message stays in its queue until a worker takes and drops it. “Cancel” takes it off the queue itself.',
    );
  if (known.some(({ where }) => where === 'worker'))
    cautions.push('A worker that holds one until its ETA drops it only then. One that has begun runs to its end.');
  if (liveWorkers(situation).length === 0) cautions.push('No worker is known to live: nobody may hear it.');
  return cautions;
}

/** `stop`: the worker that runs it ends its process. */
export function terminateHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: TELL_NEEDS,
    plan: async (request, situation, signal) => {
      signalOf(request.parameters);
      const { known, gone } = await knownOf(request, situation, signal);
      return planOf(declaration, request, known, gone, []);
    },
    work: async (plan, situation, signal) => {
      const { known, gone } = await knownOf(plan, situation, signal);
      const killed = signalOf(plan.parameters);
      // One by one: the answer does not tell which of several were found.
      return inParts(known, gone, (part, during) => terminating(part, killed, situation, during), 1);
    },
  };
}

async function terminating(
  part: readonly Known[],
  killed: string,
  situation: Situation,
  signal: AbortSignal,
): Promise<ItemOutcome[]> {
  const outcomes: ItemOutcome[] = [];
  for (const { id, ref } of part) {
    const command = { method: 'revoke', arguments: { task_id: [id], terminate: true, signal: killed } };
    const { replies, lost } = await answersTo(command, null, situation, signal);
    const done = replies.some(({ value }) => refusalIn(value) === null && hasTerminated(okIn(value), id));
    const refusal = replies.map(({ value }) => refusalIn(value)).find(each => each !== null) ?? null;
    if (done) outcomes.push(outcome({ id, ref }, 'done', null));
    else if (refusal !== null) outcomes.push(outcome({ id, ref }, 'refused', `a worker says: ${refusal}`));
    else if (replies.length > 0) outcomes.push(outcome({ id, ref }, 'gone', NOT_RUNNING));
    else outcomes.push(outcome({ id, ref }, 'unknown', lost ? LOST : SILENT));
  }
  return outcomes;
}

const NOT_RUNNING = 'no worker that answered runs or holds it (any more); its id is revoked now';
const SILENT = 'no worker answered; one of the pool solo hears it only after the task';

/** `terminate: ['id']` or `tasks unknown` (celery/worker/control.py, _revoke). */
function hasTerminated(ok: unknown, id: string): boolean {
  return typeof ok === 'string' && /terminat/.test(ok) && ok.includes(id);
}

const SIGNALS = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGUSR1'];

function signalOf(parameters: Plan['parameters']): string {
  const wanted = textOfParameter('signal', parameters['signal']) ?? 'SIGTERM';
  if (!SIGNALS.includes(wanted)) throw badValue('signal', `it must be one of ${SIGNALS.join(', ')}`);
  return wanted;
}

function planOf(
  declaration: ActionDeclaration,
  request: ActionRequest,
  known: readonly Known[],
  gone: readonly ItemOutcome[],
  cautions: readonly string[],
): Plan {
  const queues = new Map<string, number>();
  for (const { queue } of known) if (queue !== null) add(queues, queue, 1);
  return simplePlan(request, declaration, {
    total: known.length,
    byQueue: [...queues].map(([queue, count]) => ({ queue, count, note: null })),
    leftOut: gone.length === 0 ? [] : [{ reason: NO_ID, count: gone.length }],
    cautions,
  });
}

function inParts(
  known: readonly Known[],
  gone: readonly ItemOutcome[],
  run: (part: readonly Known[], signal: AbortSignal) => Promise<ItemOutcome[]>,
  most = PART,
): Work<never> {
  const waiting = [...known];
  let decided = [...gone];
  return {
    total: known.length + gone.length,
    next: async () => {
      const part = waiting.splice(0, most);
      if (part.length === 0 && decided.length === 0) return null;
      const outcomes = decided;
      decided = [];
      return {
        subjects: part.map(({ id }) => id),
        refs: part.map(({ ref }) => ref),
        undo: [],
        outcomes,
        weight: 0,
        run: async (_record: string, signal: AbortSignal): Promise<Did<never>> => ({
          outcomes: part.length === 0 ? [] : await run(part, signal),
          undo: [],
        }),
      };
    },
  };
}
