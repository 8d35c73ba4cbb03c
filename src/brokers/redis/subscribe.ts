/** Hearing channels, on a connection of its own: one that listens can do nothing else. */

import { aborted, connectionLost } from '../common/failures';
import { type Driver, LostConnection } from './driver';
import { replyError } from './failures';
import { type ChannelMessage, isFailure, type Reply } from './port';

/** Messages that wait for whoever reads; older ones are dropped, and counted. */
const KEPT = 10_000;
/** Milliseconds between signs of life on a silent channel. */
const PING_MS = 15_000;

/**
 * Subscribes to patterns; answers once the server listens for us.
 * @throws InspectorError `forbidden`, `connection-lost`, `aborted`; the iterator throws `connection-lost` at a loss
 */
export async function subscribePatterns(
  patterns: readonly (string | Uint8Array)[],
  driver: Driver,
  node: string,
  signal: AbortSignal,
): Promise<AsyncIterable<ChannelMessage>> {
  const tried = `listening to ${node}`;
  const heard = new Heard();
  const stop = () => {
    driver.close();
    heard.end(null);
  };
  if (signal.aborted) {
    stop();
    throw aborted(tried);
  }
  const ready = new Promise<void>((resolve, reject) => {
    let missing = patterns.length;
    let refused = 0;
    driver.listen(reply => {
      if (isFailure(reply)) {
        // A user may be kept from one of the channels; from all of them is an error.
        if (++refused === patterns.length) reject(replyError(reply.message, tried));
        else if (--missing === 0) resolve();
      } else if (kindOf(reply) === 'psubscribe') {
        if (--missing === 0) resolve();
      } else heard.take(reply);
    });
    driver.onLost(cause => {
      const lost = connectionLost(node, new LostConnection(cause), tried, 'Nothing was changed.');
      reject(lost);
      heard.end(lost);
    });
    signal.addEventListener('abort', () => reject(aborted(tried)), { once: true });
  });
  ready.catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  driver.tell(patterns.map(pattern => ['PSUBSCRIBE', pattern]));
  try {
    await ready;
  } catch (thrown) {
    stop();
    throw thrown;
  }
  return heard.messages(driver, () => {
    signal.removeEventListener('abort', stop);
    stop();
  });
}

const kindOf = (reply: Reply) => (Array.isArray(reply) && Buffer.isBuffer(reply[0]) ? reply[0].toString() : '');

class Heard {
  #waiting: ChannelMessage[] = [];
  #dropped = 0;
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => undefined;

  take(reply: Reply): void {
    if (!Array.isArray(reply) || kindOf(reply) !== 'pmessage') return;
    const [, pattern, channel, message] = reply;
    if (!Buffer.isBuffer(pattern) || !Buffer.isBuffer(channel) || !Buffer.isBuffer(message)) return;
    if (this.#waiting.length >= KEPT) {
      this.#waiting.shift();
      this.#dropped++;
    }
    const dropped = this.#dropped;
    this.#waiting.push({ pattern: pattern.toString(), channel: channel.toString(), message, dropped });
    this.#wake();
  }

  end(error: Error | null): void {
    this.#ended = true;
    this.#error ??= error;
    this.#wake();
  }

  async *messages(driver: Driver, leave: () => void): AsyncGenerator<ChannelMessage, void, void> {
    let received = driver.received;
    let asked = false;
    const ping = setInterval(() => {
      // A server that answered neither messages nor our question for a whole span is gone.
      if (asked && driver.received === received) {
        driver.close();
        this.end(new LostConnection(new Error('no sign of life')));
        return;
      }
      received = driver.received;
      asked = true;
      driver.tell([['PING']]);
    }, PING_MS);
    ping.unref();
    try {
      for (;;) {
        const batch = this.#waiting;
        this.#waiting = [];
        yield* batch;
        if (this.#waiting.length > 0) continue;
        if (this.#error !== null) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearInterval(ping);
      leave();
    }
  }
}
