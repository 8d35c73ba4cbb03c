import type { ActionDeclaration, ItemOutcome, Plan, Target } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { countOf, durationOf, textOfParameter } from '../../acting/parameters';
import { badValue } from '../../acting/values';
import { type Did, outcome, type Work } from '../../acting/work';
import type { ControlReply } from '../types';
import { isLost } from './held';
import { type Handler, liveWorkers, type Situation, TELL_NEEDS } from './situation';

/** Milliseconds that workers get to answer. One of the pool solo answers between two tasks. */
export const PATIENCE_MS = 3000;
const NO_ANSWER = 'it did not answer: it may do it later, when it hears it (a solo pool answers between two tasks)';
const LOST = 'the connection broke while it was told: it may have done it';

type Parameters = Plan['parameters'];

/** A command of remote control by the parameters of an action. @throws InspectorError `bad-value` */
type Making = (
  parameters: Parameters,
  target: Target,
) => {
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
};

const MAKING: Readonly<Record<string, Making>> = {
  'celery.pool-grow': parameters => ({ method: 'pool_grow', arguments: { n: sizeOf('n', parameters, 1) } }),
  'celery.pool-shrink': parameters => ({ method: 'pool_shrink', arguments: { n: sizeOf('n', parameters, 1) } }),
  'celery.autoscale': parameters => {
    const max = sizeOf('max', parameters);
    const min = countOf('min', parameters['min']) ?? 0;
    if (min > max) throw badValue('min', 'it must not be more than at most');
    return { method: 'autoscale', arguments: { max, min } };
  },
  'celery.enable-events': () => ({ method: 'enable_events', arguments: {} }),
  'celery.disable-events': () => ({ method: 'disable_events', arguments: {} }),
  'celery.rate-limit': parameters => ({
    method: 'rate_limit',
    arguments: { task_name: taskOf(parameters), rate_limit: rateOf(parameters['rate']) },
  }),
  'celery.time-limit': parameters => ({
    method: 'time_limit',
    arguments: {
      task_name: taskOf(parameters),
      hard: durationOf('hard', parameters['hard']),
      soft: durationOf('soft', parameters['soft']),
    },
  }),
  'celery.add-consumer': (_parameters, target) => {
    const queue = target.kind === 'queue' ? target.name : '';
    return {
      method: 'add_consumer',
      arguments: { queue, exchange: queue, exchange_type: 'direct', routing_key: queue },
    };
  },
  'celery.cancel-consumer': (_parameters, target) => ({
    method: 'cancel_consumer',
    arguments: { queue: target.kind === 'queue' ? target.name : '' },
  }),
};

function sizeOf(name: string, parameters: Parameters, otherwise?: number): number {
  const size = countOf(name, parameters[name]) ?? otherwise;
  if (size === undefined || size === 0) throw badValue(name, 'a whole number from 1 was expected');
  return size;
}

function taskOf(parameters: Parameters): string {
  const task = textOfParameter('task', parameters['task']);
  if (task === null) throw badValue('task', 'the name of a task is missing');
  return task;
}

/** As Celery reads it (celery/utils/time.py, rate): a number, or a number per s, m or h; 0 = none. */
function rateOf(value: unknown): string {
  const rate = typeof value === 'number' ? String(value) : textOfParameter('rate', value);
  if (rate === null || !/^\d+(\.\d+)?(\/[smh])?$/.test(rate.trim()))
    throw badValue('rate', `${JSON.stringify(value)} is no rate: write 10/s, 100/m, 1000/h, or 0 for no limit`);
  return rate.trim();
}

/** Node names that a target stands for; null = every worker. */
function destinationOf(target: Target, parameters: Parameters): readonly string[] | null {
  if (target.kind === 'worker') return [target.name];
  const worker = textOfParameter('worker', parameters['worker']);
  return worker === null ? null : [worker];
}

/** Tells workers to do something, and reports what each answered. */
export function controlHandler(declaration: ActionDeclaration): Handler {
  const making = MAKING[declaration.id];
  if (making === undefined) throw new Error(`There is no command for ${declaration.id}.`);
  return {
    declaration,
    needs: TELL_NEEDS,
    plan: async (request, situation) => {
      for (const target of request.targets) making(request.parameters, target);
      const known = liveWorkers(situation);
      const named = request.targets.map(target => destinationOf(target, request.parameters));
      const everyone = named.some(each => each === null);
      return simplePlan(request, declaration, {
        total: everyone ? Math.max(1, known.length) : new Set(named.flatMap(each => each ?? [])).size,
        cautions: everyone && known.length === 0 ? ['No worker is known yet. All that listen are told.'] : [],
      });
    },
    work: async (plan, situation) => {
      const targets = [...plan.targets];
      return {
        total: plan.total,
        next: async () => {
          const target = targets.shift();
          if (target === undefined) return null;
          const destination = destinationOf(target, plan.parameters);
          return {
            subjects: destination ?? liveWorkers(situation),
            undo: [],
            outcomes: [],
            weight: 0,
            run: async (_record: string, signal: AbortSignal): Promise<Did<never>> => ({
              outcomes: await telling(making(plan.parameters, target), destination, situation, signal),
              undo: [],
            }),
          };
        },
      } satisfies Work<never>;
    },
  };
}

/** Outcomes by worker: those that answered, and those that are known and did not. */
export async function telling(
  command: { readonly method: string; readonly arguments: Readonly<Record<string, unknown>> },
  destination: readonly string[] | null,
  situation: Situation,
  signal: AbortSignal,
): Promise<ItemOutcome[]> {
  const { replies, lost } = await answersTo(command, destination, situation, signal);
  const outcomes = replies.map(({ worker, value }) => {
    const refusal = refusalIn(value);
    return outcome({ id: worker, ref: null }, refusal === null ? 'done' : 'refused', refusal);
  });
  const answered = new Set(replies.map(({ worker }) => worker));
  for (const name of destination ?? liveWorkers(situation))
    if (!answered.has(name)) outcomes.push(outcome({ id: name, ref: null }, 'unknown', lost ? LOST : NO_ANSWER));
  if (outcomes.length === 0)
    outcomes.push(outcome({ id: null, ref: null }, lost ? 'unknown' : 'failed', lost ? LOST : 'no worker answered'));
  return outcomes;
}

/** What workers answer to a command, which is sent once. */
export async function answersTo(
  command: { readonly method: string; readonly arguments: Readonly<Record<string, unknown>> },
  destination: readonly string[] | null,
  { context }: Situation,
  signal: AbortSignal,
): Promise<{ readonly replies: readonly ControlReply[]; readonly lost: boolean }> {
  const replies: ControlReply[] = [];
  const order = { ...command, destination, timeoutMs: PATIENCE_MS, expected: destination?.length ?? null };
  try {
    for await (const reply of context.transport.mailbox.ask(order, signal)) replies.push(reply);
  } catch (error) {
    if (!isLost(error)) throw error;
    return { replies, lost: true };
  }
  return { replies, lost: false };
}

/** The worker's own words where it refused; null where it did it. */
export function refusalIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('error' in value)) return null;
  return String(value.error).slice(0, 300);
}

/** Celery's words of an answer: `{'ok': 'new rate limit set successfully'}`. */
export function okIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'ok' in value ? value.ok : value;
}
