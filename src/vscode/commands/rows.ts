import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { App } from '../app';
import { setContextKey } from '../context-keys';
import { failedPath } from '../tree/model/paths';
import { type addressOf, connectionOf, type Row } from '../tree/model/row';
import type { CommandTable } from './command';
import { pickInstallation } from './pick';
import { showWithheld } from './withheld';

/** What rows of the tree do beside their actions: open, copy, show more. */
export const ROWS: CommandTable = {
  'jobQueues.clickRow': {
    run: async (app, id) => {
      const row = typeof id === 'string' ? app.brokers.row(id) : undefined;
      if (row !== undefined) await click(app, row);
    },
  },
  'jobQueues.openJob': { run: (app, ...given) => openJobs(app, app.brokers.rowsOf(given[0], given[1]), false) },
  'jobQueues.openJobBeside': { run: (app, ...given) => openJobs(app, app.brokers.rowsOf(given[0], given[1]), true) },
  'jobQueues.openJobDocument': {
    run: async (app, ...given) => {
      const { openJobDocument } = await import('../documents/open');
      for (const row of app.brokers.rowsOf(given[0], given[1])) {
        const address = jobOf(row);
        if (address !== null) await openJobDocument(app, address, 'job');
      }
    },
  },
  'jobQueues.showCurrentJob': { run: (app, ...given) => openJobs(app, app.brokers.rowsOf(given[0], given[1]), false) },
  'jobQueues.beforeFocusedRow': { run: app => app.brokers.rememberSelection() },
  'jobQueues.selectFocusedRow': { run: app => app.brokers.selectFocused() },
  'jobQueues.renameSelected': { run: app => forKind(app, { connection: 'jobQueues.renameBroker' }) },
  'jobQueues.deleteSelected': {
    run: app =>
      forKind(app, {
        connection: 'jobQueues.removeBroker',
        job: 'jobQueues.deleteJob',
        queue: 'jobQueues.deleteQueue',
        schedule: 'jobQueues.removeSchedule',
        worker: 'jobQueues.forgetWorker',
      }),
  },
  'jobQueues.showMore': {
    run: async (app, ...given) => {
      const [row] = app.brokers.rowsOf(given[0], given[1]);
      if (row?.subject.kind === 'more') await app.brokers.showMore(row.subject.list);
    },
  },
  'jobQueues.copyId': {
    run: (app, ...given) => copy(app.brokers.rowsOf(given[0], given[1]).map(nameOf)),
  },
  'jobQueues.copyKeys': {
    run: (app, ...given) =>
      copy(
        app.brokers.rowsOf(given[0], given[1]).flatMap(({ subject }) => {
          const at = subject.kind === 'queue' ? subject.at : null;
          const live = at === null ? undefined : app.inspector.connection(at.connection);
          const queues = live?.installations.flatMap(({ overview }) => overview?.queues ?? []) ?? [];
          return queues.find(({ name }) => subject.kind === 'queue' && name === subject.queue)?.keys ?? [];
        }),
      ),
  },
  'jobQueues.copyJobJson': {
    run: async (app, ...given) => {
      const { jobText } = await import('../documents/open');
      const texts: string[] = [];
      for (const row of app.brokers.rowsOf(given[0], given[1])) {
        const address = jobOf(row);
        if (address !== null) texts.push(await jobText(app, address, 'job'));
      }
      await copy(texts);
    },
  },
  'jobQueues.copyCall': {
    run: async (app, ...given) => {
      const calls: string[] = [];
      for (const row of app.brokers.rowsOf(given[0], given[1])) {
        if (row.subject.kind === 'job') calls.push(await callOf(app, row.subject));
      }
      await copy(calls);
    },
  },
  'jobQueues.filterQueues': {
    needs: 'saved',
    run: async app => {
      const text = await vscode.window.showInputBox({
        title: t('Filter queues'),
        prompt: t('Shows only queues whose name contains this text. Empty shows all.'),
        value: app.brokers.filtered,
      });
      if (text !== undefined) app.brokers.filter(text.trim());
    },
  },
  'jobQueues.clearFilter': { run: app => app.brokers.filter('') },
  'jobQueues.showFailures': {
    needs: 'connected',
    run: async app => {
      const picked = await pickInstallation(app, t('Show all failures'));
      if (picked !== undefined) await app.brokers.reveal(failedPath(picked.at), { expand: true });
    },
  },
  'jobQueues.pinPanel': { run: app => app.panels.pin() },
};

