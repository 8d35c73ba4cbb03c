/** The composition root: builds the parts, hands them to each other, and shows its own failure. */
import { config, t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { LiveConnection } from './inspector/api';
import type { App } from './vscode/app';
import { registerCommands } from './vscode/commands/register';
import { setContextKey } from './vscode/context-keys';
import { demoBrokers } from './vscode/demo';
import { JobDocuments } from './vscode/documents/provider';
import { FindingsView } from './vscode/findings/findings-view';
import { Log } from './vscode/log';
import { PAGES, Panels, viewType } from './vscode/panels/panels';
import { onSetting } from './vscode/settings';
import { Status } from './vscode/status';
import { BrokersView } from './vscode/tree/brokers-view';
import { RowDecorations } from './vscode/tree/decorations';
import type { FreshStore } from './vscode/tree/model/fresh';

/** Called by VS Code when a view, a command or a panel of ours is wanted. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const channel = vscode.window.createOutputChannel('Job Queues', { log: true });
  context.subscriptions.push(channel);
  const log = new Log(channel);
  try {
    const began = performance.now();
    await start(context, log);
    log.info(`up after ${Math.round(performance.now() - began)} ms`);
  } catch (thrown) {
    // VS Code itself says nothing about an extension that does not come up.
    log.error('starting', thrown);
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    void vscode.window.showErrorMessage(`Job Queue Inspector could not start: ${text}`);
    throw thrown;
  }
}

async function start(context: vscode.ExtensionContext, log: Log): Promise<void> {
  const bundle = vscode.l10n.uri?.fsPath;
  if (bundle !== undefined) config({ fsPath: bundle });
  const demo = demoBrokers(process.env);
  const { startInspector } = await import('./vscode/start');
  const inspector = await startInspector(context, log, demo);
  const brokers = new BrokersView(inspector, seenFailures(context));
  const findings = new FindingsView(inspector, log, context.globalState);
  const panels = new Panels();
  const documents = new JobDocuments();
  const app: App = { context, inspector, log, brokers, findings, panels, documents, demo: demo.length > 0 };
  panels.attach(app);
  documents.attach(app);
  context.subscriptions.push(
    brokers,
    findings,
    documents,
    new Status(inspector, brokers, findings),
    vscode.window.registerFileDecorationProvider(new RowDecorations()),
    ...registerCommands(app),
    ...PAGES.map(page =>
      vscode.window.registerWebviewPanelSerializer(viewType(page), {
        deserializeWebviewPanel: (panel, state) => panels.restore(panel, state),
      }),
    ),
    onSetting('times', () => brokers.update()),
    onSetting('arguments', () => brokers.update()),
    { dispose: () => void inspector.dispose() },
  );
  followSight(app);
  await setKeys(app);
}

/** Nothing is sent while nothing of ours is in sight; what is seen for the first time is connected. */
function followSight(app: App): void {
  const { brokers, findings, inspector, panels } = app;
  const greeted = new Set<string>();
  const look = () => {
    const visible = brokers.view.visible || findings.view.visible || panels.visible;
    inspector.setVisible(visible);
    if (visible) for (const live of inspector.connections) greet(app, live, greeted);
  };
  app.context.subscriptions.push(
    brokers.view.onDidChangeVisibility(look),
    findings.view.onDidChangeVisibility(look),
    panels.onDidChangeVisibility(look),
    { dispose: inspector.onDidChange(look) },
  );
  look();
}

/** Connects once by itself; after that, connecting again is the inspector's or the person's doing. */
function greet(app: App, live: LiveConnection, greeted: Set<string>): void {
  const { id, name } = live.profile;
  if (greeted.has(id)) return;
  greeted.add(id);
  if (live.state.kind !== 'disconnected') return;
  // What goes wrong stands in its row.
  live.connect().catch(thrown => app.log.error(t('connecting to {0}', name), thrown));
}

async function setKeys({ inspector, context, demo, log }: App): Promise<void> {
  setContextKey('jobQueues.demo', demo);
  const follow = () => {
    setContextKey('jobQueues.hasConnections', inspector.connections.length > 0);
    if (inspector.connections.some(({ state }) => state.kind === 'live')) setContextKey('jobQueues.didConnect', true);
  };
  context.subscriptions.push({ dispose: inspector.onDidChange(follow) });
  follow();
  setContextKey('jobQueues.ready', true);
  const candidates = async () => {
    const found = await inspector.surroundings.brokers(AbortSignal.timeout(CANDIDATES_LIMIT_MS));
    setContextKey('jobQueues.hasCandidates', found.length > 0);
  };
  const look = () => void candidates().catch(thrown => log.error('looking for brokers in the folder', thrown));
  context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(look));
  look();
}

/** Ten thousand counts are not written at every refresh: the last ones of a while, and when the extension ends. */
function seenFailures(context: vscode.ExtensionContext): FreshStore {
  let latest = context.globalState.get<Readonly<Record<string, number>>>(SEEN_FAILURES, {});
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    void context.globalState.update(SEEN_FAILURES, latest);
  };
  context.subscriptions.push({ dispose: () => timer !== undefined && write() });
  return {
    get: () => latest,
    set: seen => {
      latest = seen;
      timer ??= setTimeout(write, SEEN_PAUSE_MS);
    },
  };
}

const SEEN_FAILURES = 'seenFailures';
const SEEN_PAUSE_MS = 5000;
const CANDIDATES_LIMIT_MS = 10_000;
