import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Inspector, LiveConnection } from '../inspector/api';
import { formatNumber, formatSpan } from '../inspector/present/format';
import { Disposables } from './disposables';
import type { FindingsView } from './findings/findings-view';
import { say } from './messages';
import { onSetting, setting } from './settings';
import type { BrokersView } from './tree/brokers-view';
import { accessWords, environmentWord } from './tree/model/connection';
import { allFailures } from './tree/model/fresh';

export interface StatusText {
  readonly text: string;
  readonly warning: boolean;
}

/** The text of the status bar item; null while no connection is in use. */
export function statusText(connections: readonly LiveConnection[], fresh: number, now: number): StatusText | null {
  const used = connections.filter(({ state }) => state.kind !== 'disconnected');
  const [first] = used;
  if (first === undefined) return null;
  const open = used.find(({ profile, access }) => profile.environment === 'production' && access.writable);
  if (open !== undefined) {
    const left = open.access.until === null ? '' : ` ${formatSpan(open.access.until - now)}`;
    return { text: `$(inbox) ${open.profile.name} $(unlock)${left}`, warning: true };
  }
  if (fresh > 0) {
    const words = fresh === 1 ? t('1 new failure') : t('{0} new failures', formatNumber(fresh));
    return { text: `$(inbox) ${words}`, warning: false };
  }
  const lost = used.find(({ state }) => state.kind === 'lost' || state.kind === 'refused');
  if (lost !== undefined) return { text: `$(inbox) ${lost.profile.name} $(debug-disconnect)`, warning: false };
  const production = used.find(({ profile }) => profile.environment === 'production');
  if (production !== undefined) return { text: `$(inbox) ${production.profile.name} $(lock)`, warning: false };
  return { text: `$(inbox) ${first.profile.name}`, warning: false };
}

/** The ambient state: one item in the status bar and the number on the view's icon. */
export class Status implements vscode.Disposable {
  readonly #inspector: Inspector;
  readonly #brokers: BrokersView;
  readonly #findings: FindingsView;
  readonly #item: vscode.StatusBarItem;
  readonly #disposables = new Disposables();
  #told = { fresh: 0, at: 0 };

  constructor(inspector: Inspector, brokers: BrokersView, findings: FindingsView) {
    this.#inspector = inspector;
    this.#brokers = brokers;
    this.#findings = findings;
    this.#item = this.#disposables.add(
      vscode.window.createStatusBarItem('jobQueues.status', vscode.StatusBarAlignment.Left, -100),
    );
    this.#item.name = t('Job Queues');
    this.#item.command = 'jobQueues.showMenu';
    this.#disposables.on(inspector.onDidChange(() => this.#update()));
    this.#disposables.add(findings.onDidLook(() => this.#update()));
    this.#disposables.add(onSetting('badge', () => this.#update()));
    this.#update();
  }

  #update(): void {
    const { connections } = this.#inspector;
    const fresh = connections.reduce((sum, live) => sum + this.#brokers.fresh.total(live), 0);
    this.#badge(fresh);
    this.#notify(fresh);
    const status = statusText(connections, fresh, Date.now());
    if (status === null) {
      this.#item.hide();
      return;
    }
    this.#item.text = status.text;
    setBackground(this.#item, status.warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined);
    const tooltip = connections.map(live => this.#line(live)).join('\n');
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `${t('Job Queues')}: ${tooltip}`, role: 'button' };
    this.#item.show();
  }

  /** Opt-in: gathered, at most one in five minutes. */
  #notify(fresh: number): void {
    const before = this.#told;
    if (fresh <= before.fresh) this.#told = { ...before, fresh };
    if (fresh <= before.fresh || !setting('notifyNewFailures') || Date.now() - before.at < NOTIFY_PAUSE_MS) return;
    this.#told = { fresh, at: Date.now() };
    const text = fresh === 1 ? t('1 new failure') : t('{0} new failures', formatNumber(fresh));
    void say(text, { [t('Show')]: () => vscode.commands.executeCommand('jobQueues.showFailures') });
  }

  #line(live: LiveConnection): string {
    const { profile, state } = live;
    const states = {
      disconnected: t('not connected'),
      connecting: t('connecting…'),
      live: t('connected'),
      lost: t('connection lost, trying again'),
      refused: t('could not connect'),
    };
    const access = accessWords(live, this.#brokers.world());
    return [profile.name, environmentWord(profile.environment), states[state.kind], access]
      .filter(part => part !== '')
      .join(', ');
  }

  #badge(fresh: number): void {
    const view = this.#brokers.view;
    const wanted = setting('badge');
    const value =
      wanted === 'newFailures' ? fresh : wanted === 'allFailures' ? allFailures(this.#inspector.connections) : 0;
    const failures =
      value === 0
        ? undefined
        : {
            value,
            tooltip:
              wanted === 'newFailures'
                ? value === 1
                  ? t('1 new failure')
                  : t('{0} new failures', formatNumber(value))
                : t('{0} failed', formatNumber(value)),
          };
    const found = wanted === 'findings' ? this.#findings.current.found.length : 0;
    setBadge(view, failures);
    setBadge(
      this.#findings.view,
      found === 0
        ? undefined
        : { value: found, tooltip: found === 1 ? t('1 finding') : t('{0} findings', formatNumber(found)) },
    );
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}

const NOTIFY_PAUSE_MS = 5 * 60_000;

function setBadge(view: { badge?: vscode.ViewBadge | undefined }, badge: vscode.ViewBadge | undefined): void {
  view.badge = badge;
}

function setBackground(item: { backgroundColor: unknown }, colour: vscode.ThemeColor | undefined): void {
  item.backgroundColor = colour;
}
