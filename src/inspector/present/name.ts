/** How names and ids are shortened where there is no room; whole ones stand in panels and copies. */

const HEX = /^(?:[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const LONGEST = 20;

/** A UUID or hex id by its first 8 characters, another long one cut in the middle so that both ends show. */
export function shortId(id: string): string {
  if (HEX.test(id)) return id.slice(0, 8);
  const points = [...oneLine(id)];
  if (points.length <= LONGEST) return points.join('');
  return `${points.slice(0, 9).join('')}…${points.slice(-10).join('')}`;
}

/** The last part of a dotted name, with its class where there is one: `charge_card`, `Mailer.send`. */
export function shortTask(name: string): string {
  const clean = oneLine(name);
  const parts = clean.split(/[.:]/).filter(part => part !== '');
  const last = parts.at(-1);
  if (last === undefined) return clean;
  const before = parts.at(-2);
  return before !== undefined && /^[A-Z][A-Za-z0-9_]*$/.test(before) ? `${before}.${last}` : last;
}

/** Text cut at the end with `…`; never splits a surrogate pair, never longer than `max` characters. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(max - 2)) ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}

/** Line breaks and other control characters as one space: what a broker holds never breaks a row. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}
