import { isRedis } from '../../brokers/redis/port';
import type { QueueSystem } from '../../model';
import { readEvidence } from './detect';
import { RqInstallation } from './installation';
import { facts } from './native';
import { newReading } from './read/reading';

/** RQ with the package rq-scheduler and `rq cron`; versions 0.12 to 2.12, side by side in one Redis. */
export const rq: QueueSystem = {
  id: 'rq',
  title: 'RQ',
  facts,
  async detect(broker, _options, signal) {
    if (!isRedis(broker)) return [];
    const reading = newReading(broker);
    const evidence = await readEvidence(reading, signal);
    return evidence.length === 0 ? [] : [new RqInstallation(rq, reading, evidence)];
  },
};
