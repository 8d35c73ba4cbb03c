import { isRedis } from '../../../src/brokers/redis';
import { openLink } from '../../../src/inspector';
import { rq } from '../../../src/systems/rq';
import {
  dumpRedis,
  type RqGeneration,
  rqGenerationsUnderTest,
  runPython,
  startRedis,
  startRqWorker,
} from '../../support';
import type { Fixture, World } from './fixture';
import { never } from './looking';
import { conformance } from './suite';

const JOBS = `
import datetime, sys, redis, rq
connection = redis.from_url(sys.argv[1])
def queue(name):
    return rq.Queue(name, connection=connection)
for n in range(3):
    queue("work").enqueue("shop.payments.charge_card", n, "EUR", always_down=True)
    queue("work").enqueue("shop.payments.refund", n, 5)
`;

const MORE = `${JOBS.slice(0, JOBS.indexOf('for n'))}
first = queue("later").enqueue("shop.payments.refund", 1, 5)
second = queue("later").enqueue("shop.payments.refund", 2, 5, depends_on=first)
third = queue("later").enqueue("shop.payments.refund", 3, 5, depends_on=second)
queue("a queue/of: %C3").enqueue("shop.payments.refund", 4, 5)
for n in range(4):
    queue("later").enqueue("shop.payments.refund", n, 5)
if hasattr(rq.Queue, "enqueue_in"):
    queue("later").enqueue_in(datetime.timedelta(hours=5), "shop.payments.refund", 6, 5)
`;

async function worldOf(fill: (url: string) => Promise<void>): Promise<World> {
  const redis = await startRedis();
  await fill(redis.url);
  const profile = { id: 'a', name: 'a', url: redis.url, environment: 'local', access: 'read-write' } as const;
  const link = await openLink(profile, undefined, never);
  return {
    link,
    dump: () => dumpRedis(redis, { without: key => /^(?:rq:inspector:|job-queue-inspector:|rq:worker)/.test(key) }),
    undo: (units, record) => link.undo(units, record, never),
    roundTrips: () => (isRedis(link.broker) ? link.broker.meter.roundTrips : 0),
    [Symbol.asyncDispose]: async () => {
      await link.close();
      await redis.stop();
    },
  };
}

const fixtureOf = ({ id, version }: RqGeneration): Fixture => ({
  title: `RQ ${version}`,
  system: rq,
  start: () =>
    worldOf(async url => {
      await runPython(id, JOBS, [url]);
      const worker = await startRqWorker({ generation: id, url, queues: ['work'], burst: true });
      await worker.exited;
      await runPython(id, MORE, [url]);
    }),
  startEmpty: () => worldOf(async () => undefined),
});

for (const generation of rqGenerationsUnderTest) conformance(fixtureOf(generation));
