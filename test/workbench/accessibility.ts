/** What axe-core finds wrong with a page: WCAG 2.2, levels A and AA. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/setup/paths.mjs';
import type { Workbench } from './support';

/** The part of axe's answer that we read (axe-core 4.14, `AxeResults`). */
interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

const AXE = join(root, 'node_modules', 'axe-core', 'axe.min.js');
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };

/**
 * Looks at the webview that is in sight.
 * @returns one line per violation and element: `color-contrast: .row > span: …`; empty when there is none
 */
export async function accessibilityProblems(workbench: Workbench): Promise<string[]> {
  const body = await workbench.webview().locator('body').elementHandle();
  const frame = await body?.ownerFrame();
  if (frame === undefined || frame === null) throw new Error('No webview is in sight.');
  // The frame is transparent: what stands behind it belongs to the workbench, and axe would take it for white.
  await frame.evaluate("document.documentElement.style.backgroundColor = 'var(--vscode-editor-background)'");
  // Evaluated from outside, so that the page's content security policy can stay as it is.
  await frame.evaluate(readFileSync(AXE, 'utf8'));
  const violations: Violation[] = await frame.evaluate(
    `axe.run(document, ${JSON.stringify(RULES)}).then(r => r.violations)`,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => `${id}: ${node.target.join(' ')}: ${node.failureSummary ?? help}`),
  );
}
