/** Tables in the documents are made of the code: `npm run reference` writes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { referenceParts, withParts } from '../../../scripts/reference/tables';
import { root } from '../../../scripts/setup/paths.mjs';

test('docs/inspect.md tells of every option and action as they are now', () => {
  const document = readFileSync(join(root, 'docs', 'inspect.md'), 'utf8');
  expect(withParts(document, referenceParts())).toBe(document);
});

test('a part whose place is missing is an error', () => {
  expect(() => withParts('# No places', { options: '' })).toThrow('<!-- options -->');
});
