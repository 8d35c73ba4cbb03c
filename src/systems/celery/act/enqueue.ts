import { randomUUID } from 'node:crypto';
import { isRabbit } from '../../../brokers/rabbitmq/port';
import { type ActionDeclaration, type ActionRequest, InspectorError, type Plan, type Ref } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { badValue } from '../../acting/values';
import { outcome } from '../../acting/work';
import { copyOf } from './copy';
import { Dialects } from './dialect';
import { isPlainer, newTask, type Recorded, type Wish, wishOf } from './new-task';
import { add } from './plan';
import { type Outgoing, publishing, type Wanted } from './publish';
import { CHANGE_NEEDS } from './redis/change';
import { NOT_RECORDED } from './retry';
import { type Handler, nowOf, type Situation, unserved } from './situation';
import { callOf } from './stored';
import { goneOutcome, placeOf, resolve, storeOf, type Thing } from './things';

/** `enqueue` on a queue or the installation, and `enqueue-copy` of tasks. */
export function enqueueHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: async (request, situation, signal) => {
      const made = await wantedOf(declaration, request, situation, signal);
      return planOf(declaration, request, made, situation, signal);
    },
    work: async (plan, situation, signal) => {
      const request = { action: declaration.id, targets: plan.targets, parameters: plan.parameters };
      const { wanted } = await wantedOf(declaration, request, situation, signal);
      return publishing(`celery ${declaration.id}`, wanted, situation, signal);
    },
  };
}

interface Made {
  readonly wanted: readonly Wanted[];
  readonly cautions: readonly string[];
}

async function wantedOf(
  { id: action }: ActionDeclaration,
  { targets, parameters }: ActionRequest,
  situation: Situation,
  signal: AbortSignal,
): Promise<Made> {
  const wish = wishOf(parameters, nowOf(situation));
  const dialects = new Dialects(situation);
  const wanted: Wanted[] = [];
  const cautions = new Set<string>();
  for (const target of targets) {
    if (target.kind === 'jobs' && action === 'enqueue-copy') {
      if (wish.id !== undefined && target.refs.length > 1) throw badValue('id', 'several copies cannot have one id');
      for (const ref of target.refs) wanted.push(await copied(ref, wish, dialects, situation, cautions, signal));
    } else if (target.kind === 'queue' || target.kind === 'installation') {
      const queue = wish.queue ?? (target.kind === 'queue' ? target.name : undefined);
      if (queue === undefined) throw badValue('queue', 'the name of a queue is missing');
      const dialect = await dialects.of(queue, signal);
      if (isPlainer(wish, queue, dialect)) cautions.add(PLAINER);
      wanted.push(outgoing(newTask(wish, queue, dialect)));
    } else {
      throw new InspectorError('bad-request', {
        message: 'Enqueueing needs a queue, or a task to copy.',
        tried: 'enqueueing a task',
        answer: `the target is a ${target.kind}`,
        remedy: 'Name a queue.',
      });
    }
  }
  return { wanted, cautions: [...cautions] };
}

const outgoing = ({ call, queue }: ReturnType<typeof newTask>): Outgoing => ({
  id: call.id,
  queue,
  priority: call.priority,
  message: { call },
});

/** A copy of whatever stands behind a ref, under a new id. */
async function copied(
  ref: Ref,
  wish: Wish,
  dialects: Dialects,
  situation: Situation,
  cautions: Set<string>,
  signal: AbortSignal,
): Promise<Wanted> {
  const { context } = situation;
  const id = wish.id ?? randomUUID();
  if (context.redis === null && placeOf(ref) === 'ready') {
    const { message, queue } = await context.transport.message(ref, signal);
    return copyOf({ kind: 'delivery', message }, queue, { ...wish, id }, situation, cautions);
  }
  const [thing] = await resolve(context, [ref], signal);
  if (thing === undefined || thing.kind === 'gone') return { decided: goneOutcome(thing ?? { ref, id: null }) };
  if (thing.kind === 'element')
    return copyOf(
      { kind: 'element', element: thing.element },
      thing.element.queue,
      { ...wish, id },
      situation,
      cautions,
    );
  const recorded = recordedOf(thing);
  const queue = wish.queue ?? (thing.kind === 'result' ? thing.result.queue : thing.held.queue) ?? undefined;
  if (queue === undefined) throw badValue('queue', 'its queue is not recorded: name one');
  if (recorded.call === null && wish.args === undefined && wish.kwargs === undefined && !wish.whole)
    return { decided: outcome({ id: thing.id, ref }, 'refused', NOT_RECORDED) };
  cautions.add(NOTHING_FOLLOWS);
  const dialect = await dialects.of(queue, signal);
  if (isPlainer(wish, queue, dialect, recorded)) cautions.add(PLAINER);
  return outgoing(newTask({ ...wish, id }, queue, dialect, recorded));
}

