import type { RabbitBroker, RabbitMessage, TakeOrder, TakeReport } from '../../../../brokers/rabbitmq/port';

/** Milliseconds for which messages are held at the most; whoever held them may have been stopped in between. */
const LONGEST_HOLD = 30_000;

/** Messages that were got and not acknowledged yet. */
export interface Held {
  readonly messages: readonly RabbitMessage[];
  /**
   * Acknowledges those for which the answer is true, and puts all others back in their order.
   * @throws InspectorError as `take` does
   */
  finish(answers: readonly boolean[]): Promise<TakeReport>;
}

/**
 * Gets messages and holds them between the two halves of a step: what is about to go must be in the journal before it
 * goes. Without an end they are put back after 30 s.
 * @throws InspectorError as `take` does
 */
export async function hold(broker: RabbitBroker, order: Omit<TakeOrder, 'act'>, signal: AbortSignal): Promise<Held> {
  const decision = deferred<readonly boolean[]>();
  const got = deferred<readonly RabbitMessage[]>();
  const report = broker.take(
    {
      ...order,
      act: messages => {
        got.resolve(messages);
        const timer = setTimeout(() => decision.resolve([]), LONGEST_HOLD);
        return decision.promise.finally(() => clearTimeout(timer));
      },
    },
    signal,
  );
  // Where nothing was picked, nobody is asked what to do with it.
  report.then(
    () => got.resolve([]),
    error => got.reject(error),
  );
  const messages = await got.promise;
  return {
    messages,
    finish: answers => {
      decision.resolve(answers);
      return report;
    },
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
