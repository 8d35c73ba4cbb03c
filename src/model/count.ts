/**
 * How many there are. Unknown is not zero: a count that could not be taken, or that the system does not record,
 * carries the reason a person reads ("Huey does not record running tasks").
 */
export type Count = ExactCount | CappedCount | UnknownCount;

export interface ExactCount {
  readonly exact: number;
}

/** Counting stopped at a bound: there are at least this many. */
export interface CappedCount {
  readonly atLeast: number;
}

export interface UnknownCount {
  readonly unknown: string;
}

export const exactly = (n: number): ExactCount => ({ exact: n });
export const atLeast = (n: number): CappedCount => ({ atLeast: n });
export const unknown = (reason: string): UnknownCount => ({ unknown: reason });

/** The number that is known to be there: 0 where nothing is known. For ordering and for "is there any", never to show. */
export function knownAmount(count: Count | undefined): number {
  if (count === undefined || 'unknown' in count) return 0;
  return 'exact' in count ? count.exact : count.atLeast;
}

/**
 * The sum. Where a part is capped or unknown it is a lower bound, so that one part that cannot be counted hides no
 * other; unknown, with the first reason, where nothing else is known to be there.
 */
export function sumCounts(counts: readonly Count[]): Count {
  const missing = counts.find((count): count is UnknownCount => 'unknown' in count);
  const total = counts.reduce((sum, count) => sum + knownAmount(count), 0);
  if (missing !== undefined && total === 0) return missing;
  return missing !== undefined || counts.some(count => 'atLeast' in count) ? atLeast(total) : exactly(total);
}
