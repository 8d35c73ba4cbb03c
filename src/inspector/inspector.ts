/** Puts the parts together: what every user interface talks to. */
import { randomUUID } from 'node:crypto';
import { t } from '@vscode/l10n';
import { InspectorError, type Plan } from '../model';
import { baseAccess } from './access';
import type {
  CompanionName,
  Confirmation,
  ConnectionProfile,
  Inspector,
  LiveConnection,
  PerformRequest,
  PlanWords,
  Probe,
  Receipt,
  UndoPlan,
  Unsubscribe,
} from './api';
import { companionSecret, companionSecrets, withCompanion } from './companions';
import { Connection } from './connection';
import { Emitter } from './emitter';
import { type Find, findJobs } from './find';
import { diagnoseConnection, diagnoseFolder } from './findings';
import { checkGuard, confirmation, readOnlyError, WriteGrants } from './guard';
import { Inventory, installationId } from './inventory';
import { FileJournal } from './journal/journal';
import { planWords, runPlan } from './perform';
import type { InspectorParts } from './ports';
import { runUndo, undoPlan } from './undo';
import { splitUrl } from './urls';

/** Reads the saved profiles and makes their connections, disconnected. */
export async function createInspector(parts: InspectorParts): Promise<Inspector> {
  const inspector = new DefaultInspector(parts);
  await inspector.load();
  return inspector;
}

class DefaultInspector implements Inspector {
  readonly journal: FileJournal;
  readonly #parts: InspectorParts;
  readonly #grants: WriteGrants;
  readonly #changed = new Emitter();
  #connections: Connection[] = [];
  #visible = false;
  #loading: Promise<void> = Promise.resolve();
  #changing: Promise<unknown> = Promise.resolve();
  readonly #stopWatching: Unsubscribe;

  constructor(parts: InspectorParts) {
    this.#parts = parts;
    this.journal = new FileJournal(parts.journal);
    this.#grants = new WriteGrants(parts.now ?? Date.now, id => this.#find(id)?.changed());
    this.#stopWatching = parts.profiles.onDidChange(() => void this.load());
  }

  get connections(): readonly Connection[] {
    return this.#connections;
  }
  get surroundings() {
    return this.#parts.surroundings;
  }

  connection(id: string): Connection | undefined {
    return this.#find(id);
  }

  onDidChange(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  /** Brings the connections in line with the saved profiles; those that did not change stay as they are. */
  load(): Promise<void> {
    const next = this.#loading.then(() => this.#load());
    this.#loading = next.catch(error => this.#parts.log?.(`Profiles could not be read: ${String(error)}`));
    return next;
  }

  async #load(): Promise<void> {
    const profiles = await this.#parts.profiles.read();
    const gone = this.#connections.filter(({ profile }) => !profiles.some(({ id }) => id === profile.id));
    for (const connection of gone) await connection.dispose();
    const kept = await Promise.all(profiles.map(profile => this.#align(profile)));
    this.#connections = kept;
    this.#changed.fire();
  }

  async #align(profile: ConnectionProfile): Promise<Connection> {
    const known = this.#find(profile.id);
    if (known === undefined) return this.#make(profile);
    const { url, tls, options } = known.profile;
    const before = JSON.stringify([url, tls, options]);
    const same = before === JSON.stringify([profile.url, profile.tls, profile.options]);
    if (!same) {
      await known.dispose();
      return this.#make(profile);
    }
    if (JSON.stringify(known.profile) !== JSON.stringify(profile)) await known.setProfile(profile);
    return known;
  }

  #make(profile: ConnectionProfile): Connection {
    const connection = new Connection(profile, { ...this.#parts, grants: this.#grants });
    connection.onDidChange(() => this.#changed.fire());
    connection.setVisible(this.#visible);
    return connection;
  }

  save(profile: ConnectionProfile, password?: string): Promise<Connection> {
    return this.#inTurn(async () => {
      // The secret first: a profile whose password was not kept would be half-saved.
      const changedPassword = password !== undefined && password !== (await this.#parts.secrets.get(profile.id));
      if (changedPassword) await this.#parts.secrets.set(profile.id, password);
      const profiles = await this.#parts.profiles.read();
      const at = profiles.findIndex(({ id }) => id === profile.id);
      await this.#parts.profiles.write(at === -1 ? [...profiles, profile] : profiles.with(at, profile));
      if (changedPassword) await this.#find(profile.id)?.disconnect();
      await this.load();
      return this.#need(profile.id);
    });
  }

  async saveCompanion(id: string, which: CompanionName, url: string | null): Promise<LiveConnection> {
    const { profile } = this.#need(id);
    const split = url === null ? null : splitUrl(url);
    const secret = companionSecret(id, which.system, which.role);
    const { secrets } = this.#parts;
    if (split?.password == null) await secrets.delete(secret);
    else await secrets.set(secret, split.password);
    const before = this.#find(id);
    const saved = await this.save(withCompanion(profile, which, split?.url ?? null));
    // The same URL with another password: nothing in the profile tells, so what was opened is closed.
    if (before === saved) await saved.disconnect();
    return saved;
  }

  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const profiles = await this.#parts.profiles.read();
      await this.#parts.profiles.write(profiles.filter(profile => profile.id !== id));
      await this.#parts.secrets.delete(id);
      for (const profile of profiles.filter(each => each.id === id))
        for (const secret of companionSecrets(profile)) await this.#parts.secrets.delete(secret);
      this.#grants.forget(id);
      await this.load();
    });
  }

