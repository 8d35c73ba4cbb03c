import { html, type TemplateResult } from 'lit';

/** Colours for Python values, as in the editor: strings, numbers, constants, and names that are called. */
const TOKEN =
  /(?<string>(?:[rbuRBU]{0,2})(?:'(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?))|(?<number>\b\d[\w.]*(?:e[+-]?\d+)?\b)|(?<constant>\b(?:None|True|False|inf|nan)\b)|(?<call>\b[A-Za-z_][\w.]*(?=\())|(?<keyword>\b(?:return|raise|if|else|for|in|or|and|not|def|class|lambda|yield|await|async|import|from|with|try|except|finally|while|is)\b)/g;

const LONGEST = 20_000;

/** The text with its tokens in spans; text beyond the first 20,000 characters stays plain. */
export function python(text: string): (TemplateResult | string)[] {
  const parts: (TemplateResult | string)[] = [];
  let at = 0;
  for (const match of text.slice(0, LONGEST).matchAll(TOKEN)) {
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0];
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push(html`<span class="py-${kind}">${match[0]}</span>`);
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}
