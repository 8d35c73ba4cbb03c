/** A folder that comes to be trusted while it is open, without any broker. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import { removeFolder, temporaryFolder } from '../support';
import { type OpenedWorkbench, openWorkbench, sharedByTests } from './support';

const folder = temporaryFolder('trusting');
let workbench: OpenedWorkbench;

beforeAll(async () => {
  cpSync(join(root, 'test', 'workspaces', 'case-b'), folder, { recursive: true });
  workbench = await openWorkbench({ folder, workspaceTrust: true });
  workbench.page.setDefaultTimeout(20_000);
  await workbench.showJobQueues();
});

sharedByTests(() => workbench);

afterAll(async () => {
  await workbench?.[Symbol.asyncDispose]();
  removeFolder(folder);
});

test('its files are looked at as soon as they may be', async () => {
  await workbench.row('Not checked', 'Findings').waitFor();
  expect((await workbench.rows('Findings')).map(row => row.label)).toEqual(['Not checked']);
  await workbench.page.getByText('Manage trust').click();
  await workbench.page.getByRole('button', { name: 'Trust', exact: true }).first().click();
  await workbench.row('Trouble', 'Findings').or(workbench.row('Warnings', 'Findings')).first().waitFor();
});
