import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Inspector } from '../../inspector/api';
import { formatPast } from '../../inspector/present/format';
import { asInspectorError, isAbort, isFinding, isNotChecked } from '../../model';
import { Disposables } from '../disposables';
import type { Log } from '../log';
import { onSetting, setSetting, setting } from '../settings';
import { tooltipMarkdown } from '../tree/items';
import {
  cleanMessage,
  type FindingRow,
  type Findings,
  findingId,
  groupRows,
  rowsBelow,
  type SeenFinding,
  type SeenNotChecked,
} from './model';

export const FINDINGS_VIEW = 'jobQueues.findings';

/** Looks are made when something was read anew, but not more often than this. */
const PAUSE_MS = 10_000;
const DAY_MS = 86_400_000;

const NOTHING: Findings = { found: [], notChecked: [], checked: 0, brokers: 0, at: 0 };

/** The view Findings, and the findings themselves for whoever else shows them. */
export class FindingsView implements vscode.TreeDataProvider<FindingRow>, vscode.Disposable {
  readonly view: vscode.TreeView<FindingRow>;
  readonly #inspector: Inspector;
  readonly #log: Log;
  readonly #memento: vscode.Memento;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new vscode.EventEmitter<undefined>());
  readonly #looked = this.#disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** A look has ended. */
  readonly onDidLook = this.#looked.event;
  #findings: Findings = NOTHING;
  #drawn = '';
  #looking: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #basis = '';

