import { bundleTool } from '../tool.mjs';
import { failure, nothing } from './outcome.mjs';
import { runNode } from './processes.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/** Stands before each result that the suite reports (test/extension/harness.ts). */
const RESULT = 'JQI-RESULT ';

/** Bundles the suite. @returns {Promise<string>} the path that VS Code is told */
const bundleSuite = () => bundleTool('test/extension/index', { external: ['vscode'], target: 'node22' });

/** A stack without the host's loaders, which stand in it as addresses that hold their whole source. @param {string} stack */
function shortened(stack) {
  return stack
    .split('\n')
    .filter(line => !/\b(node:internal|data:text)/.test(line))
    .join('\n');
}

/** The suite inside a real extension host. @returns {Promise<Outcome>} */
export async function runExtension() {
  const [suite, runner] = await Promise.all([bundleSuite(), bundleTool('test/extension/runner')]);
  const { code, stdout, output } = await runNode([runner, suite], { timeoutMs: 3 * 60_000 });
  const outcome = nothing();
  for (const line of stdout.split('\n')) {
    const start = line.indexOf(RESULT);
    if (start < 0) continue;
    const { name, failure: why } = JSON.parse(line.slice(start + RESULT.length));
    if (why === undefined) outcome.passed++;
    else {
      outcome.failed++;
      outcome.reasons.push(`extension › ${name}\n${shortened(why)}`);
    }
  }
  if (outcome.passed + outcome.failed === 0) return failure(`extension › no test was run\n${output.slice(-4000)}`);
  if (code !== 0 && outcome.failed === 0) {
    outcome.failed++;
    outcome.reasons.push(`extension › the run ended with code ${code}\n${output.slice(-2000)}`);
  }
  return outcome;
}

if (process.argv.includes('--bundle-only')) await bundleSuite();
