import type { ActionDeclaration, Target } from '../../../../model';
import { Batches, type Did, outcome, Sequence, type Work } from '../../../acting/work';
import { textOf } from '../../../reading/ids';
import { arrayOf } from '../../../reading/replies';
import { BINDING_PATTERN, type Key, parseBindingKey } from '../../keys';
import { planTasks } from '../plan';
import type { Handler, Situation } from '../situation';
import { base64, unit } from '../undo';
import { CHANGE_NEEDS, type Put } from './change';
import { permanentKey, redisOf } from './places';
import { runChanges } from './run';
import { CANCEL, listWork } from './waiting';

const namesOf = (targets: readonly Target[]): string[] =>
  targets.flatMap(target => (target.kind === 'queue' ? [target.name] : []));

const waitingIn = (queue: string): Target => ({ kind: 'selector', queue, state: 'waiting' });

/** `empty` and `delete-queue`: the waiting messages of all priorities, then what is bound to it. */
export function queueHandler(declaration: ActionDeclaration): Handler {
  const whole = declaration.id === 'delete-queue';
  const name = whole ? 'celery delete queue' : 'celery empty';
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: async (request, situation, signal) => {
      const names = namesOf(request.targets);
      const waiting = { ...request, targets: names.map(waitingIn) };
      const plan = await planTasks(declaration, waiting, situation, signal, {
        verdict: thing =>
          thing.kind === 'element'
            ? { queue: thing.element.queue, saved: thing.element.bytes.length }
            : { leave: 'it does not wait' },
      });
      return {
        ...plan,
        targets: request.targets,
        // The queue itself counts, so that what is done adds up to what was planned.
        total: whole ? plan.total + names.length : plan.total,
        cautions: [...plan.cautions, ...(whole ? names.flatMap(queue => listening(queue, situation)) : [])],
      };
    },
    work: async (plan, situation, signal) => {
      const works: Work<never>[] = [];
      for (const queue of namesOf(plan.targets)) {
        const source = { queue, state: 'waiting' as const };
        works.push(listWork(situation, source, plan.total, { ...CANCEL, name }, signal));
        if (whole) works.push(new Batches<never>(1, [during => unbinding(queue, situation, during)]));
      }
      return new Sequence(works);
    },
  };
}

function listening(queue: string, { context }: Situation): string[] {
  const workers = context.workers
    .summaries(Date.now())
    .filter(worker => worker.alive !== false && worker.queues.includes(queue))
    .map(({ name }) => name);
  return workers.length === 0
    ? []
    : [`${workers.join(', ')} ${workers.length === 1 ? 'serves' : 'serve'} ${queue}; the next message brings it back.`];
}

/** Takes an emptied queue off every exchange, while its lists are empty. */
async function unbinding(queue: string, situation: Situation, signal: AbortSignal) {
  const { redis, broker } = redisOf(situation.context);
  const members = await bindingsOf(queue, situation, signal);
  const puts = members.map(({ key, member }): Put => ({ command: 'SREM', key, args: [member] }));
  const item = {
    subject: queue,
    ref: null,
    change: {
      takes: redis.listKeys(queue).map(({ key }) => ({ kind: 'absent', key }) as const),
      puts,
    },
    undo: [],
    bytes: 0,
  };
  return {
    subjects: [queue],
    undo: [
      unit(
        queue,
        [],
        members.map(({ key, member }) => ({ kind: 'sadd', key: base64(key), member: base64(member) })),
      ),
    ],
    outcomes: [],
    weight: 0,
    run: async (record: string, during: AbortSignal): Promise<Did<never>> => {
      const did = await runChanges(broker, 'celery delete queue', [item], record, during);
      const [answer] = did.outcomes;
      return answer?.outcome === 'refused'
        ? {
            outcomes: [outcome({ id: queue, ref: null }, 'refused', 'messages wait in it still, or came in meanwhile')],
            undo: [],
          }
        : did;
    },
  };
}

/** Members of sets of bindings that name the queue, exactly; a SCAN, since no key tells which exchanges lead to it. */
async function bindingsOf(
  queue: string,
  { context }: Situation,
  signal: AbortSignal,
): Promise<{ readonly key: Key; readonly member: Buffer }[]> {
  const { broker, redis } = redisOf(context);
  const keys: Key[] = [];
  for await (const batch of broker.scan({ match: BINDING_PATTERN, type: 'set' }, signal)) {
    for (const key of batch.keys) {
      const parsed = parseBindingKey(textOf(key));
      if (parsed?.prefix === context.key) keys.push(key, permanentKey(context.key, parsed.exchange));
    }
  }
  const replies = await broker.read(
    keys.map(key => ['SMEMBERS', key] as const),
    signal,
  );
  return keys.flatMap((key, index) =>
    arrayOf(replies[index]).flatMap(member =>
      Buffer.isBuffer(member) && textOf(member).split(redis.separator)[2] === queue ? [{ key, member }] : [],
    ),
  );
}
