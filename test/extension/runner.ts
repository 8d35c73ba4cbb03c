/**
 * Runs the in-host suite (its bundle is the first argument) and prints each result as a line of JSON on standard
 * output: in desktop VS Code where VSCODE_PATH names one, else in the browser workbench.
 */
import { root } from '../../scripts/setup/paths.mjs';
import { openBrowser } from '../support/browser';
import { removeFolder, temporaryFolder } from '../support/folders';
import { startProcess } from '../support/process';
import { startWorkbench, strippedEnvironment } from '../support/workbench';
import { REPORT_PREFIX } from './harness';

const LIMIT_MS = 170_000;

const [testsPath] = process.argv.slice(2);
if (testsPath === undefined) throw new Error('The bundle of the suite has to be named.');
const desktop = process.env['VSCODE_PATH'];
process.exitCode = desktop === undefined ? await inBrowser(testsPath) : await onDesktop(desktop, testsPath);

/** Passes on the lines of results that a text holds. */
function report(text: string): void {
  for (const line of text.split('\n')) {
    const start = line.indexOf(REPORT_PREFIX);
    if (start >= 0) process.stdout.write(`${line.slice(start + REPORT_PREFIX.length)}\n`);
  }
}

async function inBrowser(tests: string): Promise<number> {
  await using server = await startWorkbench({ testsPath: tests });
  await using browser = await openBrowser();
  const { page } = browser;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<number>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`The suite has not ended after ${LIMIT_MS} ms.`)), LIMIT_MS);
    void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  });
  await page.exposeFunction('codeAutomationLog', (_type: string, values: readonly unknown[]) => {
    for (const value of values) if (typeof value === 'string') report(value);
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

/** As @vscode/test-electron starts it, with a VS Code that is already on this machine. */
async function onDesktop(executable: string, tests: string): Promise<number> {
  const home = temporaryFolder('desktop');
  const flags = [
    '--no-sandbox',
    '--disable-gpu-sandbox',
    '--disable-updates',
    '--skip-welcome',
    '--skip-release-notes',
  ];
  const places = [`--user-data-dir=${home}/data`, `--extensions-dir=${home}/extensions`];
  const under = [`--extensionDevelopmentPath=${root}`, `--extensionTestsPath=${tests}`, '--disable-workspace-trust'];
  await using vscode = await startProcess(executable, [...flags, ...places, ...under], { env: strippedEnvironment() });
  const code = await vscode.exited;
  report(vscode.output());
  removeFolder(home);
  return code;
}
