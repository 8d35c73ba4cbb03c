import type { ManagedBinding } from '../../../brokers/rabbitmq/port';
import type { ConsumerSign } from './classify';

/** Exchanges that a queue is bound to; the default one, to which every queue is, left out. */
export function sourcesOf(bindings: readonly ManagedBinding[]): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const { source, destination, destinationType } of bindings) {
    if (destinationType !== 'queue' || source === '') continue;
    const list = sources.get(destination);
    if (list === undefined) sources.set(destination, [source]);
    else list.push(source);
  }
  return sources;
}

/** Bindings of queues by their exchange. */
export function destinationsOf(bindings: readonly ManagedBinding[]): Map<string, ManagedBinding[]> {
  const destinations = new Map<string, ManagedBinding[]>();
  for (const binding of bindings) {
    if (binding.destinationType !== 'queue' || binding.source === '') continue;
    const list = destinations.get(binding.source);
    if (list === undefined) destinations.set(binding.source, [binding]);
    else list.push(binding);
  }
  return destinations;
}

/** Client libraries that consume a queue. */
export function clientsOf(consumers: readonly ConsumerSign[]): Map<string, (string | null)[]> {
  const clients = new Map<string, (string | null)[]>();
  for (const { queue, product } of consumers) {
    const list = clients.get(queue);
    if (list === undefined) clients.set(queue, [product]);
    else if (!list.includes(product)) list.push(product);
  }
  return clients;
}
