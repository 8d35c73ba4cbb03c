import { isRedis } from '../../../src/brokers/redis';
import { celery } from '../../../src/systems/celery';
import {
  type CeleryGeneration,
  celeryGenerationsUnderTest,
  dumpRedis,
  startRedis,
  type TestRedis,
} from '../../support';
import { fillWithCelery } from './celery-jobs';
import { celeryWorld, parametersTo } from './celery-world';
import type { Fixture, World } from './fixture';
import { conformance } from './suite';

/** How an app of each generation is set, so that what people really have is there once. */
interface Setting {
  /** Database of the results: another than that of the messages, or the same. */
  readonly results: number;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly said: string;
}

const PICKLE = { task_serializer: 'pickle', result_serializer: 'pickle', accept_content: ['pickle', 'json'] };
const usual: Setting = { results: 1, conf: { result_extended: true }, said: 'JSON, results in another database' };
const settings: Readonly<Record<string, Setting>> = {
  'celery-5.2': { results: 0, conf: { ...PICKLE, result_extended: true }, said: 'pickle, all in one database' },
  'celery-4.4': { results: 1, conf: { task_protocol: 1 }, said: 'protocol 1, results without names' },
};

/** What the inspector remembers of its own steps. */
const own = (key: string) => /^(?:celery:inspector:|job-queue-inspector:)/.test(key);

async function worldOf(fill: (redis: TestRedis) => Promise<void>, results: number): Promise<World> {
  const redis = await startRedis();
  await fill(redis);
  return celeryWorld({
    url: redis.url,
    results: databaseOf(redis, results),
    named: false,
    async dump() {
      const messages = await dumpRedis(redis, { without: own });
      if (results === 0) return messages;
      const others = await dumpRedis(redis, { without: own, database: results });
      return new Map([...messages, ...[...others].map(([key, value]) => [`${results} ${key}`, value] as const)]);
    },
    roundTrips: ({ link }) => (isRedis(link.broker) ? link.broker.meter.roundTrips : 0),
    stop: () => redis.stop(),
  });
}

const databaseOf = ({ url }: TestRedis, database: number) => url.replace(/\d+$/, String(database));

function fixtureOf({ id, version }: CeleryGeneration): Fixture {
  const { results, conf, said } = settings[id] ?? usual;
  return {
    title: `Celery ${version} on Redis (${said})`,
    system: celery,
    parameters: parametersTo('other'),
    toldByWorkers: /^no worker that answered holds it/,
    start: () =>
      worldOf(
        redis =>
          fillWithCelery({ generation: id, broker: redis.url, backend: databaseOf(redis, results), conf }, redis.url),
        results,
      ),
    startEmpty: () => worldOf(async () => undefined, results),
  };
}

for (const generation of celeryGenerationsUnderTest) conformance(fixtureOf(generation));