  constructor(inspector: Inspector, log: Log, memento: vscode.Memento) {
    this.#inspector = inspector;
    this.#log = log;
    this.#memento = memento;
    this.view = this.#disposables.add(
      vscode.window.createTreeView(FINDINGS_VIEW, { treeDataProvider: this, showCollapseAll: false }),
    );
    this.#disposables.on(inspector.onDidChange(() => this.#soon()));
    this.#disposables.add(this.view.onDidChangeVisibility(() => this.#soon()));
    this.#disposables.add(onSetting('hiddenFindings', () => this.#draw()));
    // The files of the folder may be read from now on, also while no broker is.
    this.#disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.look()));
    this.#disposables.add({ dispose: () => this.#stop() });
  }

  /** What is found and not hidden. */
  get current(): Findings {
    const hidden = this.#hidden();
    return { ...this.#findings, found: this.#findings.found.filter(seen => !hidden.has(findingId(seen))) };
  }

  /** A finding as it is now; undefined once it is no longer true. */
  find(connection: string | null, rule: string, subject: string): SeenFinding | undefined {
    return this.#findings.found.find(
      seen =>
        (seen.connection?.id ?? null) === connection && seen.finding.rule === rule && seen.finding.subject === subject,
    );
  }

  /** ms since the epoch of the last whole look; 0 before the first. */
  get lookedAt(): number {
    return this.#findings.at;
  }

  getTreeItem(row: FindingRow): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const state = { none: None, collapsed: Collapsed, expanded: Expanded }[row.children];
    const item = new vscode.TreeItem(row.label, state);
    item.id = row.id;
    item.description = row.description;
    const { id, colour } = row.icon;
    item.iconPath =
      colour === null ? new vscode.ThemeIcon(id) : new vscode.ThemeIcon(id, new vscode.ThemeColor(colour));
    item.contextValue = `;${row.kind};`;
    item.accessibilityInformation = { label: row.spoken };
    if (row.finding !== null) {
      item.command = { command: 'jobQueues.openFinding', title: row.label, arguments: [row] };
    }
    return item;
  }

  resolveTreeItem(item: vscode.TreeItem, row: FindingRow): vscode.TreeItem {
    item.tooltip = tooltipMarkdown(row.tooltip);
    return item;
  }

  getChildren(row?: FindingRow): FindingRow[] {
    return row === undefined ? groupRows(this.current, vscode.env.language) : rowsBelow(this.current, row.id);
  }

  /** Looks now; a look that runs is begun anew. */
  async look(): Promise<void> {
    this.#looking?.abort();
    const controller = new AbortController();
    this.#looking = controller;
    try {
      this.#findings = await this.#collect(controller.signal);
      this.#draw();
      this.#looked.fire();
    } catch (thrown) {
      if (!isAbort(thrown)) this.#log.error('looking for findings', asInspectorError(thrown, 'looking for findings'));
    } finally {
      if (this.#looking === controller) this.#looking = undefined;
    }
  }

  /** Hides a finding for a day, or always with the reason that the settings then keep. */
  async hide(seen: SeenFinding, span: 'day' | { readonly reason: string }): Promise<void> {
    const id = findingId(seen);
    if (span === 'day') {
      const until = Object.entries(this.#days()).filter(([, at]) => at > Date.now());
      await this.#memento.update(HIDDEN_DAYS, { ...Object.fromEntries(until), [id]: Date.now() + DAY_MS });
      this.#draw();
    } else {
      await setSetting('hiddenFindings', { ...setting('hiddenFindings'), [id]: span.reason });
    }
  }

  async #collect(signal: AbortSignal): Promise<Findings> {
    const found: SeenFinding[] = [];
    const notChecked: SeenNotChecked[] = [];
    let checked = 0;
    for await (const { connection, diagnosis } of this.#inspector.findings(null, signal)) {
      signal.throwIfAborted();
      const live = connection === null ? undefined : this.#inspector.connection(connection);
      const where = live === undefined ? null : { id: live.profile.id, name: live.profile.name };
      if (isFinding(diagnosis)) found.push({ connection: where, finding: diagnosis });
      else if (isNotChecked(diagnosis)) notChecked.push({ connection: where, notChecked: diagnosis });
      else checked++;
    }
    const isLive = (id: string | null | undefined) =>
      id !== null && id !== undefined && this.#inspector.connection(id)?.state.kind === 'live';
    const isLost = (id: string | null | undefined) =>
      id !== null && id !== undefined && this.#inspector.connection(id) !== undefined && !isLive(id);
    // What was seen on a broker that is lost now stays until it can be looked at again.
    found.push(...this.#findings.found.filter(seen => isLost(seen.connection?.id)));
    notChecked.push(...this.#findings.notChecked.filter(seen => isLost(seen.connection?.id)));
    const brokers = this.#inspector.connections.filter(({ profile }) => isLive(profile.id)).length;
    return { found, notChecked, checked, brokers, at: Date.now() };
  }

  /** Something may have been read anew: looks soon, if the view is in sight and there is anything new. */
  #soon(): void {
    const basis = JSON.stringify(this.#inspector.connections.map(live => [live.profile.id, live.refreshedAt]));
    if (!this.view.visible || basis === this.#basis || this.#timer !== undefined || !this.#isSettled()) return;
    const wait = this.#findings.at === 0 ? 0 : Math.max(0, this.#findings.at + PAUSE_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#basis = JSON.stringify(this.#inspector.connections.map(live => [live.profile.id, live.refreshedAt]));
      if (this.view.visible) void this.look();
    }, wait);
  }

  /** Every broker has been read, or will not be for now. */
  #isSettled(): boolean {
    return this.#inspector.connections.every(
      ({ state, refreshedAt }) =>
        (state.kind === 'live' && refreshedAt !== null) || state.kind === 'lost' || state.kind === 'refused',
    );
  }

  #draw(): void {
    const { current } = this;
    const ago = formatPast(new Date(current.at).toISOString(), Date.now());
    const idle = this.#inspector.connections.length > 0 && current.brokers === 0 && current.found.length === 0;
    setMessage(
      this.view,
      idle ? t('No broker is connected, so none was checked.') : cleanMessage(current, ago, vscode.env.language),
    );
    const drawn = JSON.stringify([current.found, current.notChecked]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#changed.fire(undefined);
  }

  #hidden(): ReadonlySet<string> {
    const days = Object.entries(this.#days()).filter(([, until]) => until > Date.now());
    return new Set([...days.map(([id]) => id), ...Object.keys(setting('hiddenFindings'))]);
  }

  #days(): Readonly<Record<string, number>> {
    return this.#memento.get<Record<string, number>>(HIDDEN_DAYS, {});
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#looking?.abort();
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}

const HIDDEN_DAYS = 'findings.hiddenUntil';

/** Asks why a finding is to be hidden always. @returns null when the person went away */
export async function askReason(title: string): Promise<string | null> {
  const reason = await vscode.window.showInputBox({
    title: t('Hide always'),
    prompt: t('Why is "{0}" no problem here? Kept in your settings.', title),
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? t('A reason helps who reads it later.') : undefined),
  });
  return reason?.trim() ?? null;
}

/** VS Code's type wants the property left out where it means "none"; its view wants it set to undefined. */
function setMessage(view: { message?: string | undefined }, message: string | undefined): void {
  view.message = message;
}
