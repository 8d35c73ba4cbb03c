/** Negative, 0 or positive, by the numbers between the dots; a missing one is 0. */
export function compareVersions(one: string, other: string): number {
  const left = one.split('.').map(part => Number.parseInt(part, 10) || 0);
  const right = other.split('.').map(part => Number.parseInt(part, 10) || 0);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
