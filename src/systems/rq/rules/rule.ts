import type { Finding, QueueSummary, StateCounts } from '../../../model';
import { knownAmount } from '../../../model';
import { type FindingParts, findingOf, NotCheckable, type RuleBase, type Rule as SharedRule } from '../../acting/rules';
import { count, names, shellWord, span } from '../../acting/words';
import type { Reading } from '../read/reading';
import type { Samples } from './samples';

export interface RuleContext extends RuleBase {
  readonly reading: Reading;
  /** Members of lists and registries, read once for all rules. */
  readonly samples: Samples;
}

/** A rule of RQ. */
export type Rule = SharedRule<RuleContext>;

export { NotCheckable };

/** A finding of RQ with the common parts filled in. */
export const finding = (context: RuleContext, rule: string, parts: FindingParts): Finding =>
  findingOf('RQ', context.seen, rule, parts);

export { count, names, shellWord, span };

export const jobs = (n: number): string => count(n, 'job');

/** Queues with jobs of a state, the fullest first. */
export function queuesWith(context: RuleContext, state: keyof StateCounts): readonly QueueSummary[] {
  return context.seen.overview.queues
    .filter(queue => knownAmount(queue.counts[state]) > 0)
    .sort((a, b) => knownAmount(b.counts[state]) - knownAmount(a.counts[state]));
}

export const amount = (queue: QueueSummary, state: keyof StateCounts): number => knownAmount(queue.counts[state]);
