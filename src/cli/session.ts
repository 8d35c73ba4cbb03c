/** Connections of one run: made when first asked for, kept for the next request. Nothing is saved but the journal. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  asksByItself,
  type ConnectionProfile,
  companionSecret,
  createInspector,
  type Inspector,
  type LiveConnection,
  openLink,
  splitUrl,
} from '../inspector';
import { asInspectorError, type Diagnosis, type InspectorError, type Installation, type Surroundings } from '../model';
import { systems } from '../systems';
import { optionsOf } from './options';
import { badRequest, type Request } from './request';
import { surroundingsOf } from './surroundings';

export interface SessionOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** The first line of standard input, for the url `-`; null where standard input holds requests. */
  readonly readLine: (() => Promise<string>) | null;
  readonly log: (line: string) => void;
}

/** A connection that answers, and the inspector it belongs to. */
export interface Open {
  readonly inspector: Inspector;
  readonly connection: LiveConnection;
}

/** Where the journal of this program lies: `JQI_STATE`, else the user's state folder. */
export function stateFolder(environment: NodeJS.ProcessEnv): string {
  const own = environment['JQI_STATE'];
  if (own !== undefined && own !== '') return own;
  const base = environment['XDG_STATE_HOME'];
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.local', 'state'), 'job-queue-inspector');
}

export class Session {
  readonly #options: SessionOptions;
  readonly #inspectors = new Map<string, Promise<Inspector>>();
  readonly #ids = new Map<string, string>();
  readonly #secrets = new Map<string, string>();
  #line: Promise<string> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Passwords of this run, so that no message ever repeats one. */
  get secrets(): Iterable<string> {
    return this.#secrets.values();
  }

  /** An inspector that knows a folder, or none. */
  inspector(folder: string | undefined): Promise<Inspector> {
    const key = folder ?? '';
    let made = this.#inspectors.get(key);
    if (made === undefined) {
      made = this.#make(folder);
      this.#inspectors.set(key, made);
    }
    return made;
  }

  /**
   * Connects as the request says; a broker that is this machine's own is local, every other one counts as production.
   * @param url instead of the request's
   */
  async open(request: Request, signal: AbortSignal, url = request.url): Promise<Open> {
    if (url === undefined) throw badRequest(`${request.command} needs a url.`, 'url is missing');
    const text = await this.#resolve(url);
    const own = await this.#connect(request, text, 'own', signal);
    if (own.connection.access.writable) {
      if (own.connection.profile.environment === 'local') return own;
      const connection = await own.inspector.save({ ...own.connection.profile, environment: 'local' });
      return { ...own, connection };
    }
    return request.allowWriting === true ? this.#connect(request, text, 'read-write', signal) : own;
  }

  /**
   * Asks the workers of installations, where nobody has to be asked for it (brokers of this machine, option `ask`), so that
   * what follows can tell what they say. Never more than the time that workers have for an answer; what goes wrong leaves
   * the answer smaller, not missing.
   */
  async ask({ connection }: Open, installations: readonly Installation[], signal: AbortSignal): Promise<void> {
    const able = installations.filter(
      each => each.ask !== undefined && asksByItself(connection.profile, each.system.id),
    );
    await Promise.all(
      able.map(async installation => {
        try {
          for await (const _ of installation.ask?.(signal) ?? []) {
            // The installation keeps what it is told.
          }
        } catch (thrown) {
          const error = asInspectorError(thrown, 'asking workers');
          if (error.code === 'aborted' || error.code === 'connection-lost') throw error;
          this.#options.log(`${installation.name}: ${error.message}`);
        }
      }),
    );
  }

