/** Events that workers and producers tell by themselves, followed while a person wants them: newest first, with rates. */
import { t } from '@vscode/l10n';
import { asInspectorError, type Installation, type JobEvent } from '../model';
import type { FollowedEvent, FollowState, Unsubscribe } from './api';
import { Emitter } from './emitter';

/** Events that are kept to be shown. */
const KEPT = 2_000;
/** Events a second above which following stops by itself: nobody reads so many, and each costs the broker. */
export const MOST_PER_SECOND = 1_000;
/** Seconds over which the rate is taken. */
const SPAN = 5;
/** Milliseconds between two notices to listeners. */
const TOLD_EVERY_MS = 250;

export class Following {
  readonly #changed = new Emitter();
  readonly #now: () => number;
  /** Newest last. */
  #events: FollowedEvent[] = [];
  #next = 0;
  #counts = new Map<number, number>();
  #kinds = new Map<string, number>();
  #controller: AbortController | null = null;
  #stopped: string | null = null;
  #since: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  onDidChange(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  get state(): FollowState {
    return {
      on: this.#controller !== null,
      since: this.#since,
      perSecond: this.#rate(),
      total: this.#next,
      kinds: Object.fromEntries(this.#kinds),
      stopped: this.#stopped,
    };
  }

  /** Events with a number above `after`, newest first. */
  recent(after = -1, atMost = KEPT): readonly FollowedEvent[] {
    const found: FollowedEvent[] = [];
    for (let i = this.#events.length - 1; i >= 0 && found.length < atMost; i--) {
      const event = this.#events[i];
      if (event === undefined || event.number <= after) break;
      found.push(event);
    }
    return found;
  }

  /** Follows these installations until `stop`, the end of the session, or too many events. */
  start(installations: readonly Installation[], session: AbortSignal): void {
    if (this.#controller !== null) return;
    const controller = new AbortController();
    this.#controller = controller;
    this.#stopped = null;
    this.#since = this.#now();
    const signal = AbortSignal.any([controller.signal, session]);
    signal.addEventListener('abort', () => this.#ended(controller, null), { once: true });
    const listening = installations.filter(({ listen }) => listen !== undefined);
    void Promise.allSettled(listening.map(installation => this.#follow(installation, controller, signal))).then(() =>
      this.#ended(controller, null),
    );
    this.#changed.fire();
  }

  stop(): void {
    this.#controller?.abort();
  }

  clear(): void {
    this.#events = [];
    this.#kinds.clear();
    this.#changed.fire();
  }

  async #follow(installation: Installation, controller: AbortController, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of installation.listen?.(signal) ?? []) {
        this.#take(event, installation);
        const second = Math.floor(this.#now() / 1000);
        if ((this.#counts.get(second) ?? 0) <= MOST_PER_SECOND) continue;
        this.#ended(controller, t('Stopped: more than {0} events in a second.', MOST_PER_SECOND));
        controller.abort();
        return;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      this.#ended(controller, asInspectorError(thrown, t('following task events')).message);
      controller.abort();
    }
  }

  #take(event: JobEvent, installation: Installation): void {
    const { system, key } = installation;
    this.#events.push({ ...event, number: this.#next++, installation: { system: system.id, key } });
    if (this.#events.length > KEPT * 1.2) this.#events = this.#events.slice(-KEPT);
    this.#kinds.set(event.kind, (this.#kinds.get(event.kind) ?? 0) + 1);
    const second = Math.floor(this.#now() / 1000);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    for (const old of this.#counts.keys()) if (old < second - SPAN) this.#counts.delete(old);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
    }, TOLD_EVERY_MS);
  }

  #rate(): number {
    const second = Math.floor(this.#now() / 1000);
    let sum = 0;
    for (const [at, n] of this.#counts) if (at >= second - SPAN && at < second) sum += n;
    return sum / SPAN;
  }

  #ended(controller: AbortController, reason: string | null): void {
    if (this.#controller !== controller) return;
    this.#controller = null;
    this.#stopped = reason;
    this.#changed.fire();
  }
}
