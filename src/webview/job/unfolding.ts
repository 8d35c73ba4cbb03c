import type { OutlineNode } from '../../model';
import type { ValuePart } from '../../protocol';

const PAGE = 100;

type Ask = (part: ValuePart, path: string, from: number, count: number) => Promise<readonly OutlineNode[]>;

/** Which parts of values are unfolded, and what was read of them: a hundred children at a time. */
export class Unfolding {
  onChange: () => void = () => {};
  readonly #ask: Ask;
  readonly #children = new Map<string, readonly OutlineNode[]>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  children(part: ValuePart, path: string): readonly OutlineNode[] | undefined {
    return this.#children.get(`${part} ${path}`);
  }

  async toggle(part: ValuePart, path: string): Promise<void> {
    if (!this.#children.delete(`${part} ${path}`)) await this.more(part, path);
    this.onChange();
  }

  async more(part: ValuePart, path: string): Promise<void> {
    const known = this.children(part, path) ?? [];
    const next = await this.#ask(part, path, known.length, PAGE);
    this.#children.set(`${part} ${path}`, [...known, ...next]);
    this.onChange();
  }

  forget(): void {
    this.#children.clear();
  }
}
