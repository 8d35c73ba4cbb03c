/** Words that findings, plans and schedules of all systems share. */

/** `1 job`, `1,204 jobs`. */
export const count = (n: number, one: string, other = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : other}`;

/** `a, b and 3 more`; with `or` where one of them is to be chosen. */
export function names(list: readonly string[], shown = 3, word: 'and' | 'or' = 'and'): string {
  if (list.length <= shown) {
    return list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} ${word} ${list.at(-1)}`;
  }
  return `${list.slice(0, shown).join(', ')} ${word} ${list.length - shown} more`;
}

/** `3 min`, `2 h`, `4 d`. */
export function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.round(milliseconds / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A name in a command line for a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `every 5 min`, `every hour`, `every 90 s`; in seconds. */
export function everyText(interval: number): string {
  for (const [size, one, many] of UNITS) {
    if (interval >= size && interval % size === 0) {
      return interval === size ? `every ${one}` : `every ${interval / size} ${many}`;
    }
  }
  return `every ${interval} s`;
}

const UNITS = [
  [86_400, 'day', 'd'],
  [3600, 'hour', 'h'],
  [60, 'minute', 'min'],
] as const;
