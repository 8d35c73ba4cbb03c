import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Inspector, LiveConnection } from '../../inspector/api';
import { setContextKey } from '../context-keys';
import { Disposables } from '../disposables';
import { setting } from '../settings';
import { tooltipMarkdown, treeItem } from './items';
import { FreshFailures, type FreshStore } from './model/fresh';
import { connectionId } from './model/ids';
import type { NodeId, Row } from './model/row';
import { tooltipLines } from './model/tooltip';
import { TreeModel } from './model/tree-model';
import type { World } from './model/world';

export const BROKERS_VIEW = 'jobQueues.brokers';

/** Texts such as `3 min ago` are written anew at this pace while they are in sight. */
const CLOCK_MS = 15_000;
/** While something counts seconds (connecting, trying again). */
const FAST_CLOCK_MS = 1000;

/** The view Brokers: the model's rows in a native tree. */
export class BrokersView implements vscode.TreeDataProvider<NodeId>, vscode.Disposable {
  readonly view: vscode.TreeView<NodeId>;
  readonly fresh: FreshFailures;
  readonly #model: TreeModel;
  readonly #inspector: Inspector;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new vscode.EventEmitter<NodeId[] | undefined>());
  readonly onDidChangeTreeData = this.#changed.event;
  #clock: NodeJS.Timeout | undefined;
  /**
   * The time that rows are written by. It moves with the clock and not with every refresh: a row that is drawn anew
   * each second because it says `28 s ago` would never let anybody read its tooltip.
   */
  #rowsNow = Date.now();
  #filter = '';
  #selectedBefore: readonly NodeId[] = [];