const PLAINER =
  'Dates, times, Decimals, UUIDs and bytes are written as text: no worker has said that it reads more (Celery 5.3). Ask the workers first.';
const NOTHING_FOLLOWS = 'What is to follow it (a chain, callbacks, a chord) is not recorded here: the copy runs alone.';

function recordedOf(thing: Exclude<Thing, { kind: 'element' }>): Recorded {
  return thing.kind === 'result'
    ? { task: thing.result.task, call: thing.result.call }
    : { task: thing.held.task, call: callOf(thing.held.args, thing.held.kwargs) };
}

async function planOf(
  action: ActionDeclaration,
  request: ActionRequest,
  { wanted, cautions: told }: Made,
  situation: Situation,
  signal: AbortSignal,
): Promise<Plan> {
  const { context, fleet } = situation;
  const leftOut = new Map<string, number>();
  const counts = new Map<string, number>();
  const cautions = new Set<string>(told);
  const made = wanted.filter((each): each is Outgoing => {
    if ('decided' in each) add(leftOut, each.decided.reason ?? each.decided.outcome, 1);
    return !('decided' in each);
  });
  const store = await storeOf(context, signal);
  for (const missing of await missingQueues(made, situation, signal)) cautions.add(missing);
  for (const { id, queue, message } of made) {
    add(counts, queue, 1);
    const result = store === null || request.parameters['id'] === undefined ? null : await store.get(id, signal);
    if (result?.status === 'SUCCESS')
      cautions.add(`A task with the id ${id} has succeeded already: Celery keeps that result, whatever this one does.`);
    else if (result != null) cautions.add(`There is a result of a task with the id ${id}: this one writes over it.`);
    const task = 'call' in message ? message.call.task : null;
    if (task !== null && isUnknown(task, queue, situation))
      cautions.add(`No worker that was asked has a task ${task} registered: it would be thrown away.`);
    const caution = unserved(queue, 1, situation);
    if (caution !== null) cautions.add(caution);
  }
  if (fleet.askedAt === null && context.redis !== null && request.parameters['serializer'] === 'pickle')
    cautions.add('Whether the workers accept pickle is not known: they have not been asked.');
  return simplePlan(request, action, {
    total: made.length,
    byQueue: [...counts].map(([queue, count]) => ({ queue, count, note: null })),
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    cautions: [...cautions],
  });
}

/** RabbitMQ makes no queue by itself. */
async function missingQueues(
  made: readonly Outgoing[],
  { context: { broker } }: Situation,
  signal: AbortSignal,
): Promise<string[]> {
  if (!isRabbit(broker)) return [];
  const names = [...new Set(made.map(({ queue }) => queue))];
  const depths = await broker.depths(names, signal);
  return names.flatMap((name, i) =>
    depths[i] == null ? [`There is no queue ${name}: nothing would be published.`] : [],
  );
}

/** Registered by no worker that serves the queue, as far as they told. */
function isUnknown(task: string, queue: string, { fleet }: Situation): boolean {
  const serving = [...fleet.registered].filter(
    ([worker, tasks]) => tasks.size > 0 && (fleet.queues.get(worker)?.includes(queue) ?? true),
  );
  return serving.length > 0 && serving.every(([, tasks]) => !tasks.has(task));
}
