/**
 * What a layer answers. Every failure and every skip has a line that says what and why; so has every test that passed
 * at its second try only.
 * @typedef {{ passed: number, failed: number, skipped: number, reasons: string[], unsteady?: string[] }} Outcome
 */

/** @returns {Outcome} */
export function nothing() {
  return { passed: 0, failed: 0, skipped: 0, reasons: [] };
}

/** @param {string} reason @returns {Outcome} */
export function failure(reason) {
  return { passed: 0, failed: 1, skipped: 0, reasons: [reason] };
}

/** @param {readonly Outcome[]} outcomes @returns {Outcome} */
export function sum(outcomes) {
  const total = nothing();
  for (const outcome of outcomes) {
    total.passed += outcome.passed;
    total.failed += outcome.failed;
    total.skipped += outcome.skipped;
    total.reasons.push(...outcome.reasons);
    if (outcome.unsteady !== undefined) total.unsteady = [...(total.unsteady ?? []), ...outcome.unsteady];
  }
  return total;
}

/** `12 passed, 0 failed`, and what was skipped when something was. @param {Outcome} outcome */
export function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
