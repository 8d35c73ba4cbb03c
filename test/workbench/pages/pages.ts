import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { root } from '../../../scripts/setup/paths.mjs';
import { type Theme, themeStyles } from './themes';

export type PageName = 'job' | 'enqueue' | 'bulk' | 'finding' | 'journal' | 'events';

/** What the stubbed host answers: a result, or `{failure}`; a function sees the parameters. */
export type Replies = Readonly<Record<string, unknown>>;

interface Sent {
  readonly method: string;
  readonly params: unknown;
}

const built = (file: string) => readFileSync(join(root, 'dist', 'webview', file), 'utf8');

/** The content security policy of the panels, but for the address of VS Code's own files. */
const POLICY =
  "default-src 'none'; script-src 'nonce-page'; style-src 'nonce-page'; font-src data:; img-src data:; connect-src 'none'";

/** A built page in a plain browser: its host is stubbed, its code, styles and policy are the real ones. */
export class PageUnderTest {
  readonly page: Page;
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', error => this.errors.push(error.message));
    page.on('console', message => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(
    context: BrowserContext,
    name: PageName,
    replies: Replies,
    theme: Theme = 'dark',
  ): Promise<PageUnderTest> {
    const page = await context.newPage();
    const under = new PageUnderTest(page);
    await page.route('http://page.test/', route =>
      route.fulfill({ contentType: 'text/html; charset=utf-8', body: shell(name, replies, theme) }),
    );
    await page.goto('http://page.test/');
    await page.locator('h1').first().waitFor();
    return under;
  }

  /** What the page has asked of its host, but for `load`. */
  async asked(): Promise<readonly Sent[]> {
    const all = await this.page.evaluate(() => (globalThis as unknown as { sent: Sent[] }).sent);
    return all.filter(one => one.method !== 'load');
  }

  async event(name: string, payload: unknown): Promise<void> {
    await this.page.evaluate(`window.postMessage(${JSON.stringify({ kind: 'event', name, payload })}, '*')`);
  }

  /** Violations of WCAG 2 A and AA, in words. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResults>(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`,
    );
    return violations.map(({ id, nodes }) => {
      const where = nodes.slice(0, 3).map(node => `${node.html} ${node.failureSummary ?? ''}`);
      return `${id}: ${where.join(' | ')}`;
    });
  }
}

function shell(name: PageName, replies: Replies, theme: Theme): string {
  const data = JSON.stringify(replies).replaceAll('<', '\\u003c');
  const host = `
    const replies = ${data};
    globalThis.sent = [];
    globalThis.acquireVsCodeApi = () => ({
      getState() {}, setState() {},
      postMessage(message) {
        if (message.kind !== 'request') return;
        globalThis.sent.push({ method: message.method, params: message.params });
        const reply = replies[message.method];
        const failure = reply && reply.failure;
        queueMicrotask(() => window.postMessage(failure ? { kind: 'failure', id: message.id, failure } : { kind: 'result', id: message.id, result: reply ?? null }, '*'));
      },
    });`;
  const codicons = built('codicon.css').replace(/@font-face\s*\{[^}]*\}/, '');
  return `<!doctype html><html lang="en"><head><title>${name}</title>
    <meta http-equiv="Content-Security-Policy" content="${POLICY}">
    <style nonce="page">${themeStyles(theme)}${codicons}${built(`${name}.css`)}</style></head>
    <body class="vscode-${theme}"><script nonce="page">${host}</script>
    <script nonce="page">${built(`${name}.js`).replaceAll('</script', '<\\/script')}</script></body></html>`;
}
