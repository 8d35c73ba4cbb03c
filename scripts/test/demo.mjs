import { failure } from './outcome.mjs';
import { runNode } from './processes.mjs';

/** The demo, checked without a screen: one result. @returns {Promise<import('./outcome.mjs').Outcome>} */
export async function runDemoCheck() {
  const { code, output } = await runNode(['scripts/demo.mjs', '--check'], { timeoutMs: 5 * 60_000, show: true });
  if (code === 0) return { passed: 1, failed: 0, skipped: 0, reasons: [] };
  return failure(`demo › --check ended with code ${code}\n${output.slice(-2000)}`);
}
