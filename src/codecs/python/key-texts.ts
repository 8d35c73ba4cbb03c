import { quoteText } from './quote';

/** Keys below this length are worth keeping. */
export const SHORT_KEY = 32;
const PLACES = 64;

/**
 * Dict keys with their colons. The dicts of a list mostly have the same keys at the same places, and pickle's memo makes
 * them the very same strings: the last text of each place is kept, which saves a third of rendering such a list.
 */
export class KeyTexts {
  private readonly keys: string[] = [];
  private readonly texts: string[] = [];

  /** `'key': ` for the key that stands at this place of its dict. */
  of(key: string, place: number): string {
    if (this.keys[place] === key) return this.texts[place]!;
    const text = `${quoteText(key)}: `;
    if (place < PLACES) {
      this.keys[place] = key;
      this.texts[place] = text;
    }
    return text;
  }
}
