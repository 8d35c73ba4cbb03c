/** A text that is no Python literal (or no JSON), with the place where that shows. */
export class LiteralError extends Error {
  override readonly name = 'LiteralError';
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units, as editors count. */
  readonly column: number;
  /** 0-based, in UTF-16 units. */
  readonly offset: number;
  /** What is wrong and what was expected, without the place. */
  readonly reason: string;

  constructor(reason: string, text: string, offset: number) {
    const at = Math.min(offset, text.length);
    const { line, column } = placeOf(text, at);
    super(`line ${line}, column ${column}: ${reason}`);
    this.reason = reason;
    this.line = line;
    this.column = column;
    this.offset = at;
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}
