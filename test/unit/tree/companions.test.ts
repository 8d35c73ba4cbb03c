import { expect, test } from 'vitest';
import type { Companion } from '../../../src/model';
import { installationRow, sectionRows } from '../../../src/vscode/tree/model/installation';
import { tooltipLines } from '../../../src/vscode/tree/model/tooltip';
import { live, overview, view, world } from './fixtures';

const results = (given: Partial<Companion>): Companion => ({
  role: 'results',
  title: 'Result backend',
  state: 'missing',
  address: null,
  reason: 'No results were found in the databases of this Redis.',
  candidates: [],
  ...given,
});

function withCompanion(companion: Companion) {
  const plain = view(overview());
  return { ...plain, installation: { ...plain.installation, companions: [companion] } };
}

const rowOf = (companion: Companion) => {
  const rows = sectionRows(live(), withCompanion(companion), world());
  return rows.find(({ subject }) => subject.kind === 'companion');
};

test('a companion that nobody has named is a row that asks for it', () => {
  const row = rowOf(results({}));
  expect(row).toMatchObject({
    label: 'Result backend: not known',
    description: 'No results were found in the databases of this Redis.',
    click: 'set-companion',
    context: ';companion;',
  });
  if (row !== undefined) expect(tooltipLines(row, live(), world())).toContain('Click to say where it is.');
});

test('one that does not answer says why', () => {
  const row = rowOf(results({ state: 'failed', address: 'other:6379/1', reason: 'Connection refused.' }));
  expect(row).toMatchObject({ label: 'Result backend: not reached', description: 'Connection refused.' });
  expect(row?.icon).toEqual({ id: 'error', tint: 'failed' });
});

test('one that was found takes no row; the installation still offers to set it', () => {
  const found = results({ state: 'found', address: 'localhost:6379/1', reason: null });
  expect(rowOf(found)).toBeUndefined();
  expect(installationRow(live(), withCompanion(found), true).context).toContain(';companions;');
  expect(installationRow(live(), view(overview()), true).context).not.toContain(';companions;');
});
