/** `npm run demo`: the shop, and VS Code on it. Everything ends with this process. */
import { removeFolder, startProcess, startWorkbench, strippedEnvironment, temporaryFolder } from '../../test/support';
import { onPath, root } from '../setup/paths.mjs';
import { say, step } from '../setup/progress.mjs';
import { type CeleryShop, startCeleryShop, startRabbitShop } from './celery-shop';
import { checkDemo } from './check';
import { openGate } from './gate';
import { type DemoShop, startShop } from './shop';

type Environment = Readonly<Record<string, string>>;

/** What the extension is told: it adds these brokers to its connections, in memory only. */
function demoEnvironment(shop: DemoShop, rabbit: string | null): Record<string, string> {
  const more = rabbit === null ? {} : { JOB_QUEUES_DEMO_RABBITMQ: rabbit };
  return { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: shop.redis.url, ...more };
}

/** Runs the demo until it is ended. With `check` it retries a job through the user interface and returns. */
export async function runDemo(check: boolean): Promise<void> {
  endWhenTold();
  const home = temporaryFolder('demo');
  try {
    const shop = await step('Starting a private Redis and RQ workers', () => startShop(home));
    const celery = await step('Starting Celery workers and beat', () => startCeleryShop(shop));
    const rabbit = check ? null : await step('Starting a private RabbitMQ', () => startRabbitShop(shop));
    const environment = demoEnvironment(shop, rabbit?.told ?? null);
    const desktop = check ? undefined : desktopVsCode();
    if (desktop === undefined) await inBrowser(shop, environment, check ? celery : undefined);
    else await onDesktop(desktop, shop, environment, home);
  } finally {
    removeFolder(home);
  }
}

/** Desktop VS Code's command; not the one inside an SSH, WSL or container window, which cannot start a new VS Code. */
function desktopVsCode(): string | undefined {
  const remote = ['VSCODE_IPC_HOOK_CLI', 'SSH_CONNECTION'].some(name => process.env[name] !== undefined);
  return remote || process.getuid?.() === 0 ? undefined : onPath('code');
}

async function onDesktop(code: string, shop: DemoShop, environment: Environment, home: string): Promise<void> {
  const places = [`--user-data-dir=${home}/data`, `--extensions-dir=${home}/extensions`];
  const flags = ['--new-window', '--wait', '--skip-welcome', `--extensionDevelopmentPath=${root}`];
  const env = { ...strippedEnvironment(), ...environment };
  await using vscode = await startProcess(code, [...flags, ...places, shop.folder], { env });
  say('VS Code opens on the shop. Close its window, or press Ctrl+C here, to end the demo.');
  explain(shop);
  await vscode.exited;
}

/** @param checked what is checked without a screen; undefined shows it all to a person instead */
async function inBrowser(shop: DemoShop, environment: Environment, checked: CeleryShop | undefined): Promise<void> {
  const gate = await openGate();
  try {
    await using server = await step('Starting the workbench', () =>
      startWorkbench({
        folder: shop.folder,
        publicAddress: gate.address,
        workspaceTrust: true,
        env: environment,
      }),
    );
    if (server.socketPath !== undefined) gate.lead(server.socketPath);
    if (checked !== undefined) {
      await checkDemo(server, shop, checked);
      return;
    }
    process.stdout.write(`\nOpen this address (it works for nobody who does not have it):\n\n  ${server.url}\n\n`);
    explain(shop);
    say('Ctrl+C ends the demo and everything it started.');
    await new Promise(() => {});
  } finally {
    gate.close();
  }
}

function explain(shop: DemoShop): void {
  say(`Payments in euros fail until you delete ${shop.gatewaySwitch}; then retry one and see it finish.`);
}

/**
 * Ends this process when it is told to, and when npm or the terminal that started it is gone without a word: then
 * its parent is another one. Leaving ends every process and removes every folder (test/support).
 */
function endWhenTold(): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, code] of Object.entries(codes)) process.once(signal, () => process.exit(code));
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(143);
  }, 500).unref();
}
