/**
 * Asks workers by itself where that is allowed, and hears their signs of life while they are in sight. Asking is not
 * looking: it sends something, so it runs by itself on local and development connections only.
 */
import { t } from '@vscode/l10n';
import { type Asked, type AskedSummary, asInspectorError, type Installation, type WorkerSummary } from '../model';
import type { ConnectionProfile, InstallationView, RefreshReason } from './api';

/** Milliseconds between two questions that nobody asked for. */
export const ASK_AGAIN_MS = 30_000;
/** Milliseconds before heartbeats that could not be heard are tried again. */
const HEAR_AGAIN_MS = 30_000;

export interface AskingHost {
  readonly profile: () => ConnectionProfile;
  readonly views: () => readonly InstallationView[];
  /** Puts what is known now into the rows, and tells. */
  readonly patch: (installation: Installation, known: Known) => void;
  /** Reads the overviews again: counts that workers' answers change. */
  readonly reread: () => void;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface Known {
  readonly workers: readonly WorkerSummary[];
  readonly asked?: AskedSummary;
}

/**
 * Whether this system's workers may be asked on this connection without a person's word. The person's own option `ask`
 * decides; without one the environment does.
 */
export function asksByItself(profile: ConnectionProfile, system: string): boolean {
  const option = profile.options?.[system]?.['ask'];
  if (typeof option === 'boolean') return option;
  return profile.environment === 'local' || profile.environment === 'development';
}

export class Asking {
  readonly #host: AskingHost;
  readonly #askedAt = new WeakMap<Installation, number>();
  readonly #running = new WeakSet<Installation>();
  readonly #hearing = new Map<Installation, AbortController>();
  readonly #deafUntil = new WeakMap<Installation, number>();
  #on = false;

  constructor(host: AskingHost) {
    this.#host = host;
  }

  /** Something is in sight and the broker answers, or not any more: then nothing is sent and nothing heard. */
  setOn(on: boolean, session: AbortSignal): void {
    this.#on = on;
    this.#align(session);
  }

  /** The overviews have just been read. */
  refreshed(reason: RefreshReason, session: AbortSignal): void {
    this.#align(session);
    if (!this.#on) return;
    const profile = this.#host.profile();
    for (const { installation } of this.#host.views()) {
      if (installation.ask === undefined || !this.#isDue(installation, reason)) continue;
      if (asksByItself(profile, installation.system.id)) void this.ask(installation, session);
    }
  }

  /** Asks now; rows change as answers come. One question at a time: a second one is dropped. Never rejects. */
  async ask(installation: Installation, signal: AbortSignal): Promise<void> {
    if (installation.ask === undefined || this.#running.has(installation)) return;
    this.#running.add(installation);
    this.#askedAt.set(installation, this.#host.now());
    try {
      await this.#ask(installation, installation.ask(signal));
    } catch (thrown) {
      if (!signal.aborted) this.#log(installation, asInspectorError(thrown, t('asking workers')).message);
    } finally {
      this.#running.delete(installation);
    }
    if (!signal.aborted) this.#host.reread();
  }

  async #ask(installation: Installation, answers: AsyncIterable<Asked>): Promise<void> {
    const at = new Date(this.#host.now()).toISOString();
    let last: Asked | null = null;
    for await (const asked of answers) {
      last = asked;
      const { workers, answers: n, of } = asked;
      this.#host.patch(installation, { workers, asked: { at, answers: n, of, running: true } });
    }
    if (last === null) return;
    const { workers, answers: n, of } = last;
    this.#host.patch(installation, { workers, asked: { at, answers: n, of, running: false } });
  }

  #isDue(installation: Installation, reason: RefreshReason): boolean {
    if (reason === 'manual' || reason === 'connected') return true;
    if (reason === 'asked') return false;
    const at = this.#askedAt.get(installation);
    return at === undefined || this.#host.now() - at >= ASK_AGAIN_MS;
  }

  /** Hears every installation that is there, and no other. */
  #align(session: AbortSignal): void {
    const wanted = new Set(this.#on ? this.#host.views().map(({ installation }) => installation) : []);
    for (const [installation, controller] of this.#hearing)
      if (!wanted.has(installation)) {
        controller.abort();
        this.#hearing.delete(installation);
      }
    for (const installation of wanted) {
      const deaf = (this.#deafUntil.get(installation) ?? 0) > this.#host.now();
      if (installation.hear === undefined || this.#hearing.has(installation) || deaf) continue;
      const controller = new AbortController();
      this.#hearing.set(installation, controller);
      void this.#hear(installation, installation.hear.bind(installation), controller, session);
    }
  }

  async #hear(
    installation: Installation,
    hear: NonNullable<Installation['hear']>,
    controller: AbortController,
    session: AbortSignal,
  ): Promise<void> {
    const signal = AbortSignal.any([controller.signal, session]);
    try {
      for await (const workers of hear(signal)) this.#host.patch(installation, { workers });
    } catch (thrown) {
      if (!signal.aborted) this.#log(installation, asInspectorError(thrown, t('hearing workers')).message);
    } finally {
      if (!signal.aborted) this.#deafUntil.set(installation, this.#host.now() + HEAR_AGAIN_MS);
      if (this.#hearing.get(installation) === controller) this.#hearing.delete(installation);
    }
  }

  #log(installation: Installation, message: string): void {
    this.#host.log(`${this.#host.profile().name}: ${installation.name}: ${message}`);
  }
}
