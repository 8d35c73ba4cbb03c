import type { RedisBroker } from '../../../brokers/redis/port';
import type { Evidence, Finding, Remedy, WorkerSummary } from '../../../model';
import { type FindingParts, findingOf, NotCheckable, type RuleBase, type Rule as SharedRule } from '../../acting/rules';
import { count, shellWord } from '../../acting/words';
import { VISIBILITY_TIMEOUT } from '../keys';
import type { CeleryContext } from '../parts';
import type { Schedules } from '../schedules';
import type { Fleet } from '../types';
import type { Samples } from './samples';

/** What every rule of Celery is given. */
export interface RuleContext extends RuleBase {
  readonly celery: CeleryContext;
  readonly fleet: Fleet;
  /** Of the messages, where that is a Redis. */
  readonly redis: RedisBroker | null;
  readonly schedules: Schedules;
  /** Waiting and held messages, read once for all rules. */
  readonly samples: Samples;
}

export type Rule = SharedRule<RuleContext>;

/** A finding of Celery with the common parts filled in. */
export const finding = (context: RuleContext, rule: string, parts: FindingParts): Finding =>
  findingOf('Celery', context.seen, rule, parts);

export const tasks = (n: number): string => count(n, 'task');
export const messages = (n: number): string => count(n, 'message');

/** @throws NotCheckable where no worker was asked on this connection */
export function needAsked({ fleet }: RuleContext): number {
  if (fleet.askedAt === null) throw new NotCheckable('workers were not asked');
  return fleet.askedAt;
}

/** How an answer of workers is cited. */
export const asked = (method: string): string => `celery inspect ${method}`;

export const alive = ({ seen }: RuleContext): readonly WorkerSummary[] =>
  seen.overview.workers.filter(worker => worker.alive !== false);

/** Workers that answered the last question, with the queues they consume: what silent ones told before does not count. */
export function answering({ fleet, seen }: RuleContext): ReadonlyMap<string, readonly string[]> {
  const gone = new Set(seen.overview.workers.flatMap(({ alive: lives, name }) => (lives === false ? [name] : [])));
  for (const name of fleet.silent) gone.add(name);
  return new Map([...fleet.queues].filter(([name]) => !gone.has(name)));
}

/** Beat's node name, where it takes part in remote control (`beat_enable_remote_control`, celery/beat.py, 5.7). */
export const isBeat = (name: string): boolean => name.startsWith('celerybeat@');

/** Whether every worker that the broker knows to listen has told what it does. */
export function allAnswered(context: RuleContext): boolean {
  const { fleet } = context;
  const answers = answering(context).size;
  return fleet.askedAt !== null && answers > 0 && (fleet.heard ?? answers) <= answers;
}

/** Seconds after which Redis delivers again, and who says so. */
export function visibilityTimeout({ celery, fleet }: RuleContext): {
  readonly seconds: number;
  readonly sure: boolean;
  readonly evidence: Evidence;
} {
  const told = celery.options.visibilityTimeout;
  const seconds = told ?? fleet.visibilityTimeout ?? VISIBILITY_TIMEOUT;
  const source =
    told !== null
      ? 'option visibilityTimeout of this connection'
      : fleet.visibilityTimeout !== null
        ? asked('conf')
        : 'default of kombu, since no worker has told another';
  const sure = told !== null || fleet.configurations.size > 0;
  return {
    seconds,
    sure,
    evidence: { what: 'visibility timeout', value: `${seconds.toLocaleString('en-US')} s`, source },
  };
}

/** A setting as a worker told it, and who did; undefined where none has set it. */
export function settingOf(
  fleet: Fleet,
  name: string,
): { readonly worker: string; readonly value: unknown } | undefined {
  for (const [worker, conf] of fleet.configurations) if (name in conf) return { worker, value: conf[name] };
  return undefined;
}

export const startWorker = (queue: string): Remedy => ({
  text: `Start a worker for ${queue}.`,
  action: null,
  code: { language: 'shellscript', text: `celery -A your_app worker --queues ${shellWord(queue)}` },
});

export const askAgain: Remedy = {
  text: 'Ask the workers again.',
  action: { id: 'ask', target: { kind: 'installation' } },
};
