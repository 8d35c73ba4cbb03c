import { InspectorError } from '../../model';
import type { ConfirmChannel, Driver, OpenChannel } from './driver';
import { aborted } from './failures';
import { driverProperties } from './messages';
import type { Publication, PublishOutcome } from './port';

/** Messages and bytes that wait for their confirmation at the same time. */
const WINDOW = 256;
const WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * Publishes in order, mandatory, on a confirming channel. The first one goes alone: a missing exchange or permission
 * closes the channel, and so it is known that nothing was published.
 * @throws InspectorError when nothing was published: `forbidden`, `gone`, `bad-value`, `aborted`, `connection-lost` …
 */
export async function publishAll(
  driver: Driver,
  messages: readonly Publication[],
  signal: AbortSignal,
): Promise<readonly PublishOutcome[]> {
  if (messages.length === 0) return [];
  const tried = messages.length === 1 ? 'publishing a message' : `publishing ${messages.length} messages`;
  if (signal.aborted) throw aborted(tried);
  // What cannot be written is known before anything is.
  const ready = messages.map(message => ({ message, properties: driverProperties(message.properties) }));
  if (driver.blocked !== null) throw blockedError(driver, tried);
  const open = await driver.openConfirming(tried, signal);
  try {
    return await new Publishing(driver, open, ready, tried).run(signal);
  } finally {
    await open.close();
  }
}

interface Ready {
  readonly message: Publication;
  readonly properties: Record<string, unknown>;
}

class Publishing {
  readonly #driver: Driver;
  readonly #open: OpenChannel<ConfirmChannel>;
  readonly #messages: readonly Ready[];
  readonly #tried: string;
  readonly #outcomes: (PublishOutcome | undefined)[];
  /** Positions that wait for their confirmation, in order. */
  readonly #waiting = new Set<number>();
  readonly #returned = new Set<number>();
  #waitingBytes = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(driver: Driver, open: OpenChannel<ConfirmChannel>, messages: readonly Ready[], tried: string) {
    this.#driver = driver;
    this.#open = open;
    this.#messages = messages;
    this.#tried = tried;
    this.#outcomes = messages.map(() => undefined);
    open.channel.on('return', message => this.#noteReturn(message));
    open.channel.on('drain', () => this.#wake());
    void open.ended.then(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  async run(signal: AbortSignal): Promise<readonly PublishOutcome[]> {
    let full = this.#send(0);
    await this.#until(() => this.#waiting.size === 0);
    if (this.#outcomes[0] === 'unknown') await this.#explainFirst();
    for (let next = 1; next < this.#messages.length && !this.#ended && !signal.aborted; next++) {
      if (full || this.#waiting.size >= WINDOW || this.#waitingBytes >= WINDOW_BYTES) {
        const before = this.#waiting.size;
        const fits = () => this.#waiting.size < Math.min(before, WINDOW) && this.#waitingBytes < WINDOW_BYTES;
        if (!(await this.#until(fits))) break;
      }
      full = this.#send(next);
    }
    await this.#until(() => this.#waiting.size === 0);
    for (const position of this.#waiting) this.#outcomes[position] = 'unknown';
    // What was never sent was not published: stopped, or the channel ended before it.
    return this.#outcomes.map(outcome => outcome ?? 'refused');
  }

  /** @returns whether the driver wants a pause */
  #send(position: number): boolean {
    const { message, properties } = this.#messages[position] as Ready;
    const body = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.length);
    this.#driver.meter.roundTrips++;
    this.#waiting.add(position);
    this.#waitingBytes += body.length;
    try {
      const options = { ...properties, mandatory: true };
      return !this.#open.channel.publish(message.exchange ?? '', message.routingKey, body, options, error =>
        this.#settle(position, body.length, error),
      );
    } catch {
      // It is closed already, or the headers are larger than the driver can write: this one was not sent.
      this.#waiting.delete(position);
      this.#waitingBytes -= body.length;
      this.#outcomes[position] = 'refused';
      return false;
    }
  }

  #settle(position: number, bytes: number, error: unknown): void {
    if (!this.#waiting.delete(position)) return;
    this.#waitingBytes -= bytes;
    const nacked = error instanceof Error && error.message === 'message nacked';
    if (nacked) this.#outcomes[position] = 'refused';
    else if (error !== null && error !== undefined) this.#outcomes[position] = 'unknown';
    else this.#outcomes[position] = this.#returned.has(position) ? 'unroutable' : 'done';
    this.#wake();
  }

  /** A return names no number; it comes in order, before its confirmation, and carries the message itself. */
  #noteReturn(returned: { readonly fields: object; readonly properties: object; readonly content: Buffer }): void {
    const { exchange, routingKey } = returned.fields as { exchange?: unknown; routingKey?: unknown };
    const { correlationId } = returned.properties as { correlationId?: unknown };
    for (const position of this.#waiting) {
      const { message } = this.#messages[position] as Ready;
      if (
        !this.#returned.has(position) &&
        (message.exchange ?? '') === exchange &&
        message.routingKey === routingKey &&
        message.properties.correlationId === (correlationId ?? undefined) &&
        returned.content.equals(message.body)
      ) {
        this.#returned.add(position);
        return;
      }
    }
  }

  /** Waits for a condition while something comes; false when the time for one answer went by, or all is over. */
  async #until(condition: () => boolean): Promise<boolean> {
    while (!condition()) {
      if (this.#ended) return false;
      let timer: NodeJS.Timeout | undefined;
      const woken = await new Promise<boolean>(resolve => {
        this.#wake = () => resolve(true);
        timer = setTimeout(() => resolve(false), this.#driver.replyTimeoutMs);
      });
      clearTimeout(timer);
      if (!woken) return condition();
    }
    return true;
  }

  /** The channel was closed over the very first message: the server's own words say why, and nothing was published. */
  async #explainFirst(): Promise<void> {
    const cause = (await this.#open.ended) as (Error & { readonly code?: unknown }) | undefined;
    if (typeof cause?.code === 'number') throw this.#driver.failureOf(cause, this.#tried);
  }
}

function blockedError(driver: Driver, tried: string): InspectorError {
  return new InspectorError('out-of-memory', {
    message: `${driver.place.node} takes no messages now: it is short of memory or disk. Nothing was published.`,
    tried,
    answer: driver.blocked ?? '',
    remedy: 'Free memory or disk on the server; looking and deleting still work.',
  });
}
