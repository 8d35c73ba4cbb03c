import { randomBytes } from 'node:crypto';

export interface PageParts {
  /** Language of the display, for `<html lang>`. */
  readonly language: string;
  readonly title: string;
  readonly cspSource: string;
  readonly script: string;
  readonly styles: readonly string[];
  /** Translations of the display language; null in English. */
  readonly bundle: unknown;
  /** What the panel shows, for VS Code to keep over a reload of the window. */
  readonly address: unknown;
}

/**
 * The document around a page. Nothing runs in it but our one script, nothing is loaded but our style sheets and VS
 * Code's icon font; what came from a broker is never part of it.
 */
export function pageHtml(parts: PageParts): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${parts.cspSource}`,
    `font-src ${parts.cspSource}`,
  ].join('; ');
  const styles = parts.styles.map(href => `<link rel="stylesheet" href="${escaped(href)}">`).join('\n');
  const data = (name: string, value: unknown) =>
    value === null || value === undefined ? '' : `<meta name="${name}" content="${escaped(JSON.stringify(value))}">`;
  return `<!DOCTYPE html>
<html lang="${escaped(parts.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${data('job-queues-l10n', parts.bundle)}
${data('job-queues-panel', parts.address)}
${styles}
<title>${escaped(parts.title)}</title>
</head>
<body>
<script nonce="${nonce}" src="${escaped(parts.script)}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
