import type * as vscode from 'vscode';
import type { SecretStore } from '../inspector/ports';

/** Passwords in VS Code's secret storage, by the id of the profile; those of unsaved profiles in memory only. */
export class Secrets implements SecretStore {
  readonly #storage: vscode.SecretStorage;
  readonly #unsaved: Map<string, string>;

  constructor(storage: vscode.SecretStorage, unsaved: ReadonlyMap<string, string>) {
    this.#storage = storage;
    this.#unsaved = new Map(unsaved);
  }

  async get(id: string): Promise<string | undefined> {
    return this.#unsaved.get(id) ?? (await this.#storage.get(key(id)));
  }

  async set(id: string, password: string): Promise<void> {
    if (this.#unsaved.has(id)) this.#unsaved.set(id, password);
    else await this.#storage.store(key(id), password);
  }

  async delete(id: string): Promise<void> {
    this.#unsaved.delete(id);
    await this.#storage.delete(key(id));
  }
}

/** The password of a saved profile. */
export const storedPassword = async (storage: vscode.SecretStorage, id: string) => storage.get(key(id));

const key = (id: string) => `jobQueues.password.${id}`;
