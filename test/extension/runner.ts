/**
 * Runs the in-host suite (its bundle is the first argument); each result becomes a line on standard output, with
 * REPORT_PREFIX before its JSON. In the browser workbench, or in a desktop VS Code where one is named.
 */
import { root } from '../../scripts/setup/paths.mjs';
import { openBrowser } from '../support/browser';
import { removeFolder, temporaryFolder } from '../support/folders';
import { startRedis, type TestRedis } from '../support/redis';
import { startWorkbench } from '../support/workbench';
import { REPORT_PREFIX } from './harness';

const LIMIT_MS = 170_000;

const [testsPath] = process.argv.slice(2);
if (testsPath === undefined) throw new Error('The bundle of the suite has to be named.');
const onScreen = process.env['VSCODE_PATH'] !== undefined || process.env['JQI_DESKTOP'] !== undefined;
process.exitCode = onScreen ? await onDesktop(testsPath) : await inBrowser(testsPath);

/** The suites talk to this broker, which the extension knows as `shop-local`. */
function brokerVariables(redis: TestRedis): Record<string, string> {
  return { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: redis.url };
}

async function inBrowser(tests: string): Promise<number> {
  await using redis = await startRedis({ password: 'in-host' });
  await using server = await startWorkbench({ testsPath: tests, env: brokerVariables(redis) });
  await using browser = await openBrowser();
  const { page } = browser;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<number>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The suite has not ended after ${LIMIT_MS} ms.`)), LIMIT_MS);
    void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  });
  await page.exposeFunction('codeAutomationLog', (_type: string, values: readonly unknown[]) => {
    for (const value of values)
      if (typeof value === 'string' && value.startsWith(REPORT_PREFIX)) process.stdout.write(`${value}\n`);
  });
  try {
    await page.goto(server.url);
    const code = await ended;
    if (code !== 0) process.stderr.write(server.logs('remoteexthost').slice(-4000));
    return code;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * In a desktop VS Code: the one that VSCODE_PATH names, or, where its download host can be reached, one that
 * JQI_DESKTOP names by its version (`1.105.1`, `stable`). It writes the console of the suite to our standard output.
 */
async function onDesktop(tests: string): Promise<number> {
  const { runTests } = await import('@vscode/test-electron');
  await using redis = await startRedis({ password: 'in-host' });
  const home = temporaryFolder('desktop');
  const executable = process.env['VSCODE_PATH'];
  const which =
    executable === undefined
      ? { version: process.env['JQI_DESKTOP'] ?? 'stable' }
      : { vscodeExecutablePath: executable };
  const places = [`--user-data-dir=${home}/data`, `--extensions-dir=${home}/extensions`];
  try {
    return await runTests({
      ...which,
      extensionDevelopmentPath: root,
      extensionTestsPath: tests,
      extensionTestsEnv: brokerVariables(redis),
      launchArgs: [...places, '--disable-extensions', '--disable-workspace-trust'],
    });
  } finally {
    removeFolder(home);
  }
}
