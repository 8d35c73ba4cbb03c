/** Tables in the documents are made of the code: `npm run reference` writes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { referenceParts, withParts } from '../../../scripts/reference/tables';
import { root } from '../../../scripts/setup/paths.mjs';
import { RULES as celeryRules } from '../../../src/systems/celery/rules';
import { RULES as rqRules } from '../../../src/systems/rq/rules';

test('docs/inspect.md tells of every option and action as they are now', () => {
  const document = readFileSync(join(root, 'docs', 'inspect.md'), 'utf8');
  expect(withParts(document, referenceParts())).toBe(document);
});

test('docs/findings.md names every rule of the systems, and none that is not there', () => {
  const document = readFileSync(join(root, 'docs', 'findings.md'), 'utf8');
  const named = [...document.matchAll(/^\| `((?:rq|celery)\.[a-z-]+)` \|/gm)].map(([, rule]) => rule);
  expect(named.sort()).toEqual([...rqRules, ...celeryRules].map(({ id }) => id).sort());
});

test('a part whose place is missing is an error', () => {
  expect(() => withParts('# No places', { options: '' })).toThrow('<!-- options -->');
});
