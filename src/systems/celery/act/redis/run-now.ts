import { randomUUID } from 'node:crypto';
import type { ActionDeclaration, ItemOutcome } from '../../../../model';
import { Batches, type Did, outcome, Sequence, type Work } from '../../../acting/work';
import { editEnvelope } from '../../message/build-edit';
import { UnwritableValue } from '../../message/build-values';
import { answersTo, refusalIn } from '../control';
import { envelopeIn } from '../copy';
import { whoHolds } from '../held';
import { planTasks, type Verdict } from '../plan';
import { type Handler, type Situation, unserved } from '../situation';
import { resolve, sourcesOf, type Thing } from '../things';
import { takingBack } from '../undo';
import { CHANGE_NEEDS, type Change } from './change';
import { listFor, redisOf } from './places';
import { runChanges } from './run';
import { listWork, NO_ETA, RUN_NOW, whyLeft } from './waiting';

const NEW_ID =
  'A worker holds some of them until their ETA, and nothing takes a task away from a worker: a copy under a new id runs now, and the worker is told to drop the old one.';
const NOT_HELD =
  'no worker that answered holds it: if its worker is dead, give it back instead, and run it now when it waits';
const RUNS = 'it runs already';

/** `run-now` of tasks with an ETA, in a list or held by a worker. */
export function runNowHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: [...CHANGE_NEEDS, 'PUBLISH'],
    plan: (request, situation, signal) =>
      planTasks(declaration, request, situation, signal, {
        verdict: verdictOn,
        cautions: (taken, queues) => [
          ...(taken.some(thing => thing.kind === 'element' && thing.element.kind === 'unacked') ? [NEW_ID] : []),
          ...[...queues].flatMap(([queue, count]) => unserved(queue, count, situation) ?? []),
        ],
      }),
    work: async (plan, situation, signal) => {
      const works: Work<never>[] = [];
      for (const source of await sourcesOf(situation.context, plan.targets, signal)) {
        if (source.refs === undefined) continue;
        const found = await resolve(situation.context, source.refs, signal);
        const held = found.filter(each => each.kind === 'element' && each.element.kind === 'unacked');
        const rest = found.filter(each => !held.includes(each)).map(({ ref }) => ref);
        if (rest.length > 0) works.push(listWork(situation, { refs: rest }, rest.length, RUN_NOW, signal));
        works.push(
          new Batches<never>(
            held.length,
            held.map(each => () => batchOf(each as Thing, situation, signal)),
          ),
        );
      }
      return new Sequence(works);
    },
  };
}

function verdictOn(thing: Thing): Verdict {
  if (thing.kind === 'element' && thing.element.kind === 'unacked') {
    if (thing.element.message.eta === null) return { leave: 'it has no ETA: its worker runs it next' };
    if (thing.id === null) return { leave: 'it has no id that its worker could know it by' };
    if (thing.element.queue === null) return { leave: 'it cannot be told from which queue it came' };
    return { queue: thing.element.queue, saved: 0 };
  }
  const against = whyLeft(thing, RUN_NOW);
  if (thing.kind !== 'element' || against !== null) return { leave: against ?? NO_ETA };
  return { queue: thing.element.queue, saved: thing.element.bytes.length };
}

/** A copy that runs now, then the order to drop the original: lost in between, it runs twice, and is never lost. */
async function batchOf(thing: Thing, situation: Situation, signal: AbortSignal) {
  const { context } = situation;
  const { redis, broker } = redisOf(context);
  const about = { id: thing.id, ref: thing.ref };
  const decided = (what: 'refused' | 'gone', reason: string) => ({
    subjects: [],
    undo: [],
    outcomes: [outcome(about, what, reason)],
    weight: 0,
    run: async (): Promise<Did<never>> => ({ outcomes: [], undo: [] }),
  });
  const verdict = verdictOn(thing);
  if ('leave' in verdict || thing.kind !== 'element' || thing.id === null || verdict.queue === null)
    return decided('refused', 'leave' in verdict ? verdict.leave : NOT_HELD);
  const { element } = thing;
  const old = thing.id;
  const holder = (await whoHolds([old], situation, signal)).holders.get(old);
  if (holder === undefined) return decided('refused', NOT_HELD);
  if (holder.how === 'active') return decided('gone', RUNS);
  const id = randomUUID();
  const edits = { id, eta: null, tag: randomUUID() };
  let bytes: Buffer;
  try {
    bytes = await editEnvelope(envelopeIn(element), element.message, edits, false);
  } catch (error) {
    if (error instanceof UnwritableValue) return decided('refused', error.message);
    throw error;
  }
  const key = listFor(redis, verdict.queue, element.message.priority);
  const change: Change = { takes: [], puts: [{ command: 'RPUSH', key, args: [bytes] }] };
  return {
    subjects: [id],
    undo: [takingBack(id, key, bytes)],
    outcomes: [],
    weight: 0,
    run: async (record: string, during: AbortSignal): Promise<Did<never>> => {
      const item = { subject: id, ref: thing.ref, change, undo: [], bytes: bytes.length };
      const did = await runChanges(broker, 'celery run now', [item], record, during);
      const [made] = did.outcomes;
      if (made?.outcome !== 'done') return did;
      return { outcomes: [await dropping(old, made, holder.worker, situation, during)], undo: [] };
    },
  };
}

async function dropping(
  old: string,
  made: ItemOutcome,
  worker: string,
  situation: Situation,
  signal: AbortSignal,
): Promise<ItemOutcome> {
  const command = { method: 'revoke', arguments: { task_id: [old], terminate: false, signal: 'SIGTERM' } };
  const { replies } = await answersTo(command, null, situation, signal);
  const own = replies.find(reply => reply.worker === worker);
  if (own !== undefined && refusalIn(own.value) === null)
    return { ...made, reason: `it runs as ${made.id}; ${worker} drops ${old} at its ETA` };
  return {
    ...made,
    reason: `it runs as ${made.id}, but ${worker} did not confirm that it drops ${old}: it may run a second time at its ETA`,
  };
}
