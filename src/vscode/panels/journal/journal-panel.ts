import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';
import type { JournalEntry } from '../../../inspector/api';
import { formatExact, formatSize, plural } from '../../../inspector/present/format';
import type { JournalEntryView, JournalPage, JournalView } from '../../../protocol';
import { askTyped } from '../../acting/confirm';
import { receiptText, undo } from '../../acting/receipt';
import type { App } from '../../app';
import { setting } from '../../settings';
import { writtenTime } from '../../tree/model/times';
import type { World } from '../../tree/model/world';
import { countsText, outcomeWord } from '../bulk/plan-view';
import { type Handlers, noParams } from '../channel';
import { exportJson } from '../export';
import { PagePanel } from '../page-panel';

/** What was changed, when, with undo. */
export class JournalPanel extends PagePanel<JournalPage> {
  readonly #app: App;

  constructor(app: App, panel: vscode.WebviewPanel) {
    super(app, 'journal', panel);
    this.#app = app;
    this.on(app.inspector.journal.onDidChange(() => this.send('changed', null)));
    this.load(t('Journal'), 'history', { page: 'journal' }, this.#handlers());
  }

  #handlers(): Handlers<JournalPage> {
    const byToken = v.object({ token: v.string() });
    const { journal } = this.#app.inspector;
    return {
      load: { params: noParams, run: () => this.#view() },
      items: {
        params: byToken,
        run: async ({ token }) => {
          const entry = (await journal.entries()).find(candidate => candidate.token === token);
          return (entry?.items ?? []).map(({ id, outcome, reason }) => ({
            id: id ?? '',
            outcome: outcomeWord(outcome),
            reason: reason ?? '',
          }));
        },
      },
      undo: {
        params: byToken,
        run: async ({ token }, signal) => {
          const receipt = await undo(this.#app, token, signal);
          return { text: receipt === null ? null : receiptText(receipt), undo: null, ref: null };
        },
      },
      exportAll: {
        params: noParams,
        run: async () => {
          await exportJson('journal.json', await journal.entries());
          return null;
        },
      },
      clear: {
        params: noParams,
        run: async () => {
          const word = t('clear');
          const typed = await askTyped(t('Clear the journal? It takes Undo away.'), word, false, false);
          if (typed !== null) await journal.clear();
          return null;
        },
      },
    };
  }

  async #view(): Promise<JournalView> {
    const entries = await this.#app.inspector.journal.entries();
    const world = this.#app.brokers.world();
    const isProduction = (id: string) => this.#app.inspector.connection(id)?.profile.environment === 'production';
    const days = setting('journal.keepDays');
    const kept = formatSize(entries.reduce((sum, { savedBytes }) => sum + savedBytes, 0));
    return {
      entries: entries.map(entry => entryView(entry, isProduction(entry.connection.id), world)),
      kept: t('Kept for {0} {1}; {2} now.', days, plural(days, t('day'), t('days')), kept),
    };
  }
}

function entryView(entry: JournalEntry, production: boolean, world: World): JournalEntryView {
  const states = {
    running: t('running'),
    done: countsText(entry.counts) || t('nothing was changed'),
    stopped: t('stopped: {0}', countsText(entry.counts) || t('nothing was changed')),
    undone: countsText(entry.counts),
  };
  return {
    token: entry.token,
    at: { text: writtenTime(entry.at, world), title: formatExact(entry.at, { locale: world.locale }) },
    title: entry.title,
    where: entry.where,
    production,
    outcome: states[entry.state],
    notUndoable: entry.state === 'undone' ? t('undone') : entry.notUndoable,
    saved: entry.savedBytes > 0 ? t('{0} kept', formatSize(entry.savedBytes)) : null,
  };
}
