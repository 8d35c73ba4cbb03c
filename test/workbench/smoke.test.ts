/** The first look: the sidebar is there, in the oldest VS Code that is supported and, as a package, in the newest. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePackage } from '../../scripts/package.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { type OpenedWorkbench, openWorkbench } from './support';

const PACKAGE = join(root, 'test-results', 'job-queue-inspector.vsix');

describe.each([
  { title: 'VS Code 1.105, from the folder', which: 'minimum' as const },
  { title: 'the newest VS Code, as a package', which: 'newest' as const },
])('$title', ({ which }) => {
  let workbench: OpenedWorkbench | undefined;

  beforeAll(async () => {
    const vsix = which === 'newest' ? { vsix: (await makePackage(PACKAGE)).file } : {};
    workbench = await openWorkbench({ which, ...vsix });
  });

  afterAll(() => workbench?.[Symbol.asyncDispose]());

  test('the sidebar shows the views and offers to add a broker', async () => {
    if (workbench === undefined) throw new Error('The workbench did not open.');
    await workbench.page.locator('.activitybar').getByRole('tab', { name: 'Job Queues' }).click();
    const sidebar = workbench.page.locator('.part.sidebar');
    await sidebar.getByText('Brokers').first().waitFor();
    await sidebar.getByText('Add broker').first().waitFor();
    await workbench.screenshot(`smoke-${which}`);
    expect(workbench.server.logs('remoteexthost')).not.toMatch(/Activating extension \S+job-queue-inspector failed/);
  });
});
