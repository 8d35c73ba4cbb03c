import { InspectorError } from '../../model';
import { aborted } from '../common/failures';
import type { ConfirmChannel, Driver, Message, OpenChannel } from './driver';
import { driverProperties } from './messages';
import type { Publication, PublishOutcome } from './port';

/** Messages and bytes that wait for their confirmation at the same time. */
const WINDOW = 256;
const WINDOW_BYTES = 8 * 1024 * 1024;

/** Messages that are written in one turn of the event loop. */
const TURN = 64;
const breathe = () => new Promise<void>(resolve => setImmediate(resolve));

interface Confirming {
  readonly open: OpenChannel<ConfirmChannel>;
  /** Exchanges to which something was published on this channel without its being closed. */
  readonly proven: Set<string>;
}

/**
 * A connection for publishing alone: RabbitMQ that is short of memory or disk stops reading from those that publish, and
 * looking goes on. It is opened when first needed, and again where it was lost.
 */
export class Publisher {
  readonly #connect: (signal: AbortSignal) => Promise<Driver>;
  #driver: Promise<Driver> | undefined;
  #current: Driver | undefined;
  #idle: Confirming | undefined;
  #closed = false;

  constructor(connect: (signal: AbortSignal) => Promise<Driver>) {
    this.#connect = connect;
  }

  /**
   * Publishes in order, mandatory, on a confirming channel. The first one to an exchange goes alone: a missing exchange or
   * permission closes the channel, and so it is known that nothing was published.
   * @throws InspectorError when nothing was published: `forbidden`, `gone`, `bad-value`, `aborted`, `connection-lost` …
   */
  async publish(messages: readonly Publication[], signal: AbortSignal): Promise<readonly PublishOutcome[]> {
    if (messages.length === 0) return [];
    const tried = messages.length === 1 ? 'publishing a message' : `publishing ${messages.length} messages`;
    if (signal.aborted) throw aborted(tried);
    // What cannot be written is known before anything is.
    const ready = messages.map(message => ({ message, properties: driverProperties(message.properties) }));
    const driver = await this.#open(signal);
    if (driver.blocked !== null) throw blockedError(driver, tried);
    const idle = this.#idle;
    this.#idle = undefined;
    const confirming = idle ?? { open: await driver.openConfirming(tried, signal), proven: new Set<string>() };
    const publishing = new Publishing(driver, confirming, ready, tried);
    try {
      return await publishing.run(signal);
    } finally {
      publishing.leave();
      if (publishing.clean && this.#idle === undefined && this.#current === driver) this.#keep(confirming);
      // A server that does not read does not answer either.
      else if (driver.blocked === null) await confirming.open.close();
      else void confirming.open.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#idle = undefined;
    void this.#driver?.then(
      driver => driver.close(),
      () => undefined,
    );
  }

  #keep(confirming: Confirming): void {
    this.#idle = confirming;
    void confirming.open.ended.then(() => {
      if (this.#idle === confirming) this.#idle = undefined;
    });
  }

  /** Calls that begin at the same time share one opening; the one that stops does not stop it for the others. */
  async #open(signal: AbortSignal): Promise<Driver> {
    if (this.#current?.closed === true) {
      this.#current = undefined;
      this.#driver = undefined;
      this.#idle = undefined;
    }
    this.#driver ??= this.#connect(new AbortController().signal).then(
      driver => {
        this.#current = driver;
        if (this.#closed) driver.close();
        return driver;
      },
      thrown => {
        this.#driver = undefined;
        throw thrown;
      },
    );
    const driver = await this.#driver;
    if (signal.aborted) throw aborted('publishing');
    return driver;
  }
}

interface Ready {
  readonly message: Publication;
  readonly properties: Record<string, unknown>;
}

class Publishing {
  readonly #driver: Driver;
  readonly #open: OpenChannel<ConfirmChannel>;
  readonly #proven: Set<string>;
  readonly #messages: readonly Ready[];
  readonly #tried: string;
  readonly #outcomes: (PublishOutcome | undefined)[];
  /** Positions that wait for their confirmation, in order. */
  readonly #waiting = new Set<number>();
  readonly #returned = new Set<number>();
  #waitingBytes = 0;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(driver: Driver, { open, proven }: Confirming, messages: readonly Ready[], tried: string) {
    this.#driver = driver;
    this.#open = open;
    this.#proven = proven;
    this.#messages = messages;
    this.#tried = tried;
    this.#outcomes = messages.map(() => undefined);
    open.channel.on('return', this.#onReturn).on('drain', this.#onDrain);
    void open.ended.then(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Whether the channel is as it was before: nothing of it is still to come. */
  get clean(): boolean {
    return !this.#ended && this.#waiting.size === 0;
  }

  leave(): void {
    this.#open.channel.off('return', this.#onReturn).off('drain', this.#onDrain);
  }

  async run(signal: AbortSignal): Promise<readonly PublishOutcome[]> {
    let full = false;
    for (let next = 0; next < this.#messages.length; next++) {
      // A server that is short of memory takes what it has read, and reads nothing more.
      if (next > 0 && (this.#ended || signal.aborted || this.#driver.blocked !== null)) break;
      const exchange = this.#messages[next]?.message.exchange ?? '';
      const alone = !this.#proven.has(exchange);
      if (alone && !(await this.#until(() => this.#waiting.size === 0))) break;
      if (full || this.#waiting.size >= WINDOW || this.#waitingBytes >= WINDOW_BYTES) {
        const before = this.#waiting.size;
        const fits = () => this.#waiting.size < Math.min(before, WINDOW) && this.#waitingBytes < WINDOW_BYTES;
        if (before > 0 && !(await this.#until(fits))) break;
      }
      full = this.#send(next);
      // Writing one takes some 50 µs: what else the process does is not to wait for all of a window.
      if (next % TURN === TURN - 1) await breathe();
      if (!alone) continue;
      if (!(await this.#until(() => this.#waiting.size === 0))) break;
      if (this.#outcomes[next] === 'unknown') {
        if (next === 0) await this.#explainFirst();
        break;
      }
      this.#proven.add(exchange);
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
  readonly #onReturn = (returned: Message): void => {
    const { exchange, routingKey } = returned.fields;
    const { correlationId } = returned.properties;
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
  };

  readonly #onDrain = () => this.#wake();

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
