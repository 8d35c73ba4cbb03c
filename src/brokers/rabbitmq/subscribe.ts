import { InspectorError } from '../../model';
import type { Driver, OpenChannel } from './driver';
import { messageOf } from './messages';
import type { Binding, RabbitMessage, Subscription } from './port';

/** Messages that wait to be taken; the oldest go when more come. */
const LARGEST_BACKLOG = 10_000;
const TRIED = 'listening on a queue of our own';

/** A queue of our own that ends with its channel, bound as told; messages as they come. */
export async function subscribeTo(
  driver: Driver,
  bindings: readonly Binding[],
  signal: AbortSignal,
): Promise<Subscription> {
  try {
    return await open(driver, bindings, signal);
  } catch (thrown) {
    const missing = thrown instanceof InspectorError && thrown.code === 'gone';
    if (!missing || !bindings.some(({ declare }) => declare !== undefined)) throw thrown;
    await declareExchanges(driver, bindings, signal);
    return open(driver, bindings, signal);
  }
}

/** Declares what is missing; what is there is left as it is, whatever its properties. */
async function declareExchanges(driver: Driver, bindings: readonly Binding[], signal: AbortSignal): Promise<void> {
  for (const { exchange, declare } of bindings) {
    if (declare === undefined) continue;
    const looking = await driver.openChannel(TRIED, signal);
    try {
      await looking.ask(channel => channel.checkExchange(exchange));
      continue;
    } catch (thrown) {
      if (!(thrown instanceof InspectorError) || thrown.code !== 'gone') throw thrown;
    } finally {
      await looking.close();
    }
    const making = await driver.openChannel(TRIED, signal);
    try {
      await making.ask(channel => channel.assertExchange(exchange, declare, { durable: false, autoDelete: false }));
    } finally {
      await making.close();
    }
  }
}

async function open(driver: Driver, bindings: readonly Binding[], signal: AbortSignal): Promise<Subscription> {
  const channel = await driver.openChannel(TRIED, signal);
  try {
    const options = { exclusive: true, autoDelete: true, durable: false, maxLength: LARGEST_BACKLOG };
    const { queue } = await channel.ask(each => each.assertQueue('', options));
    const backlog = new Backlog(driver, channel, queue, signal);
    // First the consumer: a queue that never had one would outlive a binding that fails.
    await channel.ask(each =>
      each.consume(
        queue,
        message => {
          if (message === null) backlog.end('somebody deleted the queue');
          else backlog.push(messageOf(message));
        },
        { noAck: true, exclusive: true },
      ),
    );
    for (const { exchange, routingKey } of bindings)
      await channel.ask(each => each.bindQueue(queue, exchange, routingKey));
    return backlog;
  } catch (thrown) {
    await channel.close();
    throw thrown;
  }
}

class Backlog implements Subscription {
  readonly queue: string;
  readonly #driver: Driver;
  readonly #channel: OpenChannel;
  readonly #messages: RabbitMessage[] = [];
  readonly #signal: AbortSignal;
  readonly #stop = () => void this.close();
  #closed = false;
  #failure: InspectorError | null = null;
  #wake: () => void = () => undefined;

  constructor(driver: Driver, channel: OpenChannel, queue: string, signal: AbortSignal) {
    this.#driver = driver;
    this.#channel = channel;
    this.queue = queue;
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
    void channel.ended.then(cause => this.end(cause?.message));
  }

  push(message: RabbitMessage): void {
    if (this.#closed) return;
    if (this.#messages.length >= LARGEST_BACKLOG) this.#messages.shift();
    this.#messages.push(message);
    this.#wake();
  }

  /** It ended without being asked to. */
  end(why: string | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#stop);
    this.#failure = this.#driver.lossOf(TRIED, why === undefined ? 'Nothing was changed.' : `${why}.`);
    this.#wake();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#stop);
    this.#wake();
    await this.#channel.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RabbitMessage, void, void> {
    try {
      for (;;) {
        const next = this.#messages.shift();
        if (next !== undefined) yield next;
        else if (this.#failure !== null) throw this.#failure;
        else if (this.#closed) return;
        else
          await new Promise<void>(resolve => {
            this.#wake = resolve;
          });
      }
    } finally {
      await this.close();
    }
  }
}
