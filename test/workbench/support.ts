/**
 * Drives a workbench as a person does: by what it shows and says. Rows, buttons and menu items are found by their
 * text or accessible name; the few selectors of VS Code's own markup all stand in this file.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { beforeEach, onTestFailed } from 'vitest';
import { root } from '../../scripts/setup/paths.mjs';
import {
  type BrowserOptions,
  openBrowser,
  startWorkbench,
  type TestBrowser,
  type WorkbenchOptions,
  type WorkbenchServer,
  waitFor,
} from '../support';

/** One row of a tree, as it is seen and as it is spoken. */
export interface TreeRow {
  /** 1 for the outermost. */
  readonly level: number;
  readonly label: string;
  readonly description: string;
  /** Undefined when it cannot be expanded. */
  readonly expanded: boolean | undefined;
  /** The accessible name. */
  readonly spoken: string;
}

/** A row by its label, or one that was found before: `rowWith('4821')`. */
export type RowTarget = string | Locator;

/** The title of the view container. */
const CONTAINER = 'Job Queues';

/** A workbench with its server and browser, all ended together. */
export async function openWorkbench(options: WorkbenchOptions & BrowserOptions = {}): Promise<OpenedWorkbench> {
  const server = await startWorkbench(options);
  const browser = await openBrowser(options);
  const workbench = new OpenedWorkbench(server, browser);
  await workbench.open();
  return workbench;
}

/** What a person does in one browser page that shows a workbench. */
export class Workbench {
  readonly page: Page;
  readonly server: WorkbenchServer;

  constructor(page: Page, server: WorkbenchServer) {
    this.page = page;
    this.server = server;
  }

  /** Loads the page and waits until the workbench can be used. */
  async open(): Promise<void> {
    await this.page.goto(this.server.url);
    await this.page.locator('.monaco-workbench .part.activitybar').waitFor({ timeout: 60_000 });
  }

