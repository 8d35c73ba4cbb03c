/** Cutting a text without leaving half of something at its end. */

/** The text without a high surrogate whose partner was cut off. */
export function wholeCharacters(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}

/** The text without an escape that was cut in the middle. */
export function wholeEscapes(text: string): string {
  return wholeCharacters(text.replace(/(?<!\\)((?:\\\\)*)\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?$/, '$1'));
}
