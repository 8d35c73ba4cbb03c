import type { ActionDeclaration, ActionRequest, Plan } from '../../../../model';
import { simplePlan } from '../../../acting/handler';
import { readDelivery } from '../../rabbitmq/messages';
import { add } from '../plan';
import { type Situation, unserved } from '../situation';
import { type Chosen, ownQueue, rabbitOf } from './ready';
import type { ReadyAction } from './taking';

/** The dry run: chosen messages are looked at one by one as the last look showed them, whole queues are counted. */
export async function planReady(
  declaration: ActionDeclaration,
  request: ActionRequest,
  { from, decided }: Chosen,
  action: ReadyAction,
  situation: Situation,
  signal: AbortSignal,
): Promise<Plan> {
  const { context } = situation;
  const rabbit = rabbitOf(context);
  // A queue may be newer than the last overview.
  if (!rabbit.known || from.some(({ queue }) => rabbit.fact(queue) === null)) await rabbit.overview(signal);
  const queues = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const cautions = new Set<string>();
  const refs: string[] = [];
  let saved = 0;
  let total = 0;
  for (const each of decided) add(leftOut, each.reason ?? each.outcome, 1);
  const depths = await rabbit.broker.depths(
    from.map(({ queue }) => queue),
    signal,
  );
  for (const [index, { queue, chosen }] of from.entries()) {
    const { refusal, guarantee } = rabbit.permit(queue);
    const ready = depths[index]?.ready ?? 0;
    const there = chosen?.length ?? ready;
    if (refusal !== null) {
      add(leftOut, refusal, there);
      continue;
    }
    for (const { ref, looked } of chosen ?? []) {
      const against = action.leave?.(readDelivery(looked.message)) ?? null;
      const own = await ownQueue(rabbit, queue, looked.message, signal);
      if (against !== null) add(leftOut, against, 1);
      else {
        total++;
        saved += looked.message.body.length;
        refs.push(ref);
        add(queues, action.queue?.(own) ?? own ?? queue, 1);
      }
    }
    if (chosen === null && ready > 0) {
      total += ready;
      add(queues, action.queue?.(queue) ?? queue, ready);
    }
    // Those that stand in front are got and put back.
    if (chosen !== null && there > 0) cautions.add(guarantee);
  }
  if (action.queue !== undefined) {
    const targets = await rabbit.broker.depths([...queues.keys()], signal);
    for (const [index, queue] of [...queues.keys()].entries())
      if (targets[index] == null) cautions.add(`There is no queue ${queue}: nothing would be changed.`);
    for (const [queue, count] of queues) {
      const caution = unserved(queue, count, situation);
      if (caution !== null) cautions.add(caution);
    }
  }
  return simplePlan(request, declaration, {
    total,
    byQueue: [...queues].map(([queue, count]) => ({ queue, count, note: null })),
    sample: refs.length === 0 ? [] : await context.rows(refs.slice(0, 5), signal),
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    savedBytes: saved,
    cautions: [...cautions],
  });
}
