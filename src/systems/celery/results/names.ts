/** Names that repeat, each kept once: statuses, tasks, queues. */
export class Names {
  readonly #texts: (string | null)[] = [null];
  readonly #numbers = new Map<string, number>();

  /** 0 for none, and for those beyond what 16 bits can number: these are read from the result itself. */
  numberOf(text: string | null): number {
    if (text === null) return 0;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length > 65_535 || text.length > LONGEST) return 0;
    const number = this.#texts.length;
    this.#texts.push(text);
    this.#numbers.set(text, number);
    return number;
  }

  /** The number of a text that is known; undefined where nothing has it. */
  known(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  textOf(number: number): string | null {
    return this.#texts[number] ?? null;
  }

  get size(): number {
    return this.#texts.length - 1;
  }
}

const LONGEST = 500;
