import type * as vscode from 'vscode';

/** Disposes of what it was given when it is disposed of; what comes later is disposed of at once. */
export class Disposables implements vscode.Disposable {
  readonly #items: vscode.Disposable[] = [];
  #disposed = false;

  add<T extends vscode.Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.push(item);
    return item;
  }

  /** Takes what other layers answer to a subscription. */
  on(unsubscribe: () => void): void {
    this.add({ dispose: unsubscribe });
  }

  dispose(): void {
    this.#disposed = true;
    for (const item of this.#items.splice(0).reverse()) item.dispose();
  }
}
