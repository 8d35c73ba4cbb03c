/** What several benchmarks say of what they measured, in the same words. */
import type { BenchResult } from '../result';
import type { Comparison } from './measure';

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;

export const timesOf = ({ ours, bare }: Comparison) => `${ms(ours.median)} against ${ms(bare.median)}`;

/** @param bound milliseconds @param bareSide what the other side is */
export function loopResult(
  name: string,
  comparisons: readonly Comparison[],
  bound = 50,
  bareSide = 'bare pipeline',
): BenchResult {
  const longest = (of: (comparison: Comparison) => number) => Math.max(...comparisons.map(of));
  return {
    name: `${name}: longest time without a turn of the event loop, in ms`,
    ratio: longest(({ ours }) => ours.loop),
    bound,
    better: 'lower',
    detail: [
      `in half of the runs at most ${ms(longest(({ ours }) => ours.usualLoop))}`,
      `longest garbage collection in it ${ms(longest(({ ours }) => ours.gc))}`,
      `${bareSide} ${ms(longest(({ bare }) => bare.loop))}, in half of its runs ${ms(longest(({ bare }) => bare.usualLoop))}`,
    ].join('; '),
  };
}
