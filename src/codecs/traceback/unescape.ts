/**
 * A traceback that some framework has put through `repr` or JSON twice comes as one line with `\n` written out, often
 * in quotes. Such a line is unfolded; anything else is returned as it is.
 */
export function unescapeOneLine(text: string): string {
  const trimmed = text.trim();
  if (/[\r\n]/.test(trimmed)) {
    return text;
  }
  const folded =
    /Traceback \(most recent call last\):\\r?\\?n?/.test(trimmed) ||
    /\\n {2}File \\?"/.test(trimmed) ||
    /\\n {4}at /.test(trimmed);
  if (!folded || !trimmed.includes('\\n')) {
    return text;
  }
  const quote = trimmed[0];
  const quoted = (quote === '"' || quote === "'") && trimmed.length > 1 && trimmed.endsWith(quote);
  const inner = quoted ? trimmed.slice(1, -1) : trimmed;
  return inner.replace(/\\([nrt'"\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', "'": "'", '"': '"', '\\': '\\' };