  constructor(inspector: Inspector, store: FreshStore) {
    this.#inspector = inspector;
    this.fresh = new FreshFailures(store);
    this.#model = new TreeModel({ connections: () => inspector.connections, world: () => this.world(this.#rowsNow) });
    this.#model.onDidChange(changed => this.#changed.fire(changed === null ? undefined : [...changed]));
    this.view = this.#disposables.add(
      vscode.window.createTreeView(BROKERS_VIEW, {
        treeDataProvider: this,
        showCollapseAll: true,
        canSelectMany: true,
      }),
    );
    this.#disposables.add(this.view.onDidExpandElement(({ element }) => this.#expanded(element, true)));
    this.#disposables.add(this.view.onDidCollapseElement(({ element }) => this.#expanded(element, false)));
    this.#disposables.add(this.view.onDidChangeVisibility(() => this.#visibility()));
    this.#disposables.on(inspector.onDidChange(() => this.update()));
    this.#disposables.add({ dispose: () => clearTimeout(this.#clock) });
    this.#visibility();
  }

  /** What texts are made from. */
  world(now = Date.now()): World {
    return {
      now,
      locale: vscode.env.language,
      times: setting('times'),
      masked: setting('arguments') === 'masked',
      filter: this.#filter,
      fresh: (at, queue) => this.fresh.count(at, queue),
    };
  }

  getTreeItem(id: NodeId): vscode.TreeItem {
    const row = this.#model.row(id);
    return row === undefined ? new vscode.TreeItem('') : treeItem(row);
  }

  async getChildren(id?: NodeId): Promise<NodeId[]> {
    return [...(await this.#model.children(id ?? null))];
  }

  getParent(id: NodeId): NodeId | undefined {
    return this.#model.parent(id);
  }

  resolveTreeItem(item: vscode.TreeItem, id: NodeId): vscode.TreeItem {
    const row = this.#model.row(id);
    if (row !== undefined) item.tooltip = tooltipMarkdown(tooltipLines(row, this.#live(row), this.world()));
    return item;
  }

  row(id: NodeId): Row | undefined {
    return this.#model.row(id);
  }

  /** Rows that a command was called for: the clicked one with all that are selected with it, else the selection. */
  rowsOf(clicked: unknown, selected: unknown): Row[] {
    const ids = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
    const given = ids.filter(id => typeof id === 'string');
    const wanted = given.length > 0 ? given : this.view.selection;
    return wanted.map(id => this.#model.row(id)).filter(row => row !== undefined);
  }

  /** The first of the three steps by which a key finds its row: see `selectFocused`. */
  rememberSelection(): void {
    this.#selectedBefore = this.view.selection;
  }

  /**
   * Selects the row that has the focus. VS Code tells an extension what is selected and not what has the focus, and
   * its own command for this opens the row as well. So a key runs `rememberSelection`, then VS Code's
   * `list.toggleSelection`, then this: what was toggled has the focus.
   */
  async selectFocused(): Promise<void> {
    const before = this.#selectedBefore;
    const now = this.view.selection;
    const focused = now.find(id => !before.includes(id)) ?? before.find(id => !now.includes(id));
    if (focused === undefined || this.#model.row(focused) === undefined) return;
    await this.view.reveal(focused, { select: true, focus: false, expand: false });
  }

  /** One line above the tree; none while there is nothing to say, since a message hides the welcome content. */
  #message(): string | undefined {
    if (this.#filter !== '') return t('Filtered by "{0}"', this.#filter);
    const restricted = !vscode.workspace.isTrusted && this.#inspector.connections.length > 0;
    return restricted ? t('Restricted mode: brokers are not looked up in this folder') : undefined;
  }

  /** Brings rows up to date with what the inspector knows; only what differs is drawn. */
  update(): void {
    for (const live of this.#inspector.connections) this.fresh.update(live);
    this.#sawFailures();
    this.#model.refresh();
    this.#tick();
    setMessage(this.view, this.#message());
    setContextKey('jobQueues.hasConnections', this.#inspector.connections.length > 0);
  }

  async showMore(list: NodeId): Promise<void> {
    await this.#model.showMore(list);
  }

  /** Shows only queues whose name contains the text; '' shows all. */
  filter(text: string): void {
    this.#filter = text;
    setContextKey('jobQueues.filtered', text !== '');
    this.update();
  }

  get filtered(): string {
    return this.#filter;
  }

  /** Opens the view on a row; its ancestors are read from the outermost down. */
  async reveal(
    path: readonly NodeId[],
    options: { readonly expand?: boolean; readonly focus?: boolean } = {},
  ): Promise<void> {
    let parent: NodeId | null = null;
    for (const id of path) {
      if (!(await this.#model.children(parent)).includes(id)) return;
      parent = id;
    }
    if (parent === null) return;
    await this.view.reveal(parent, { select: true, focus: options.focus ?? true, expand: options.expand ?? false });
  }

  async revealConnection(id: string): Promise<void> {
    await this.reveal([connectionId(id)], { expand: true });
  }

  #live(row: Row): LiveConnection | undefined {
    const { subject } = row;
    const id = 'at' in subject ? subject.at.connection : 'connection' in subject ? subject.connection : undefined;
    return id === undefined ? undefined : this.#inspector.connection(id);
  }

  #expanded(id: NodeId, expanded: boolean): void {
    this.#model.setExpanded(id, expanded);
    if (!expanded) return;
    this.#sawFailures();
    this.#rowsNow = Date.now();
    this.#model.refresh();
  }

  /** Open lists of failures are in sight, and with them what is new in them. */
  #sawFailures(): void {
    if (!this.view.visible) return;
    for (const { subject } of this.#model.expanded()) {
      if (subject.kind !== 'trouble' && subject.kind !== 'state') continue;
      const live = this.#inspector.connection(subject.at.connection);
      if (live !== undefined) this.#saw(live, subject);
    }
  }

  #saw(live: LiveConnection, subject: Extract<Row['subject'], { kind: 'trouble' | 'state' }>): void {
    const view = live.installations.find(
      ({ installation }) => installation.system.id === subject.at.system && installation.key === subject.at.key,
    );
    if (view?.installation.system.facts.troubleState !== subject.state) return;
    this.fresh.saw(live, subject.at, subject.kind === 'state' ? subject.queue : null);
  }

  #visibility(): void {
    clearTimeout(this.#clock);
    if (this.view.visible) this.#strike();
  }

  #tick(): void {
    clearTimeout(this.#clock);
    if (!this.view.visible) return;
    const busy = this.#inspector.connections.some(({ state }) => state.kind === 'connecting' || state.kind === 'lost');
    const wait = this.#rowsNow + (busy ? FAST_CLOCK_MS : CLOCK_MS) - Date.now();
    this.#clock = setTimeout(() => this.#strike(), Math.max(0, wait));
  }

  #strike(): void {
    this.#rowsNow = Date.now();
    this.update();
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}

/** VS Code's type wants the property left out where it means "none"; its tree wants it set to undefined. */
function setMessage(view: { message?: string | undefined }, message: string | undefined): void {
  view.message = message;
}