  /** Two that read, change and write the profiles at the same time would lose one another's. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const next = this.#changing.then(change);
    this.#changing = next.catch(() => undefined);
    return next;
  }

  async probe(profile: ConnectionProfile, password: string | undefined, signal: AbortSignal): Promise<Probe> {
    const { open, systems, surroundings, explain } = this.#parts;
    let link: Awaited<ReturnType<typeof open>>;
    try {
      link = await open(profile, password, signal);
    } catch (thrown) {
      throw thrown instanceof InspectorError && explain !== undefined && !signal.aborted
        ? await explain(thrown, profile, signal).catch(() => thrown)
        : thrown;
    }
    try {
      const inventory = new Inventory(systems);
      const [access, otherDatabases] = await Promise.all([
        baseAccess(profile, link, surroundings),
        link.otherDatabases(signal).catch(() => []),
        inventory.detect(link.broker, profile.options, signal),
      ]);
      const installations = inventory.views.map(view => view.installation);
      return { serverText: link.serverText, installations, access, otherDatabases, dispose: () => link.close() };
    } catch (thrown) {
      await link.close();
      throw thrown;
    }
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    for (const connection of this.#connections) connection.setVisible(visible);
  }

  allowWriting(id: string, span: 'once' | 'until-revoked' | { readonly minutes: number }): void {
    const connection = this.#need(id);
    this.#grants.allow(id, span);
    connection.changed();
  }

  makeReadOnly(id: string): void {
    const connection = this.#need(id);
    this.#grants.deny(id);
    connection.changed();
  }

  confirmation(id: string, plan: Plan): Confirmation {
    const { profile, access } = this.#need(id);
    return confirmation(profile, access, plan, this.journal.maxBytes);
  }

  planWords(id: string, installation: PerformRequest['installation'], plan: Plan): PlanWords {
    const connection = this.#need(id);
    return planWords(connection.profile, this.#view(connection, installation), plan);
  }

  async perform(request: PerformRequest, signal: AbortSignal): Promise<Receipt> {
    const connection = this.#need(request.connection);
    const link = this.#live(connection);
    const installation = this.#installation(connection, request.installation);
    const plan = request.plan ?? (await installation.plan(request.request, signal));
    const { profile, access } = connection;
    checkGuard(profile, access, confirmation(profile, access, plan, this.journal.maxBytes), request);
    const { journal } = this;
    const { onProgress } = request;
    try {
      const address = link.broker.address;
      return await runPlan({ profile, address, installation, plan, journal, onProgress, log: this.#parts.log }, signal);
    } finally {
      this.#written(connection);
    }
  }

  async undoPlan(token: string): Promise<UndoPlan> {
    const entry = await this.journal.entry(token);
    return undoPlan(entry, this.#find(entry.connection.id)?.access.writable ?? false);
  }

  async undo(token: string, signal: AbortSignal, on?: string): Promise<Receipt> {
    const entry = await this.journal.entry(token);
    const connection = this.#need(on ?? entry.connection.id);
    const link = this.#live(connection);
    const { profile, access } = connection;
    if (!access.writable) throw readOnlyError(profile, access);
    try {
      const { installation: key } = await this.journal.origin(token);
      const companion = (role: string) => companionLink(connection, `${entry.system}/${key}`, role);
      return await runUndo({ entry, profile, link, companion, journal: this.journal, log: this.#parts.log }, signal);
    } finally {
      this.#written(connection);
    }
  }

  find(text: string, signal: AbortSignal): AsyncIterable<Find> {
    return findJobs(this.#connections, text, signal);
  }

  async *findings(id: string | null, signal: AbortSignal) {
    const wanted = id === null ? this.#connections : [this.#need(id)];
    for (const connection of wanted) {
      const { profile, installations } = connection;
      if (connection.state.kind !== 'live') continue;
      for await (const diagnosis of diagnoseConnection(profile, installations, this.surroundings, signal))
        yield { connection: profile.id, diagnosis };
    }
    for await (const diagnosis of diagnoseFolder(this.#parts, signal)) yield { connection: null, diagnosis };
  }

  async dispose(): Promise<void> {
    this.#stopWatching();
    this.#grants.dispose();
    await Promise.all(this.#connections.map(connection => connection.dispose()));
    this.#changed.clear();
  }

  /** A grant for one action is used up; what is in sight is read again. */
  #written(connection: Connection): void {
    if (this.#grants.used(connection.profile.id)) connection.changed();
    if (this.#visible) void connection.refresh('action');
  }

  #find(id: string): Connection | undefined {
    return this.#connections.find(({ profile }) => profile.id === id);
  }

