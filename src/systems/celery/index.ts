import { isRedis } from '../../brokers/redis/port';
import type { Broker, Companions, Installation, QueueSystem, SystemOptions } from '../../model';
import { facts } from './native';
import { optionSchema, parseOptions } from './options';
import type { CeleryOptions } from './parts';

/** Celery 3.1 to 5.7 on Redis and RabbitMQ, several by their `global_keyprefix` on one broker; RedBeat and celery beat. */
export const celery: QueueSystem = {
  id: 'celery',
  title: 'Celery',
  facts,
  options: optionSchema,
  async detect(broker, options, signal, companions) {
    const parsed = parseOptions(options);
    if (isRedis(broker)) {
      const { findPrefixes } = await import('./detect');
      const found = await findPrefixes(broker, parsed, signal);
      return Promise.all(
        found.map(({ prefix, evidence }) => installationOf(broker, prefix, parsed, companions, evidence)),
      );
    }
    if (broker.kind !== 'rabbitmq') return [];
    const { detectRabbit } = await import('./rabbitmq');
    const evidence = await detectRabbit(broker, parsed, signal);
    return evidence.length === 0 ? [] : [await installationOf(broker, '', parsed, companions, evidence)];
  },
};

/** What was learned stays: systems are looked for again and again. */
const known = new WeakMap<Broker, Map<string, Promise<Installation>>>();

function installationOf(
  broker: Broker,
  key: string,
  options: CeleryOptions,
  companions: Companions | undefined,
  evidence: Installation['evidence'],
): Promise<Installation> {
  const ofBroker = known.get(broker) ?? new Map<string, Promise<Installation>>();
  known.set(broker, ofBroker);
  const name = JSON.stringify([key, options.raw satisfies SystemOptions, companions !== undefined]);
  const made =
    ofBroker.get(name) ??
    import('./installation').then(
      ({ CeleryInstallation }) =>
        new CeleryInstallation(celery, { broker, key, options, companions: companions ?? null }, evidence),
    );
  ofBroker.set(name, made);
  return made;
}
