import { InspectorError } from '../../../model';
import type { AnsweredCommand } from '../types';
import { heldOf } from '../workers/held';
import type { Situation } from './situation';

/** Milliseconds that workers get to say what they hold. */
const PATIENCE_MS = 1000;
/** Ids in one question. */
const PART = 200;

export interface Holder {
  readonly worker: string;
  /** `active`, `reserved`, `scheduled` (celery/worker/control.py, query_task). */
  readonly how: string;
}

export interface Asked {
  readonly holders: ReadonlyMap<string, Holder>;
  /** Workers that answered. */
  readonly answered: ReadonlySet<string>;
  /**
   * Tasks with a rate limit: what a worker holds back for one is in no list that it tells of (seen on 5.7), so that one
   * of these may be held by any worker that answered.
   */
  readonly limited: ReadonlySet<string>;
}

/** Asks all workers which of these tasks they hold. @throws InspectorError as asking does */
export async function whoHolds(ids: readonly string[], { context }: Situation, signal: AbortSignal): Promise<Asked> {
  const holders = new Map<string, Holder>();
  const answered = new Set<string>();
  const limited = new Set<string>();
  for (let at = 0; at < ids.length; at += PART) {
    const part = ids.slice(at, at + PART);
    // A worker knows what it holds until its ETA by its timer alone before Celery 5.7.
    const commands = [
      { method: 'query_task', arguments: { ids: part } },
      { method: 'scheduled', arguments: {} },
      { method: 'registered', arguments: {} },
    ];
    const order = { destination: null, timeoutMs: PATIENCE_MS, expected: null };
    const wanted = new Set(part);
    for await (const step of context.transport.mailbox.askAll(commands, order, signal)) {
      if (!('worker' in step)) continue;
      answered.add(step.worker);
      if (step.method === 'registered') {
        for (const name of limitedIn(step.value)) limited.add(name);
        continue;
      }
      for (const [id, how] of step.method === 'scheduled' ? scheduledIn(step) : queriedIn(step.value))
        if (wanted.has(id)) holders.set(id, { worker: step.worker, how });
    }
  }
  return { holders, answered, limited };
}

/** `{id: [state, info]}` (celery/worker/control.py, query_task). */
function queriedIn(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([id, told]): [string, string][] => {
    const [how] = Array.isArray(told) ? told : [];
    return typeof how === 'string' ? [[id, how]] : [];
  });
}

/** `shop.tasks.limited [rate_limit=1000/m]` (celery/worker/control.py, registered). */
function limitedIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap(each =>
    typeof each === 'string' && each.includes('rate_limit=') ? [each.split(' ')[0] ?? ''] : [],
  );
}

const scheduledIn = (step: AnsweredCommand): [string, string][] =>
  heldOf(step, 'scheduled').map(({ id, how }) => [id, how]);

/** Workers that are known to live and did not answer. */
export function silent({ context }: Situation, { answered }: Asked): readonly string[] {
  return context.workers
    .summaries(Date.now())
    .filter(({ name, alive }) => alive === true && !answered.has(name))
    .map(({ name }) => name);
}

export const isLost = (error: unknown): boolean => error instanceof InspectorError && error.code === 'connection-lost';
