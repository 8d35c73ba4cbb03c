/** One live connection: connecting, reading, losing the broker without losing what was seen, coming back by itself. */
import { t } from '@vscode/l10n';
import { asInspectorError, type Broker, type InspectorError, type Installation, isAbort } from '../model';
import { baseAccess, readOnly } from './access';
import type {
  AccessNow,
  ConnectionProfile,
  ConnectionState,
  DetectionProblem,
  InstallationView,
  LiveConnection,
  RefreshReason,
  Unsubscribe,
} from './api';
import { Asking } from './asking';
import { CompanionBrokers, withManagementSecret } from './companions';
import { Completer } from './completing';
import { Emitter } from './emitter';
import { Following } from './following';
import type { WriteGrants } from './guard';
import { type Detection, Inventory } from './inventory';
import type { InspectorParts, Link } from './ports';
import { Refresher } from './refresh';
import { canRetry, retryDelay } from './retry';

export interface ConnectionParts extends InspectorParts {
  readonly grants: WriteGrants;
}

/** Every Nth refresh by interval looks for installations that appeared meanwhile. */
const DETECT_EVERY = 10;

export class Connection implements LiveConnection {
  readonly #parts: ConnectionParts;
  readonly #changed = new Emitter();
  readonly #refresher: Refresher;
  readonly #asking: Asking;
  readonly #completer: Completer;
  readonly companions: CompanionBrokers;
  readonly events: Following;
  readonly #now: () => number;
  #profile: ConnectionProfile;
  #state: ConnectionState = { kind: 'disconnected' };
  #base: AccessNow = readOnly(t('Read-only: not connected.'));
  #link: Link | null = null;
  #inventory = new Inventory([]);
  #detectionProblems: readonly DetectionProblem[] = [];
  #refreshedAt: number | null = null;
  #serverText: string | null = null;
  #wasLive = false;
  #visible = false;
  #attempt = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #connecting: Promise<void> | null = null;
  #refreshing: Promise<void> | null = null;
  #sinceDetected = 0;
  /** Aborted by `disconnect`: ends whatever runs on this connection. */
  #session = new AbortController();

