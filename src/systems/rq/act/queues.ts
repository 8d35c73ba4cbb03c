import type { ActionDeclaration, ActionRequest, Plan, Target } from '../../../model';
import { Batches, outcome, Sequence } from '../../acting/work';
import { QUEUES, queueKey, REGISTRIES, registryKey } from '../keys';
import type { Handler, Situation } from './actions';
import { DESTROY_NEEDS, destroy } from './destroy';
import { destroying } from './jobs';
import { planJobs } from './plan';
import { base64, latin1, ofKey, unit } from './undo';
import type { Batch, Did, Work } from './work';

/** `empty` and `delete-queue`: the waiting jobs, saved before; then the queue's name. */
export function queueHandler(declaration: ActionDeclaration): Handler {
  const whole = declaration.id === 'delete-queue';
  return {
    declaration,
    needs: DESTROY_NEEDS,
    plan: async (request, situation, signal) => {
      const waiting = { ...request, targets: namesOf(request.targets).map(waitingIn) };
      const plan = await planJobs(declaration, waiting, situation, signal, () => ({ allow: null, target: null }));
      const more = whole ? await leftovers(request, situation, signal) : [];
      return {
        ...plan,
        targets: request.targets,
        // The queue itself counts, so that what is done adds up to what was planned.
        total: whole ? plan.total + namesOf(request.targets).length : plan.total,
        cautions: [...plan.cautions, ...more],
      };
    },
    work: (plan, situation, signal) => work(plan, whole, situation, signal),
  };
}

const namesOf = (targets: readonly Target[]): string[] =>
  targets.flatMap(target => (target.kind === 'queue' ? [target.name] : []));

const waitingIn = (queue: string): Target => ({ kind: 'selector', queue, state: 'waiting' });

async function work(plan: Plan, whole: boolean, situation: Situation, signal: AbortSignal): Promise<Work> {
  const works: Work[] = [];
  for (const queue of namesOf(plan.targets)) {
    const source = { place: { structure: 'queue', queue }, items: null } as const;
    works.push(await destroying(whole ? 'rq delete queue' : 'rq empty', [source], situation, signal));
    if (whole) works.push(new Batches(1, [async () => forgetting(queue, situation)]));
  }
  return new Sequence(works);
}

/** Takes the name of an emptied queue off the list of queues. */
function forgetting(queue: string, { context }: Situation): Batch {
  const member = ofKey(queueKey(queue));
  const key = base64(QUEUES);
  return {
    subjects: [queue],
    undo: [unit(queue, [], [{ kind: 'sadd', key, member: base64(member) }])],
    outcomes: [],
    weight: 0,
    run: async (record, signal): Promise<Did> => {
      // Only while its list is empty, that is, absent: a job that came in meanwhile keeps the queue.
      const doomed = {
        from: ['set', latin1(QUEUES), member, ''],
        forbid: [],
        keys: [{ key: member, digest: '' }],
        leave: [],
      } as const;
      const [answer] = await destroy(context.broker, 'rq delete queue', [doomed], record, signal);
      const about = { id: queue, ref: null };
      if (answer === 1) return { outcomes: [outcome(about, 'done', null)], undo: [] };
      if (answer === 0) return { outcomes: [outcome(about, 'gone', 'RQ does not list it (any more)')], undo: [] };
      return { outcomes: [outcome(about, 'refused', 'jobs wait in it still, or came in meanwhile')], undo: [] };
    },
  };
}

/** What stays behind when a queue is deleted, and what brings it back. */
async function leftovers(
  { targets }: ActionRequest,
  { context, fleet }: Situation,
  signal: AbortSignal,
): Promise<string[]> {
  const cautions: string[] = [];
  for (const queue of namesOf(targets)) {
    const counts = await context.broker.read(
      REGISTRIES.map(registry => ['ZCARD', registryKey(registry, queue)] as const),
      signal,
    );
    const words = {
      wip: 'running',
      finished: 'finished',
      failed: 'failed',
      deferred: 'deferred',
      scheduled: 'scheduled',
      canceled: 'canceled',
    };
    const left = REGISTRIES.flatMap((registry, index) => {
      const count = counts[index];
      return typeof count === 'number' && count > 0 ? [`${count} ${words[registry]}`] : [];
    });
    if (left.length > 0)
      cautions.push(`${left.join(', ')} in ${queue} stay on the broker, and no list names them any more.`);
    const listening = fleet.workers.filter(({ recorded, dead, queues }) => recorded && !dead && queues.includes(queue));
    if (listening.length > 0) {
      cautions.push(
        `${listening.map(({ name }) => name).join(', ')} listens to ${queue}; the next job brings it back.`,
      );
    }
  }
  return cautions;
}
