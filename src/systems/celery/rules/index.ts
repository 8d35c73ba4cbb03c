import { isRedis } from '../../../brokers/redis/port';
import type { Seen } from '../../../model';
import { runRules } from '../../acting/rules';
import type { CeleryContext, Diagnose } from '../parts';
import type { Schedules } from '../schedules';
import { redbeatGone, redbeatOverdue, twoBeats } from './beats';
import { notAccepted, poison } from './content';
import type { Rule, RuleContext } from './context';
import { consumerTimeout, etaBeyondTimeout, manyHeldForEta } from './eta';
import { heldByNobody, heldTooLong } from './held';
import { mixedVersions, twins } from './identity';
import { processTrouble, restartedInPlace } from './processes';
import { argumentsNotKept, manyResults, resultsWithoutExpiry } from './results';
import { Samples } from './samples';
import { noWorker, queueWithoutWorker, silentWorkers, workerWithoutQueue } from './serving';
import { pickleAccepted, priorityLists, replyQueues } from './settings';
import { expiredWaiting, revokedWaiting, unregistered } from './waiting';

/** Every rule of Celery, in the order in which their findings come. */
export const RULES: readonly Rule[] = [
  noWorker,
  queueWithoutWorker,
  workerWithoutQueue,
  silentWorkers,
  twins,
  processTrouble,
  restartedInPlace,
  twoBeats,
  redbeatOverdue,
  redbeatGone,
  poison,
  notAccepted,
  unregistered,
  heldTooLong,
  heldByNobody,
  etaBeyondTimeout,
  consumerTimeout,
  manyHeldForEta,
  revokedWaiting,
  expiredWaiting,
  resultsWithoutExpiry,
  manyResults,
  argumentsNotKept,
  pickleAccepted,
  mixedVersions,
  priorityLists,
  replyQueues,
];

/** Findings of every rule; a rule that cannot run says why, and the others stand. */
export const diagnose: Diagnose = (celery: CeleryContext, seen: Seen, signal: AbortSignal) => {
  const redis = isRedis(celery.broker) ? celery.broker : null;
  const schedules = celery.schedules as Schedules;
  const { fleet } = celery.workers;
  // From the next look on, RedBeat is looked for under the prefixes that workers are set to.
  for (const { redbeat_key_prefix: prefix } of fleet.configurations.values())
    if (typeof prefix === 'string' && prefix !== '') schedules.learn(prefix);
  const context: RuleContext = {
    celery,
    seen,
    signal,
    redis,
    fleet,
    schedules,
    samples: new Samples(celery, redis, seen.overview, signal),
    now: Date.parse(seen.overview.readAt),
  };
  return runRules(RULES, context);
};
