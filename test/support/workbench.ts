/**
 * A real VS Code in a browser: the workbench and the extension host of the npm package code-server, with throw-away
 * settings, extensions and home, on a free port of the loopback address.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { codeServer } from '../../scripts/setup/code-server.mjs';
import { run } from '../../scripts/setup/command.mjs';
import { root } from '../../scripts/setup/paths.mjs';
import { removeFolder, temporaryFolder } from './folders';
import { freePort } from './ports';
import { startProcess } from './process';
import { waitFor } from './wait';

export interface WorkbenchOptions {
  /** The oldest VS Code that is supported (the default), or the newest. */
  readonly which?: 'minimum' | 'newest';
  /** The folder that is opened; an empty one unless told. */
  readonly folder?: string;
  /** User settings beside those that keep the workbench quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Runs the extension from its folder (this checkout unless told): the minimum workbench only. */
  readonly extensionFolder?: string;
  /** Installs this package instead. */
  readonly vsix?: string;
  /** A module with `run()` that the extension host runs instead of waiting for a person. */
  readonly testsPath?: string;
  /** Whether the folder must be trusted by the person first; off unless told. */
  readonly workspaceTrust?: boolean;
  /** Listens on a unix socket instead of a port, for a proxy that serves it at this address (with its last `/`). */
  readonly publicAddress?: string;
  /** Reaches the extension host. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface WorkbenchServer extends AsyncDisposable {
  /** What a browser opens: the folder and the extension are part of it. */
  readonly url: string;
  /** Set where it was asked to stand behind a proxy. */
  readonly socketPath: string | undefined;
  readonly folder: string;
  readonly home: string;
  /** What the server printed. */
  output(): string;
  /** The text of all logs whose path contains `name`: an output channel's, or `remoteexthost`. */
  logs(name: string): string;
  stop(): Promise<void>;
}

/** Settings that keep a workbench from doing what nobody asked for. */
const QUIET_SETTINGS: Readonly<Record<string, unknown>> = {
  'extensions.autoCheckUpdates': false,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.autoDetectColorScheme': false,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.editor.useModal': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
};

/**
 * Starts a workbench and waits until it serves (3 to 10 s).
 * @throws Error with what it printed when it does not come up
 */
export async function startWorkbench(options: WorkbenchOptions = {}): Promise<WorkbenchServer> {
  const { node, entry } = await codeServer(options.which ?? 'minimum');
  const home = temporaryFolder('workbench');
  const folder = options.folder ?? join(home, 'workspace');
  const data = join(home, 'data');
  mkdirSync(join(data, 'User'), { recursive: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(data, 'User', 'settings.json'),
    JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }, null, 2),
  );
  if (options.settings !== undefined) {
    // Settings that belong to a machine are read from there alone.
    mkdirSync(join(data, 'Machine'), { recursive: true });
    writeFileSync(join(data, 'Machine', 'settings.json'), JSON.stringify(options.settings, null, 2));
  }
  const places = ['--user-data-dir', data, '--extensions-dir', join(home, 'extensions')];
  const env = { ...strippedEnvironment(), HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, ...options.env };
  if (options.vsix !== undefined) {
    const clean = { ...process.env, ...env } as NodeJS.ProcessEnv;
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete clean[name];
    await run(node, [entry, ...places, '--install-extension', options.vsix, '--force'], { env: clean });
  }
  const place = await listening(options, home);
  const flags = [
    '--auth',
    'none',
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-getting-started-override',
  ];
  if (options.workspaceTrust !== true) flags.push('--disable-workspace-trust');
  const server = await startProcess(node, [entry, ...flags, ...place.flags, ...places, folder], { env, cwd: home });
  await waitFor(() => answers(place.health), {
    timeout: 60_000,
    every: 100,
    what: 'the workbench to serve',
    explain: server.output,
  });
  const stop = async () => {
    // The server's children (extension host, file watcher) end only by being killed; nothing of it is kept.
    await server.kill();
    removeFolder(home);
  };
  return {
    url: `${place.address}?${query(options, folder, new URL(place.address).host)}`,
    socketPath: place.socketPath,
    folder,
    home,
    output: server.output,
    logs: name => logsIn(join(data, 'logs'), name),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

interface Listening {
  readonly address: string;
  readonly socketPath: string | undefined;
  readonly flags: readonly string[];
  readonly health: RequestOptions;
}

/** Where the server listens: a free port, or below the (private) home folder a socket for this user alone. */
async function listening(options: WorkbenchOptions, home: string): Promise<Listening> {
  const path = '/healthz';
  if (options.publicAddress !== undefined) {
    const socketPath = join(home, 'workbench.sock');
    const flags = ['--socket', socketPath, '--socket-mode', '600'];
    return { address: options.publicAddress, socketPath, flags, health: { socketPath, path } };
  }
  const port = await freePort();
  const flags = ['--bind-addr', `127.0.0.1:${port}`];
  return { address: `http://127.0.0.1:${port}/`, socketPath: undefined, flags, health: { port, path } };
}

/** Whether a server answers a request at all. */
function answers(options: RequestOptions): Promise<boolean> {
  return new Promise(resolve => {
    const asked = request(options, response => {
      response.resume();
      resolve(true);
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/** What the page's address says: the folder, and for an extension under development where it is. */
function query(options: WorkbenchOptions, folder: string, authority: string): string {
  const remote = (path: string) => `vscode-remote://${authority}${path}`;
  const payload: [string, string][] = [];
  if (options.vsix === undefined) payload.push(['extensionDevelopmentPath', remote(options.extensionFolder ?? root)]);
  if (options.testsPath !== undefined) payload.push(['extensionTestsPath', remote(options.testsPath)]);
  return new URLSearchParams({ folder, payload: JSON.stringify(payload) }).toString();
}

/** Variables of an outer VS Code, npm or Node that would change how this one works. */
export function strippedEnvironment(): Record<string, undefined> {
  const names = Object.keys(process.env).filter(name => /^(VSCODE_|npm_|NODE_OPTIONS$|VITEST)/.test(name));
  return Object.fromEntries(names.map(name => [name, undefined]));
}

function logsIn(folder: string, name: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter(file => file.endsWith('.log') && file.includes(name))
    .map(file => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}
