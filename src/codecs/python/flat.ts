const last = { character: 0 };

/**
 * The same text in one piece. Text that was put together is a rope of its parts, which takes 32 bytes for each; asking
 * for a character makes one string of it. The character is kept lest the question be optimized away.
 */
export function flat(text: string): string {
  last.character = text.charCodeAt(0);
  return text;
}
