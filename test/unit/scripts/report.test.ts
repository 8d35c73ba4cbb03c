/** What the last line of `npm test` counts. */
import { expect, test } from 'vitest';
import { failure, inWords, sum } from '../../../scripts/test/outcome.mjs';
import { readReport } from '../../../scripts/test/vitest.mjs';

const result = (status: string) => ({ fullName: `a test that ${status}`, status });

function file(status: string, tests: readonly string[], message?: string) {
  const why = message === undefined ? {} : { message };
  return { name: '/x/a.test.ts', status, assertionResults: tests.map(result), ...why };
}

test('passed, failed and skipped tests are counted, and the latter two named', () => {
  const outcome = readReport({ testResults: [file('failed', ['passed', 'passed', 'failed', 'skipped'])] }, 'unit', 1);
  expect(inWords(outcome)).toBe('2 passed, 1 failed, 1 skipped');
  expect(outcome.reasons.join('\n')).toMatch(/a test that failed[\s\S]*a test that skipped was skipped/);
});

test('a file that could not be loaded is a failure, with its reason', () => {
  const outcome = readReport({ testResults: [file('failed', [], 'no such module')] }, 'unit', 1);
  expect(inWords(outcome)).toBe('0 passed, 1 failed');
  expect(outcome.reasons[0]).toContain('no such module');
});

test('tests that a broken set-up kept from running have failed, not been skipped', () => {
  const outcome = readReport({ testResults: [file('failed', ['skipped', 'skipped'])] }, 'unit', 1);
  expect(inWords(outcome)).toBe('0 passed, 2 failed');
});

test('a run that ends badly though no test failed is a failure', () => {
  const outcome = readReport({ testResults: [file('passed', ['passed'])] }, 'unit', 1);
  expect(inWords(outcome)).toBe('1 passed, 1 failed');
});

test('a test that passed at its second try only has passed, and is named with what the first said', () => {
  const steady = result('passed');
  const unsteady = { ...steady, fullName: 'a second try', failureMessages: ['Error: too slow\n    at a.ts'] };
  const report = { testResults: [{ ...file('passed', []), assertionResults: [steady, unsteady] }] };
  const outcome = readReport(report, 'systems', 0);
  expect(inWords(outcome)).toBe('2 passed, 0 failed');
  expect(sum([outcome, outcome]).unsteady).toEqual(
    Array(2).fill('systems › /x/a.test.ts › a second try: Error: too slow'),
  );
});

test('layers add up', () => {
  const good = readReport({ testResults: [file('passed', ['passed'])] }, 'unit', 0);
  expect(inWords(good)).toBe('1 passed, 0 failed');
  expect(inWords(sum([good, failure('it crashed'), good]))).toBe('2 passed, 1 failed');
});
