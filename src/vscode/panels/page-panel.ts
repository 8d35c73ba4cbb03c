import * as vscode from 'vscode';
import type { PageContract } from '../../protocol';
import type { App } from '../app';
import { Disposables } from '../disposables';
import { type Handlers, HostChannel } from './channel';
import { pageHtml } from './html';
import { type PageName, viewType } from './panels';

/** A panel that VS Code opened, or gave back after a reload of the window. */
export function createPanel(page: PageName, title: string, column: vscode.ViewColumn): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(viewType(page), title, { viewColumn: column, preserveFocus: false });
}

/** What every panel is: a tab with one page in it, and the host's end of its protocol. */
export class PagePanel<C extends PageContract> extends Disposables {
  readonly panel: vscode.WebviewPanel;
  readonly #app: App;
  readonly #page: PageName;
  #channel: HostChannel<C> | undefined;

  constructor(app: App, page: PageName, panel: vscode.WebviewPanel) {
    super();
    this.panel = panel;
    this.#app = app;
    this.#page = page;
    this.panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(app.context.extensionUri, 'dist', 'webview')],
    };
    this.add(panel.onDidDispose(() => this.dispose()));
    app.panels.watch(panel);
    this.add({ dispose: () => this.#channel?.dispose() });
  }

  /** Loads the page, which asks for what it shows. The address is what a reload of the window brings back. */
  load(title: string, icon: string, address: unknown, handlers: Handlers<C>): void {
    const { webview } = this.panel;
    const file = (...path: string[]) =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.#app.context.extensionUri, 'dist', 'webview', ...path)).toString();
    this.#channel?.dispose();
    this.#channel = new HostChannel(webview, handlers, this.#app.log);
    this.retitle(title, icon);
    webview.html = pageHtml({
      language: vscode.env.language,
      title,
      cspSource: webview.cspSource,
      script: file(`${this.#page}.js`),
      styles: [file('codicon.css'), file(`${this.#page}.css`)],
      bundle: vscode.l10n.bundle ?? null,
      address,
    });
  }

  retitle(title: string, icon: string): void {
    this.panel.title = title;
    this.panel.iconPath = tabIcon(this.#app, icon);
  }

  send(...[name, payload]: Parameters<HostChannel<C>['send']>): void {
    if (this.panel.visible) this.#channel?.send(name, payload);
  }
}

/** Tabs of webviews take no theme icons: pairs of pictures made from the same. */
function tabIcon(app: App, icon: string): { light: vscode.Uri; dark: vscode.Uri } {
  const file = (theme: string) => vscode.Uri.joinPath(app.context.extensionUri, 'media', 'tabs', theme, `${icon}.svg`);
  return { light: file('light'), dark: file('dark') };
}