  /** Shows the sidebar "Job Queues"; the extension may still be starting. */
  async showJobQueues(): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: CONTAINER });
    await tab.waitFor({ timeout: 60_000 });
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    // Not the tree: with nothing to list, the view shows its welcome in the tree's place.
    await this.page.locator('.part.sidebar .pane-header').filter({ hasText: 'Brokers' }).waitFor();
  }

  /** A tree of the sidebar, by its view's title. */
  tree(view = 'Brokers'): Locator {
    return this.page.locator(`.part.sidebar [role="tree"][aria-label^="${view}"]`);
  }

  /** The first row with exactly this label. Rows outside of the visible part do not exist: see `reveal`. */
  row(label: string, view?: string): Locator {
    const name = this.page.locator('.label-name').getByText(label, { exact: true });
    return this.tree(view).locator('.monaco-list-row').filter({ has: name }).first();
  }

  /** The first row that shows the text anywhere: in its label or its description. */
  rowWith(text: string, view?: string): Locator {
    return this.tree(view).locator('.monaco-list-row').filter({ hasText: text }).first();
  }

  /** The row right below the one with this label. */
  async rowAfter(label: string, view?: string): Promise<Locator> {
    const index = Number(await this.row(label, view).getAttribute('data-index'));
    return this.tree(view).locator(`.monaco-list-row[data-index="${index + 1}"]`);
  }

  /** All rows that exist now, from the top. */
  async rows(view?: string): Promise<TreeRow[]> {
    const read = await this.tree(view)
      .locator('.monaco-list-rows .monaco-list-row')
      .evaluateAll(elements =>
        elements.map(element => ({
          index: Number(element.getAttribute('data-index')),
          level: Number(element.getAttribute('aria-level')),
          label: element.querySelector('.label-name')?.textContent ?? '',
          description: element.querySelector('.label-description')?.textContent ?? '',
          expanded: element.getAttribute('aria-expanded'),
          spoken: element.getAttribute('aria-label') ?? '',
        })),
      );
    return read
      .sort((a, b) => a.index - b.index)
      .map(({ index: _index, expanded, ...row }) => ({
        ...row,
        expanded: expanded === null ? undefined : expanded === 'true',
      }));
  }

  /** Scrolls down until a row with the label exists, and answers it. */
  async reveal(label: string, view?: string): Promise<Locator> {
    const row = this.row(label, view);
    const scrollable = this.tree(view).locator('.monaco-scrollable-element').first();
    await waitFor(
      async () => {
        if ((await row.count()) > 0) return true;
        // VS Code moves 50 px for any wheel event but one that says `wheelDeltaY`.
        await scrollable.evaluate(element => {
          const Wheel = Reflect.get(globalThis, 'WheelEvent');
          const event = new Wheel('wheel', { deltaY: 200, bubbles: true, cancelable: true });
          Object.defineProperty(event, 'wheelDeltaY', { value: -240 });
          element.dispatchEvent(event);
        });
        return false;
      },
      { timeout: 30_000, every: 100, what: `a row "${label}"` },
    );
    return row;
  }

  #rowOf(target: RowTarget, view?: string): Locator {
    return typeof target === 'string' ? this.row(target, view) : target;
  }

  /** Expands a row, if it is not, and waits until what is below it has been read. */
  async expand(target: RowTarget, view?: string): Promise<void> {
    const row = this.#rowOf(target, view);
    await row.waitFor({ timeout: 60_000 });
    await this.#turn(row, 'true', `${target} to open`);
  }

  /** Collapses a row, if it is expanded. */
  async collapse(target: RowTarget, view?: string): Promise<void> {
    const row = this.#rowOf(target, view);
    if ((await row.getAttribute('aria-expanded')) !== 'true') return;
    await this.#turn(row, 'false', `${target} to close`);
  }

  /** Presses a row's twistie until it has worked: a click is lost where rows above come or go in that moment. */
  async #turn(row: Locator, expanded: 'true' | 'false', what: string): Promise<void> {
    const there = async () => (await row.getAttribute('aria-expanded', { timeout: 2000 })) === expanded;
    const clicked = async () => {
      if (await there()) return true;
      await row
        .locator('.monaco-tl-twistie')
        .click({ timeout: 2000 })
        .catch(() => undefined);
      return waitFor(there, { timeout: 2000, what }).then(
        () => true,
        () => false,
      );
    };
    await waitFor(() => clicked().catch(() => false), { timeout: 20_000, what });
  }

  /** Presses one of the buttons that a row shows under the pointer, by its tooltip. */
  async inline(target: RowTarget, action: string, view?: string): Promise<void> {
    const row = this.#rowOf(target, view);
    await row.hover();
    await row.getByRole('button', { name: action }).click();
  }

  /** Opens a row's context menu and picks an item, through submenus: `contextMenu('default', 'Environment', 'Local')`. */
  async contextMenu(target: RowTarget, ...path: readonly [string, ...string[]]): Promise<void> {
    await this.#openMenu(target, path[0]);
    for (const [depth, item] of path.entries()) {
      const entry = this.menuItem(item);
      await entry.waitFor();
      if (depth < path.length - 1) await entry.hover();
      else await this.#press(entry);
    }
    // A pointer that rests on a row brings up its tooltip, which would cover what comes next.
    await this.page.mouse.move(900, 500);
  }

  /** Asks for the menu until it is there: one closes again when the editor takes the focus in that moment. */
  async #openMenu(target: RowTarget, item: string): Promise<void> {
    await waitFor(
      async () => {
        await this.#rowOf(target).click({ button: 'right', timeout: 4000 });
        const there = this.menuItem(item).waitFor({ timeout: 2500 });
        return there.then(
          () => true,
          () => false,
        );
      },
      { timeout: 20_000, what: `a menu with ${item}` },
    );
  }

  /** Presses a menu item until the menu closes: a menu does not listen to the mouse for its first 100 ms. */
  async #press(entry: Locator): Promise<void> {
    const gone = async () => (await entry.count()) === 0;
    await waitFor(
      async () => {
        if (await gone()) return true;
        // It may close between the look and the click.
        await entry.click({ timeout: 1000 }).catch(() => undefined);
        return gone();
      },
      { every: 60, what: 'the menu to close' },
    );
  }

  /** The titles in a row's context menu, from the top; the menu is closed again. */
  async contextMenuItems(target: RowTarget): Promise<string[]> {
    await this.#rowOf(target).click({ button: 'right' });
    const items = this.page.getByRole('menuitem');
    await items.first().waitFor();
    const titles = await this.page.locator('.monaco-menu .action-label:not(.separator)').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return titles.map(title => title.trim()).filter(title => title !== '');
  }

  menuItem(title: string): Locator {
    return this.page.locator('.monaco-menu').getByRole('menuitem', { name: title, exact: true });
  }

  /** Runs a command from the palette by its whole title: `Job Queues: Add broker…`. */
  async command(title: string): Promise<void> {
    // A pointer that rests where the box appears brings up its tooltip, which would cover the entries.
    await this.page.mouse.move(900, 500);
    await this.page.keyboard.press('F1');
    await this.quickInput().waitFor();
    await this.page.keyboard.insertText(title);
    const entry = this.quickPick().filter({ hasText: title }).first();
    await entry.click();
  }

  /** The quick pick or input box that is open. */
  quickInput(): Locator {
    return this.page.locator('.quick-input-widget');
  }

  /** The rows of the open quick pick. */
  quickPick(): Locator {
    return this.quickInput().locator('.monaco-list-row');
  }

  /** Picks the entry with this text. */
  async pick(text: string): Promise<void> {
    await this.quickPick().filter({ hasText: text }).first().click();
  }

  /** Replaces what stands in the quick input and presses Enter. */
  async answer(text: string): Promise<void> {
    const box = this.quickInput().locator('input[type="text"], input[type="password"]').first();
    await box.fill(text);
    await box.press('Enter');
  }

  /** Presses a key until it has worked: one is lost while VS Code still moves the focus. */
  async keyUntil(key: string, there: Locator): Promise<void> {
    await repeatUntil(() => this.page.keyboard.press(key), there, 3000);
  }

  /** Clicks until it has worked: a row that is drawn anew under the pointer loses the click. */
  async clickUntil(what: Locator, there: Locator): Promise<void> {
    await repeatUntil(() => what.click(), there, 10_000);
  }

  /** A notification that contains the text. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-list-item').filter({ hasText: text }).first();
  }

  /** Presses a button of the modal dialog that is open. */
  async confirm(button: string): Promise<void> {
    await this.page.locator('.monaco-dialog-box').getByRole('button', { name: button }).click();
  }

  /** Closes the dialog or the quick input that a test left open when it failed. */
  async dismiss(): Promise<void> {
    const open = async () => (await this.dialog().count()) > 0 || (await this.quickInput().isVisible());
    if (!(await open())) return;
    const closed = async () => {
      await this.page.keyboard.press('Escape');
      return !(await open());
    };
    await waitFor(closed, { timeout: 10_000, every: 200, what: 'what is open to close' });
  }

  /** The modal dialog's text. */
  dialog(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** The inside of the webview that is in sight. While a page is loaded anew there are two frames: the last is to stay. */
  webview(): FrameLocator {
    const outer = this.page.locator('iframe.webview').filter({ visible: true }).first().contentFrame();
    return outer.frameLocator('iframe').last();
  }

  /** An editor tab whose label contains the text. */
  editorTab(text: string): Locator {
    return this.page.locator('.tabs-container .tab').filter({ hasText: text }).first();
  }

  /** An entry of the status bar. */
  statusBar(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text }).first();
  }

  /** Changes the colour theme (`Default High Contrast`) by the folder's settings, and waits until the page has it. */
  async setTheme(name: string): Promise<void> {
    const body = this.page.locator('.monaco-workbench');
    const before = await body.getAttribute('class');
    const settings = join(this.server.folder, '.vscode', 'settings.json');
    mkdirSync(dirname(settings), { recursive: true });
    writeFileSync(settings, JSON.stringify({ 'workbench.colorTheme': name }));
    await waitFor(async () => (await body.getAttribute('class')) !== before, {
      timeout: 20_000,
      what: `theme ${name}`,
    });
  }

  /** Writes a picture of the whole page to test-results/. Answers its path. */
  async screenshot(name: string): Promise<string> {
    const path = join(root, 'test-results', `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}

/** @param patience milliseconds until what was done counts as lost */
async function repeatUntil(act: () => Promise<void>, there: Locator, patience: number): Promise<void> {
  const led = async () => {
    await act();
    return there.waitFor({ timeout: patience }).then(
      () => true,
      () => false,
    );
  };
  await waitFor(led, { timeout: 4 * patience + 10_000, what: `${there} to be there` });
}

/** For tests that share a workbench: none finds what another one left open, and what one saw when it failed is kept. */
export function sharedByTests(workbench: () => Workbench, prefix = ''): void {
  beforeEach(async ({ task }) => {
    await workbench().dismiss();
    onTestFailed(async () => {
      await workbench().screenshot(`failed-${prefix}${task.name.slice(0, 30).replaceAll(' ', '-')}`);
    });
  });
}

/** A workbench that owns its server and its browser. */
export class OpenedWorkbench extends Workbench implements AsyncDisposable {
  readonly #browser: TestBrowser;

  constructor(server: WorkbenchServer, browser: TestBrowser) {
    super(browser.page, server);
    this.#browser = browser;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    await this.server.stop();
  }
}
