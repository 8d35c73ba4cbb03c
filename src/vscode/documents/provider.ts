import * as v from 'valibot';
import * as vscode from 'vscode';
import type { DocumentPart } from '../../protocol';
import type { App } from '../app';

export const SCHEME = 'jobqueue';

/** Connection, system, installation, ref and part: all that is needed to read a document's text anew. */
const querySchema = v.tuple([
  v.string(),
  v.string(),
  v.string(),
  v.string(),
  v.picklist(['job', 'arguments', 'traceback', 'result', 'meta', 'raw'] satisfies DocumentPart[]),
]);

/** The texts of the read-only documents; one that VS Code brings back after a reload is read anew. */
export class JobDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #subscriptions: vscode.Disposable;
  #app: App | undefined;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
      this.#changed,
    );
  }

  /** Called once, when all parts exist. */
  attach(app: App): void {
    this.#app = app;
  }

  put(uri: vscode.Uri, text: string): void {
    const key = uri.toString();
    const before = this.#texts.get(key);
    this.#texts.set(key, text);
    if (before !== undefined && before !== text) this.#changed.fire(uri);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const known = this.#texts.get(uri.toString());
    if (known !== undefined || this.#app === undefined) return known ?? '';
    const [connection, system, key, ref, part] = v.parse(querySchema, JSON.parse(uri.query));
    const { jobText } = await import('./open');
    return jobText(this.#app, { at: { connection, system, key }, ref }, part);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}
