import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber } from '../../inspector/present/format';
import { knownAmount } from '../../model';
import type { App } from '../app';
import { setContextKey } from '../context-keys';
import { askReason } from '../findings/findings-view';
import { type FindingRow, findingMarkdown } from '../findings/model';
import { brokerIcon } from '../tree/model/icons';
import { connectionOf } from '../tree/model/row';
import type { CommandTable } from './command';
import { copy } from './rows';

/** What belongs to no row. */
export const GENERAL: CommandTable = {
  'jobQueues.refresh': {
    needs: 'saved',
    run: async (app, id) => {
      const row = typeof id === 'string' ? app.brokers.row(id) : undefined;
      const only = row === undefined ? null : connectionOf(row.subject);
      const wanted = app.inspector.connections.filter(({ profile }) => only === null || profile.id === only);
      await Promise.all(wanted.map(live => live.refresh('manual')));
    },
  },
  'jobQueues.findJob': {
    needs: 'connected',
    run: async app => (await import('../find-job')).findJob(app),
  },
  'jobQueues.openJournal': { run: app => app.panels.openJournal() },
  'jobQueues.showLog': { run: app => app.log.show() },
  'jobQueues.openSettings': {
    run: app => vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${app.context.extension.id}`),
  },
  'jobQueues.getStarted': {
    run: app => {
      const walkthrough = `${app.context.extension.id}#jobQueues.start`;
      return vscode.commands.executeCommand('workbench.action.openWalkthrough', walkthrough, false);
    },
  },
  'jobQueues.showFindings': { run: () => vscode.commands.executeCommand('jobQueues.findings.focus') },
  'jobQueues.refreshFindings': { needs: 'saved', run: app => app.findings.look() },
  'jobQueues.openFinding': {
    run: async (app, row) => {
      const seen = (row as FindingRow | undefined)?.finding ?? app.findings.view.selection[0]?.finding;
      if (seen === undefined || seen === null) return;
      setContextKey('jobQueues.didOpenFinding', true);
      const { rule, subject } = seen.finding;
      await app.panels.openFinding({ connection: seen.connection?.id ?? null, rule, subject });
    },
  },
  'jobQueues.copyFinding': {
    run: async (_app, row) => {
      const seen = (row as FindingRow | undefined)?.finding;
      if (seen) await copy([findingMarkdown(seen)]);
    },
  },
  'jobQueues.hideFindingForDay': {
    run: async (app, row) => {
      const seen = (row as FindingRow | undefined)?.finding;
      if (seen) await app.findings.hide(seen, 'day');
    },
  },
  'jobQueues.hideFindingAlways': {
    run: async (app, row) => {
      const seen = (row as FindingRow | undefined)?.finding;
      const reason = seen ? await askReason(seen.finding.title) : null;
      if (seen && reason !== null) await app.findings.hide(seen, { reason });
    },
  },
  'jobQueues.showMenu': { run: showMenu },
};

/** The quick pick behind the status bar item. */
async function showMenu(app: App): Promise<void> {
  const connections = app.inspector.connections.map(live => {
    const counts = live.installations.flatMap(
      ({ installation, overview }) => overview?.counts[installation.system.facts.troubleState] ?? [],
    );
    const failed = counts.reduce((sum, count) => sum + knownAmount(count), 0);
    const none = counts.some(count => 'unknown' in count) ? t('failures not known') : t('{0} failed', '0');
    const known = failed > 0 ? t('{0} failed', formatNumber(failed)) : none;
    return {
      label: `$(${brokerIcon(live.profile.url)}) ${live.profile.name}`,
      description: live.state.kind === 'live' ? known : t('not connected'),
      run: () => app.brokers.revealConnection(live.profile.id),
    };
  });
  const run = (command: string) => () => vscode.commands.executeCommand(command);
  const entries = [
    ...connections,
    { label: '', kind: vscode.QuickPickItemKind.Separator, run: () => undefined },
    { label: `$(error) ${t('Show all failures')}`, run: run('jobQueues.showFailures') },
    { label: `$(search) ${t('Find job…')}`, run: run('jobQueues.findJob') },
    { label: `$(history) ${t('Open journal')}`, run: run('jobQueues.openJournal') },
  ];
  await (await vscode.window.showQuickPick(entries, { title: t('Job Queues') }))?.run();
}
