import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatNumber, joined, stateWord } from '../inspector/present/format';
import type { Installation, JobRow } from '../model';
import type { App } from './app';
import { themeIcon } from './tree/items';
import { STATE_ICONS } from './tree/model/icons';
import { jobLabel } from './tree/model/jobs';
import type { InstallationAddress } from './tree/model/row';

interface Hit extends vscode.QuickPickItem {
  readonly at?: InstallationAddress;
  readonly job?: JobRow;
}

/** Typing pauses for this long before brokers are asked. */
const PAUSE_MS = 250;

/** *Find Job…*: an id, part of one or `task:…` on every connected broker at once; results as they come. */
export function findJob(app: App): void {
  const pick = vscode.window.createQuickPick<Hit>();
  pick.title = t('Find job');
  pick.placeholder = t('An id, part of one, or task:name');
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  let running: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;
  pick.onDidChangeValue(value => {
    clearTimeout(timer);
    running?.abort();
    pick.items = [];
    pick.busy = false;
    if (value.trim() === '') return;
    timer = setTimeout(() => {
      running = new AbortController();
      void search(app, pick, value.trim(), running.signal);
    }, PAUSE_MS);
  });
  pick.onDidAccept(() => {
    const [hit] = pick.activeItems;
    if (hit?.job === undefined || hit.at === undefined) return;
    pick.hide();
    void app.panels.openJob({ at: hit.at, ref: hit.job.ref });
  });
  pick.onDidHide(() => {
    clearTimeout(timer);
    running?.abort();
    pick.dispose();
  });
  pick.show();
}

async function search(app: App, pick: vscode.QuickPick<Hit>, text: string, signal: AbortSignal): Promise<void> {
  pick.busy = true;
  const hits: Hit[] = [];
  const looked = new Map<string, number>();
  const failed: string[] = [];
  try {
    for await (const find of app.inspector.find(text, signal)) {
      if (signal.aborted) return;
      const name = app.inspector.connection(find.connection)?.profile.name ?? find.connection;
      if (find.kind === 'looked') looked.set(find.connection, find.looked);
      else if (find.kind === 'failed') failed.push(t('{0}: {1}', name, find.reason));
      else {
        hits.push(hitOf(find.connection, name, find.installation, find.row));
        pick.items = hits;
      }
    }
  } catch (thrown) {
    if (signal.aborted) return;
    app.log.error('finding a job', thrown);
    failed.push(thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (signal.aborted) return;
  pick.busy = false;
  if (hits.length === 0) pick.items = [nothing(app, text, looked, failed)];
}

function hitOf(connection: string, name: string, installation: Installation, job: JobRow): Hit {
  const word = stateWord(job, installation.system.facts);
  return {
    label: jobLabel(job),
    description: joined(word, job.queue === null ? t('on {0}', name) : t('{0} on {1}', job.queue, name)),
    detail: [job.id, job.args?.text].filter(part => part !== null && part !== undefined).join('  '),
    iconPath: themeIcon(STATE_ICONS[job.state]),
    alwaysShow: true,
    at: { connection, system: installation.system.id, key: installation.key },
    job,
  };
}

function nothing(app: App, text: string, looked: ReadonlyMap<string, number>, failed: readonly string[]): Hit {
  const live = app.inspector.connections.filter(({ state }) => state.kind === 'live').length;
  const brokers = live === 1 ? t('1 broker') : t('{0} brokers', formatNumber(live));
  const jobs = [...looked.values()].reduce((sum, n) => sum + n, 0);
  return {
    label: t('No job matches "{0}" on {1}.', text, brokers),
    detail: joined(
      jobs > 0 ? t('Looked at {0} jobs.', formatNumber(jobs)) : '',
      t('Finished jobs vanish when their result has expired.'),
      ...failed,
    ),
    alwaysShow: true,
  };
}
