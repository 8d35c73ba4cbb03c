import { isRedis } from '../../brokers/redis/port';
import type { Looked } from '../../model';
import type { CeleryParts } from './parts';
import { discoveryOf } from './redis/discovery';

/** Looks for the names of queues to its end, then through the results; says how far both are together. */
export async function* completeAll(parts: CeleryParts, signal: AbortSignal): AsyncGenerator<Looked, void> {
  const { broker, results } = parts;
  if (isRedis(broker)) {
    const discovery = discoveryOf(broker);
    while (!discovery.complete) {
      signal.throwIfAborted();
      await discovery.step(signal, 5000);
      yield discovery.looked;
    }
  }
  await results.locate(signal);
  if (results.store !== null) yield* results.store.complete(signal);
}