  constructor(profile: ConnectionProfile, parts: ConnectionParts) {
    this.#profile = profile;
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#refresher = new Refresher({
      run: reason => this.refresh(reason),
      interval: parts.refreshInterval ?? (() => 'auto'),
      now: this.#now,
    });
    this.companions = new CompanionBrokers({ ...parts, profile: () => this.#profile, link: () => this.#link });
    this.#completer = new Completer({
      installations: () => this.#inventory.views.map(view => view.installation),
      show: () => this.refresh('completed'),
      now: this.#now,
      log: line => parts.log?.(`${this.#profile.name}: ${line}`),
    });
    this.events = new Following(this.#now);
    this.#asking = new Asking({
      profile: () => this.#profile,
      views: () => this.#inventory.views,
      patch: (installation, known) => {
        if (this.#inventory.patch(installation, known)) this.changed();
      },
      reread: () => void this.refresh('asked'),
      now: this.#now,
      log: line => parts.log?.(line),
    });
  }

  get profile(): ConnectionProfile {
    return this.#profile;
  }
  get state(): ConnectionState {
    return this.#state;
  }
  get access(): AccessNow {
    // What a person allowed cannot make a replica take writes, nor a broker that is not there.
    const reachable = this.#state.kind === 'live' && this.#link?.writeRefusal === null;
    return reachable ? this.#parts.grants.apply(this.#profile.id, this.#base) : this.#base;
  }
  get broker(): Broker | null {
    return this.#link?.broker ?? null;
  }
  get link(): Link | null {
    return this.#link;
  }
  get installations(): readonly InstallationView[] {
    return this.#inventory.views;
  }
  get refreshedAt(): number | null {
    return this.#refreshedAt;
  }
  get stale(): boolean {
    if (this.#refreshedAt === null) return false;
    return this.#state.kind !== 'live' || this.#refreshedAt < this.#state.since;
  }
  get serverText(): string | null {
    return this.#serverText;
  }

  onDidChange(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  /** Takes a changed profile that leads to the same broker: a name, an environment, an access. */
  async setProfile(profile: ConnectionProfile): Promise<void> {
    this.#profile = profile;
    if (this.#link !== null) this.#base = await baseAccess(profile, this.#link, this.#parts.surroundings);
    this.changed();
  }

  /** @throws InspectorError when it does not work; where it may work later, it is tried again by itself. */
  connect(signal?: AbortSignal): Promise<void> {
    if (this.#state.kind === 'live') return Promise.resolve();
    this.#connecting ??= this.#open(signal).finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async disconnect(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#refresher.setOn(false);
    this.#session.abort();
    this.#session = new AbortController();
    this.#parts.grants.forget(this.#profile.id);
    // An attempt that was just ended must not be joined by the next call of `connect`.
    await this.#connecting?.catch(() => undefined);
    await this.#close();
    this.#wasLive = false;
    this.#attempt = 0;
    this.#base = readOnly(t('Read-only: not connected.'));
    this.#set({ kind: 'disconnected' });
  }

  /** One at a time; a second call while one runs joins it. Never rejects: what went wrong stands in state and views. */
  refresh(reason: RefreshReason): Promise<void> {
    this.#refreshing ??= this.#refresh(reason).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Nothing is sent by itself while nothing is in sight: no refresh, no attempt to come back. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#refresher.setVisible(visible);
    this.#listen();
    this.#complete();
    if (this.#state.kind === 'lost') this.#planRetry(this.#state.retryAt);
  }

  async ask(installation: Installation): Promise<void> {
    await this.#asking.ask(installation, this.#session.signal);
  }

  follow(on: boolean): void {
    if (!on) this.events.stop();
    else if (this.#state.kind === 'live') {
      const all = this.#inventory.views.map(view => view.installation);
      this.events.start(all, this.#session.signal);
    }
    this.changed();
  }

  /** What an overview can only begin is completed while something is in sight and the broker answers. */
  #complete(): void {
    this.#completer.setOn(this.#visible && this.#state.kind === 'live' && this.#refreshedAt !== null);
  }

  readonly #companionsOf = (system: string) => this.companions.for(system);

  /** Workers are heard while something is in sight and the broker answers. */
  #listen(): void {
    this.#asking.setOn(this.#visible && this.#state.kind === 'live', this.#session.signal);
  }

  /** Tells everybody who listens. */
  changed(): void {
    this.#changed.fire();
  }

  async dispose(): Promise<void> {
    await this.disconnect();
    this.#refresher.dispose();
    this.#changed.clear();
  }

  async #open(signal: AbortSignal | undefined): Promise<void> {
    clearTimeout(this.#retryTimer);
    const session = this.#session;
    const both = signal === undefined ? session.signal : AbortSignal.any([signal, session.signal]);
    const profile = this.#profile;
    const tried = t('connecting to {0}', profile.url);
    this.#set({ kind: 'connecting', since: this.#now(), what: tried });
    try {
      await this.#reach(profile, both);
    } catch (thrown) {
      if (session.signal.aborted) throw asInspectorError(thrown, tried);
      const error = await this.#explained(asInspectorError(thrown, tried), both);
      if (isAbort(error)) this.#set({ kind: 'disconnected' });
      else this.#fail(error);
      throw error;
    }
    this.#attempt = 0;
    this.#wasLive = true;
    this.#set({ kind: 'live', since: this.#now() });
    this.#refresher.setOn(true);
    if (this.#visible) void this.refresh('connected');
  }

  /** Opens the link, or opens the one that was lost anew: then installations and what they learned stay. */
  async #reach(profile: ConnectionProfile, signal: AbortSignal): Promise<void> {
    const known = this.#link;
    if (known !== null) await known.reconnect(signal);
    else {
      const password = await this.#parts.secrets.get(profile.id);
      signal.throwIfAborted();
      const link = await this.#parts.open(await withManagementSecret(profile, this.#parts.secrets), password, signal);
      this.#link = link;
      link.onDidClose(error => {
        if (this.#link === link) this.#lose(error);
      });
    }
    const link = this.#link;
    if (link === null) throw new DOMException('disconnected meanwhile', 'AbortError');
    try {
      this.#serverText = link.serverText;
      this.#base = await baseAccess(this.#profile, link, this.#parts.surroundings);
      // Rows of before stand until all that follows has worked: nothing goes blank while it comes back.
      const inventory = known === null ? new Inventory(this.#parts.systems) : this.#inventory;
      this.#detected(await inventory.detect(link.broker, this.#profile.options, signal, this.#companionsOf));
      if (inventory !== this.#inventory) this.#inventory = inventory.keeping(this.#inventory);
      this.#sinceDetected = 0;
      signal.throwIfAborted();
    } catch (thrown) {
      await this.#close();
      throw thrown;
    }
  }

  async #refresh(reason: RefreshReason): Promise<void> {
    if (this.#state.kind === 'lost' && (reason === 'manual' || reason === 'shown')) {
      await this.connect().catch(() => undefined);
    }
    const link = this.#link;
    if (this.#state.kind !== 'live' || link === null) return;
    const began = this.#now();
    const { signal } = this.#session;
    try {
      const look =
        reason !== 'connected' &&
        reason !== 'asked' &&
        reason !== 'completed' &&
        (reason !== 'interval' || ++this.#sinceDetected >= DETECT_EVERY);
      if (look || (reason === 'interval' && this.#inventory.views.length === 0)) {
        this.#sinceDetected = 0;
        this.#detected(await this.#inventory.detect(link.broker, this.#profile.options, signal, this.#companionsOf));
      }
      const lost = await this.#inventory.read(signal);
      if (signal.aborted) return;
      if (lost !== null) this.#lose(lost);
      else {
        this.#refreshedAt = this.#now();
        this.#asking.refreshed(reason, signal);
      }
    } catch (thrown) {
      const error = asInspectorError(thrown, t('reading {0}', this.#profile.name));
      if (signal.aborted) return;
      this.#parts.log?.(`${this.#profile.name}: ${error.message}`);
      if (error.code === 'connection-lost') this.#lose(error);
    } finally {
      this.#refresher.ended(this.#now() - began);
      this.changed();
      this.#complete();
    }
  }

  get detectionProblems(): readonly DetectionProblem[] {
    return this.#detectionProblems;
  }

  #detected(detection: Detection): void {
    this.#detectionProblems = detection.problems;
    for (const { system, error } of detection.problems)
      this.#parts.log?.(`${this.#profile.name}: looking for ${system} failed: ${error.message}`);
  }

  #lose(error: InspectorError): void {
    if (this.#state.kind === 'live') this.#fail(error);
  }

  /** After a failed connect or a loss: tries again by itself where that can help. */
  #fail(error: InspectorError): void {
    this.#refresher.setOn(false);
    this.#base = readOnly(t('Read-only: not connected.'));
    if (!canRetry(error, this.#wasLive)) {
      this.#set({ kind: 'refused', error });
      return;
    }
    const attempt = ++this.#attempt;
    const retryAt = this.#now() + retryDelay(attempt);
    this.#set({ kind: 'lost', error, since: this.#now(), retryAt, attempt });
    this.#planRetry(retryAt);
  }

  #planRetry(at: number): void {
    clearTimeout(this.#retryTimer);
    if (!this.#visible) return;
    const retry = () => void this.connect().catch(() => undefined);
    this.#retryTimer = setTimeout(retry, Math.max(0, at - this.#now()));
    this.#retryTimer.unref();
  }

  async #explained(error: InspectorError, signal: AbortSignal): Promise<InspectorError> {
    if (isAbort(error) || this.#parts.explain === undefined) return error;
    try {
      return await this.#parts.explain(error, this.#profile, signal);
    } catch {
      return error;
    }
  }

  async #close(): Promise<void> {
    const link = this.#link;
    this.#link = null;
    await Promise.all([link?.close(), this.companions.close()]).catch(() => undefined);
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    this.#listen();
    this.#complete();
    this.changed();
  }
}
