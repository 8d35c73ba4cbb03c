/** What the extension weighs, how long it takes to come up in a real extension host, and its silence while hidden. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makePackage } from '../scripts/package.mjs';
import { root } from '../scripts/setup/paths.mjs';
import { bundleTool } from '../scripts/tool.mjs';
import { createInspector, openLink } from '../src/inspector';
import type { ConnectionProfile } from '../src/inspector/api';
import { systems } from '../src/systems';
import {
  clientOf,
  openBrowser,
  removeFolder,
  startRedis,
  startWorkbench,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../test/support';
import { nothingKnown } from '../test/support/surroundings';
import type { BenchResult } from './result';
import { median } from './support/measure';

const FIRST_CHUNK = 400_000;
const PACKAGE = 2_000_000;
const PAGE_LIMIT = 100_000;
const ACTIVATION_MS = 50;
/** Extension hosts that are started to see it come up; the first one also fills caches of the disk. */
const ACTIVATIONS = 5;
const HIDDEN_MS = 5000;
/** What the suite in the extension host writes before its figure. */
const ACTIVATED = 'JQI-ACTIVATED ';

export async function run(): Promise<BenchResult[]> {
  return [...chunks(), await packaged(), await activation(), await silence()];
}

interface Meta {
  readonly firstChunkBytes: number;
  readonly outputs: Readonly<Record<string, Output>>;
}

interface Output {
  readonly bytes: number;
}

function chunks(): BenchResult[] {
  const meta = JSON.parse(readFileSync(join(root, 'dist', 'meta.json'), 'utf8')) as Meta;
  const pages = Object.entries(meta.outputs).filter(([name]) => /^dist\/webview\/[^/]+\.js$/.test(name));
  const largest = Math.max(...pages.map(([, { bytes }]) => bytes));
  return [
    {
      name: 'first chunk of the extension, in bytes',
      ratio: meta.firstChunkBytes,
      bound: FIRST_CHUNK,
      better: 'lower',
      detail: `${kilobytes(meta.firstChunkBytes)}: all that activation loads, as one file`,
    },
    {
      name: 'largest script of a page, in bytes',
      ratio: largest,
      bound: PAGE_LIMIT,
      better: 'lower',
      detail: pages.map(([name, { bytes }]) => `${name.slice('dist/webview/'.length)} ${kilobytes(bytes)}`).join(', '),
    },
  ];
}

async function packaged(): Promise<BenchResult> {
  const folder = temporaryFolder('package');
  try {
    const { file, contents } = await makePackage(join(folder, 'job-queue-inspector.vsix'));
    return {
      name: '.vsix, in bytes',
      ratio: statSync(file).size,
      bound: PACKAGE,
      better: 'lower',
      detail: `${contents.length} files`,
    };
  } finally {
    removeFolder(folder);
  }
}

/** In a real extension host: the time of `activate()`, with the loading of our chunks, as its caller sees it. */
async function activation(): Promise<BenchResult> {
  const suite = await bundleTool('bench/support/in-host', { external: ['vscode'], target: 'node22' });
  const times: number[] = [];
  for (let round = 0; round < ACTIVATIONS; round++) {
    await using server = await startWorkbench({ testsPath: suite });
    await using browser = await openBrowser();
    let line = '';
    await browser.page.exposeFunction('codeAutomationLog', (_type: string, values: readonly unknown[]) => {
      for (const value of values) if (typeof value === 'string' && value.startsWith(ACTIVATED)) line = value;
    });
    await browser.page.exposeFunction('codeAutomationExit', () => undefined);
    await browser.page.goto(server.url);
    await waitFor(() => line !== '', {
      what: 'the extension to come up',
      timeout: 60_000,
      explain: () => server.logs('remoteexthost').slice(-4000),
    });
    times.push(Number(line.slice(ACTIVATED.length)));
  }
  return {
    name: 'activation in a real extension host, in ms',
    ratio: median(times),
    bound: ACTIVATION_MS,
    better: 'lower',
    detail: `median of ${ACTIVATIONS} fresh hosts: ${times.map(time => time.toFixed(0)).join(', ')} ms`,
  };
}

/** Commands that reach the broker while nothing is in sight; it would look every second if something were. */
async function silence(): Promise<BenchResult> {
  await using redis = await startRedis();
  const client = clientOf(redis);
  await client.sadd('rq:queues', 'rq:queue:default');
  await client.rpush('rq:queue:default', 'job-1');
  const folder = temporaryFolder('journal');
  const profile = { id: 'bench', name: 'bench', url: redis.url, environment: 'local', access: 'read-only' } as const;
  const inspector = await createInspector({
    profiles: { read: async (): Promise<ConnectionProfile[]> => [profile], write: async () => undefined, onDidChange },
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    systems,
    open: openLink,
    surroundings: nothingKnown,
    journal: { folder },
    refreshInterval: () => 1,
  });
  try {
    inspector.setVisible(true);
    await inspector.connection('bench')?.connect();
    const shown = await commandsWithin(client, redis);
    inspector.setVisible(false);
    // One that had begun while something was in sight may still end.
    await inspector.connection('bench')?.refresh('manual');
    const hidden = await commandsWithin(client, redis);
    if (shown === 0) throw new Error('Nothing was sent while something was in sight either.');
    return {
      name: `commands sent in ${HIDDEN_MS / 1000} s while everything is hidden`,
      ratio: hidden,
      bound: 0,
      better: 'lower',
      detail: `${shown} while something was in sight, refreshed every second`,
    };
  } finally {
    await inspector.dispose();
    client.disconnect();
    removeFolder(folder);
  }
}

/** Commands that the server ran for anybody but us, by its own count. */
async function commandsWithin(client: ReturnType<typeof clientOf>, { port }: TestRedis): Promise<number> {
  await client.config('RESETSTAT');
  await wait(HIDDEN_MS);
  const statistics = await client.info('commandstats');
  const calls = [...statistics.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].filter(
    ([, name]) => name !== 'config|resetstat',
  );
  if (statistics === '') throw new Error(`The Redis at port ${port} keeps no statistics.`);
  return calls.reduce((sum, [, , count]) => sum + Number(count), 0);
}

const onDidChange = () => () => undefined;

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;