  async dispose(): Promise<void> {
    const made = await Promise.allSettled(this.#inspectors.values());
    await Promise.all(made.map(result => (result.status === 'fulfilled' ? result.value.dispose() : undefined)));
  }

  async #connect(request: Request, text: string, access: 'own' | 'read-write', signal: AbortSignal): Promise<Open> {
    const inspector = await this.inspector(request.folder);
    const { url, password, name } = splitUrl(text);
    const { options, passwords } = withoutPasswords(optionsOf(request.options, request.system, systems));
    const id = this.#idOf(url, JSON.stringify([text, request.options ?? null, access]));
    let connection = inspector.connection(id);
    if (connection === undefined) {
      if (password !== null) this.#secrets.set(id, password);
      for (const each of passwords) this.#secrets.set(companionSecret(id, each.system, each.role), each.password);
      const profile: ConnectionProfile = { id, name, url, environment: 'production', access, options };
      connection = await inspector.save(profile);
    }
    await connection.connect(signal);
    return { inspector, connection };
  }

  /** The URL without its password names the connection in the journal; a second way to the same one is numbered. */
  #idOf(url: string, key: string): string {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const taken = new Set(this.#ids.values());
    let id = url;
    for (let n = 2; taken.has(id); n++) id = `${url}#${n}`;
    this.#ids.set(key, id);
    return id;
  }

  async #resolve(url: string): Promise<string> {
    if (url.startsWith('env:')) {
      const name = url.slice('env:'.length);
      const value = this.#options.environment[name];
      if (value === undefined || value === '')
        throw badRequest(
          `The environment variable ${name} is not set.`,
          `${name} is empty or missing`,
          'Set it to the URL of the broker.',
        );
      return value;
    }
    if (url !== '-') return url;
    if (this.#options.readLine === null)
      throw badRequest('The url "-" cannot be used in serve.', 'standard input holds the requests', 'Use env:NAME.');
    this.#line ??= this.#options.readLine();
    return (await this.#line).trim();
  }

  async #make(folder: string | undefined): Promise<Inspector> {
    const world = surroundingsOf(folder);
    let profiles: readonly ConnectionProfile[] = [];
    return createInspector({
      profiles: {
        read: async () => profiles,
        write: async written => {
          profiles = written;
        },
        onDidChange: () => () => undefined,
      },
      secrets: {
        get: async id => this.#secrets.get(id),
        set: async (id, password) => void this.#secrets.set(id, password),
        delete: async id => void this.#secrets.delete(id),
      },
      systems,
      surroundings: world.surroundings,
      open: openLink,
      journal: { folder: join(stateFolder(this.#options.environment), 'journal') },
      log: this.#options.log,
      ...world.parts,
    });
  }
}

type AllOptions = ReturnType<typeof optionsOf>;

/** Options may name further brokers: their passwords go where passwords are kept. */
function withoutPasswords(all: AllOptions) {
  const passwords: { readonly system: string; readonly role: string; readonly password: string }[] = [];
  const clean = (system: string, role: string, value: unknown): unknown => {
    if (typeof value !== 'string' || !value.includes('://')) return value;
    try {
      const { url, password } = splitUrl(value);
      if (password === null) return value;
      passwords.push({ system, role, password });
      return url;
    } catch {
      // No broker of ours; whoever opens it says what is wrong with it. No message may repeat its password.
      const password = /:\/\/[^:@/?#]*:([^@]+)@/.exec(value)?.[1];
      if (password !== undefined) passwords.push({ system, role, password });
      return value;
    }
  };
  const options: AllOptions = Object.fromEntries(
    Object.entries(all).map(([system, own]) => [
      system,
      Object.fromEntries(Object.entries(own).map(([role, value]) => [role, clean(system, role, value)])),
    ]),
  );
  return { options, passwords };
}

/** What a folder adds to an inspector. */
export interface World {
  readonly surroundings: Surroundings;
  readonly parts: {
    readonly explain?: (
      error: InspectorError,
      profile: ConnectionProfile,
      signal: AbortSignal,
    ) => Promise<InspectorError>;
    readonly folderRules?: (surroundings: Surroundings, signal: AbortSignal) => AsyncIterable<Diagnosis>;
  };
}
