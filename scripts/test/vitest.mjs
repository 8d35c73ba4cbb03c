import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';
import { nothing } from './outcome.mjs';
import { runNode } from './processes.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */
/** @typedef {{ fullName: string, status: string, failureMessages?: string[] }} Assertion */
/** @typedef {{ testResults: { name: string, status: string, message?: string, assertionResults: Assertion[] }[] }} Report */

/**
 * Runs one project of vitest and reads its report. A run that crashed, or failed outside of any test, counts as one
 * failure more.
 * @param {string} project
 * @param {number} timeoutMs
 * @returns {Promise<Outcome>}
 */
export async function runVitest(project, timeoutMs) {
  const folder = mkdtempSync(join(tmpdir(), 'jqi-report-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', project, ...reporters];
  const { code, output } = await runNode(args, { timeoutMs, show: true });
  try {
    return readReport(JSON.parse(readFileSync(file, 'utf8')), project, code);
  } catch {
    const reasons = [`${project} › no report was written\n${output.slice(-2000)}`];
    return { passed: 0, failed: 1, skipped: 0, reasons };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What a report of vitest amounts to.
 * @param {Report} report
 * @param {string} project for the lines that say what failed
 * @param {number} code how the run ended
 * @returns {Outcome}
 */
export function readReport(report, project, code) {
  const outcome = nothing();
  /** @type {string[]} */
  const unsteady = [];
  for (const file of report.testResults) {
    const where = `${project} › ${file.name.replace(`${root}/`, '')}`;
    const broken = file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed');
    let notRun = 0;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') {
        outcome.passed++;
        // One that passed at once has no failure to tell of.
        const [first] = test.failureMessages ?? [];
        if (first !== undefined) unsteady.push(`${where} › ${test.fullName}: ${first.split('\n')[0]}`);
      } else if (test.status === 'failed') {
        outcome.failed++;
        outcome.reasons.push(`${where} › ${test.fullName}`);
      } else if (broken) notRun++;
      else {
        outcome.skipped++;
        outcome.reasons.push(`${where} › ${test.fullName} was skipped by its own condition`);
      }
    }
    if (broken) {
      // What stood in a file that broke outside of its tests has not passed: each of them counts.
      outcome.failed += Math.max(notRun, 1);
      outcome.reasons.push(
        `${where}: ${Math.max(notRun, 1)} not run: ${file.message || 'its set-up failed (see above)'}`,
      );
    }
  }
  if (code !== 0 && outcome.failed === 0) {
    outcome.failed++;
    outcome.reasons.push(`${project} › the run ended with code ${code}, though no test failed (see above)`);
  }
  return unsteady.length === 0 ? outcome : { ...outcome, unsteady };
}
