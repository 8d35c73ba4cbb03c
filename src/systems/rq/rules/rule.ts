import type { Finding } from '../../../model';
import { type FindingParts, findingOf, type RuleBase, type Rule as SharedRule } from '../../acting/rules';
import { count } from '../../acting/words';
import type { Reading } from '../read/reading';
import type { Samples } from './samples';

export interface RuleContext extends RuleBase {
  readonly reading: Reading;
  /** Members of lists and registries, read once for all rules. */
  readonly samples: Samples;
}

/** A rule of RQ. */
export type Rule = SharedRule<RuleContext>;

/** A finding of RQ with the common parts filled in. */
export const finding = (context: RuleContext, rule: string, parts: FindingParts): Finding =>
  findingOf('RQ', context.seen, rule, parts);

export const jobs = (n: number): string => count(n, 'job');