  #need(id: string): Connection {
    const connection = this.#find(id);
    if (connection !== undefined) return connection;
    throw new InspectorError('bad-request', {
      message: t('There is no connection {0}.', id),
      tried: t('looking for a connection'),
      answer: t('none has this id'),
      remedy: t('Add the broker first.'),
    });
  }

  #live(connection: Connection) {
    const { link, profile } = connection;
    if (link !== null && connection.state.kind === 'live') return link;
    throw new InspectorError('connection-lost', {
      message: t('{0} is not connected, so nothing was changed.', profile.name),
      tried: t('writing to {0}', profile.name),
      answer: t('there is no connection'),
      remedy: t('Connect first.'),
    });
  }

  #installation(connection: Connection, wanted: PerformRequest['installation']) {
    return this.#view(connection, wanted).installation;
  }

  #view(connection: Connection, wanted: PerformRequest['installation']) {
    const id = `${wanted.system}/${wanted.key}`;
    const view = connection.installations.find(({ installation }) => installationId(installation) === id);
    if (view !== undefined) return view;
    throw new InspectorError('gone', {
      message: t('{0} has no installation {1} any more.', connection.profile.name, id),
      tried: t('looking for {0}', id),
      answer: t('it was not found'),
      remedy: t('Refresh the connection.'),
    });
  }
}

/** Where a further broker of an installation is, as of its last look. */
function companionLink(connection: Connection, id: string, role: string) {
  const view = connection.installations.find(({ installation }) => installationId(installation) === id);
  const found = view?.installation.companions?.find(companion => companion.role === role);
  return found?.address == null ? null : connection.companions.linkTo(found.address);
}

/** An id for a new profile. */
export const newProfileId = () => randomUUID();
