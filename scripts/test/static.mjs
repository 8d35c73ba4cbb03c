import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { sum } from './outcome.mjs';
import { runNode } from './processes.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

const bin = (/** @type {string[]} */ ...path) => join(root, 'node_modules', ...path);

const CHECKS = [
  { name: 'types', args: [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', '.'] },
  { name: 'types of the webviews', args: [bin('typescript', 'bin', 'tsc'), '--noEmit', '-p', 'src/webview'] },
  { name: 'lint and format', args: [bin('@biomejs', 'biome', 'bin', 'biome'), 'check', '.'] },
];

/** Types, lint and format: one result each. @returns {Promise<Outcome>} */
export async function runStatic() {
  const outcomes = await Promise.all(
    CHECKS.map(async ({ name, args }) => {
      const { code, output } = await runNode(args, { timeoutMs: 5 * 60_000 });
      if (code === 0) return { passed: 1, failed: 0, skipped: 0, reasons: [] };
      return { passed: 0, failed: 1, skipped: 0, reasons: [`static › ${name}\n${output.trim()}`] };
    }),
  );
  return sum(outcomes);
}