async function click(app: App, row: Row): Promise<void> {
  if (row.click === 'show-withheld') return showWithheld(app, row);
  if (row.click === 'set-management') {
    const connection = connectionOf(row.subject);
    if (connection !== null) await (await import('../set-companion')).setManagement(app, connection);
    return;
  }
  const commands = {
    'show-more': 'jobQueues.showMore',
    'find-job': 'jobQueues.findJob',
    'show-log': 'jobQueues.showLog',
    connect: 'jobQueues.connect',
    refresh: 'jobQueues.refresh',
    'clear-filter': 'jobQueues.clearFilter',
    'set-companion': 'jobQueues.setCompanion',
    'open-job': 'jobQueues.openJob',
  } as const;
  if (row.click !== undefined) await vscode.commands.executeCommand(commands[row.click], row.id);
}

/** Runs the command that a key means on what is selected; a key that means nothing there does nothing. */
async function forKind(app: App, commands: Partial<Record<Row['subject']['kind'], string>>): Promise<void> {
  const [first] = app.brokers.rowsOf(undefined, undefined);
  const command = first === undefined ? undefined : commands[first.subject.kind];
  if (first === undefined || command === undefined) return;
  const same = app.brokers.rowsOf(undefined, undefined).filter(({ subject }) => subject.kind === first.subject.kind);
  await vscode.commands.executeCommand(
    command,
    first.id,
    same.map(({ id }) => id),
  );
}

async function openJobs(app: App, rows: readonly Row[], beside: boolean): Promise<void> {
  for (const row of rows) {
    const address = jobOf(row);
    if (address === null) continue;
    await app.panels.openJob(address, { beside });
    if (row.subject.kind === 'job' && ['failed', 'dead'].includes(row.subject.row.state)) {
      setContextKey('jobQueues.didOpenFailedJob', true);
    }
  }
}

/** The job that a row stands for or leads to. */
function jobOf({ subject }: Row): { at: NonNullable<ReturnType<typeof addressOf>>; ref: string } | null {
  if (subject.kind === 'job') return { at: subject.at, ref: subject.row.ref };
  if ((subject.kind === 'worker' || subject.kind === 'schedule') && subject.job !== null) {
    return { at: subject.at, ref: subject.job };
  }
  return null;
}

/** What Ctrl+C takes: the id of a job, the name of anything else. */
function nameOf({ subject, label }: Row): string {
  switch (subject.kind) {
    case 'job':
      return subject.row.id ?? subject.row.ref;
    case 'queue':
      return subject.queue;
    case 'worker':
      return subject.name;
    case 'schedule':
      return subject.id;
    default:
      return label;
  }
}

/** `payments.charge_card(4821, 'EUR')`; read again where the row holds the beginning of the arguments only. */
async function callOf(app: App, { at, row }: Extract<Row['subject'], { kind: 'job' }>): Promise<string> {
  const args = row.args?.text;
  if (args !== undefined && !args.includes('…')) return `${row.task ?? 'unknown'}${args}`;
  const [{ readJob }, { callText }] = await Promise.all([import('../documents/open'), import('../panels/job/call')]);
  return callText(await readJob(app, { at, ref: row.ref }, AbortSignal.timeout(READ_LIMIT_MS)));
}

const READ_LIMIT_MS = 30_000;

/** Copies lines and says so in the status bar. */
export async function copy(lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await vscode.env.clipboard.writeText(lines.join('\n'));
  const [only] = lines;
  const words = lines.length === 1 ? t('Copied: {0}', (only ?? '').slice(0, 60)) : t('Copied {0} lines', lines.length);
  vscode.window.setStatusBarMessage(`$(check) ${words}`, 3000);
}
