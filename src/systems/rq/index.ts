import { isRedis } from '../../brokers/redis/port';
import type { QueueSystem } from '../../model';
import { facts } from './native';

/** RQ with the package rq-scheduler and `rq cron`; versions 0.12 to 2.12, side by side in one Redis. */
export const rq: QueueSystem = {
  id: 'rq',
  title: 'RQ',
  facts,
  async detect(broker, _options, signal) {
    if (!isRedis(broker)) return [];
    // Reading and acting are most of the code; the extension comes up without them.
    const [{ readEvidence }, { RqInstallation }, { newReading }] = await Promise.all([
      import('./detect'),
      import('./installation'),
      import('./read/reading'),
    ]);
    const reading = newReading(broker);
    const evidence = await readEvidence(reading, signal);
    return evidence.length === 0 ? [] : [new RqInstallation(rq, reading, evidence)];
  },
};
