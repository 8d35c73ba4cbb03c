import { isRedis, type RedisBroker } from '../../../brokers/redis/port';
import type { Offer } from '../../../model';
import type * as acting from '../../acting/handler';
import { clockOf } from '../../reading/clock';
import type { CeleryContext } from '../parts';
import type { Fleet } from '../types';

/** One look at the installation, shared by everything that a plan or its run needs of it. */
export interface Situation {
  readonly context: CeleryContext;
  readonly fleet: Fleet;
  /** Broker's clock minus ours, in milliseconds; 0 where it does not tell. */
  readonly clockOffset: number;
  /** Milliseconds of a round trip that does nothing. */
  readonly roundTrip: number;
}

/** What stands behind a declaration. */
export interface Handler extends acting.Handler<Situation, never> {
  /** Redis commands it needs; none where it only tells workers. */
  readonly needs: readonly string[];
}

/** Of actions that tell workers: a command is published and its answers are popped from a list. */
export const TELL_NEEDS: readonly string[] = ['PUBLISH'];

/** What an action has to know before it is planned. One round trip on Redis, none on RabbitMQ. */
export async function look(context: CeleryContext, signal: AbortSignal): Promise<Situation> {
  const { broker, workers } = context;
  const { fleet } = workers;
  if (!isRedis(broker)) return { context, fleet, clockOffset: 0, roundTrip: 1 };
  const before = performance.now();
  const [time] = await broker.read([['TIME']], signal);
  return {
    context,
    fleet,
    clockOffset: clockOf(time) - Date.now(),
    roundTrip: performance.now() - before,
  };
}

/** Whether an action can be done on this broker, and why not. No round trip. */
export function offerOf({ declaration, needs }: Handler, { broker }: CeleryContext): Offer {
  const why = isRedis(broker) ? whyNot(broker, needs) : null;
  return why === null ? { action: declaration, available: true } : { action: declaration, available: false, why };
}

function whyNot(broker: RedisBroker, needs: readonly string[]): string | null {
  if (broker.server.mode === 'cluster')
    return 'on a Redis Cluster the keys of Celery lie on several nodes; it is shown only';
  if (broker.server.role === 'replica') return 'this Redis is a replica and takes no changes';
  for (const command of needs) {
    const may = broker.may(command);
    if (may !== true) return may;
  }
  return null;
}

/** The clock of the broker. */
export const nowOf = ({ clockOffset }: Situation): number => Date.now() + clockOffset;

/** Names of workers that are known to live, or not known to be dead. */
export function liveWorkers({ context }: Situation): readonly string[] {
  return context.workers
    .summaries(Date.now())
    .filter(worker => worker.alive !== false)
    .map(({ name }) => name);
}

/** `No worker serves reports. The tasks will wait.`, or null where one does, or nobody has told. */
export function unserved(queue: string, tasks: number, situation: Situation): string | null {
  const { context, fleet } = situation;
  const summaries = context.workers.summaries(Date.now()).filter(worker => worker.alive !== false);
  const served =
    summaries.some(worker => worker.queues.includes(queue)) ||
    [...fleet.queues.values()].some(queues => queues.includes(queue));
  if (served) return null;
  if (fleet.askedAt === null && summaries.length === 0) return null;
  return `No worker serves ${queue}. The ${tasks === 1 ? 'task' : 'tasks'} will wait.`;
}
