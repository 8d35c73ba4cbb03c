/** Acting on Celery over RabbitMQ: what is published is run by real workers, nothing is lost, undo puts back. */
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConnectedRabbit, connectRabbit } from '../../../../src/brokers/rabbitmq';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Companions, JobRow, State, UndoUnit } from '../../../../src/model';
import { celery } from '../../../../src/systems/celery';
import { CeleryInstallation } from '../../../../src/systems/celery/installation';
import { parseOptions } from '../../../../src/systems/celery/options';
import {
  type CeleryApp,
  celeryGenerationsUnderTest,
  runCelery,
  startCeleryWorker,
  startRabbit,
  startRedis,
  type TestRabbit,
  type TestRedis,
  waitFor,
} from '../../../support';
import { lastFirst, never, performOn, Ran } from '../../support/acting';
import { job } from './rig';

const quoted = JSON.stringify;
let rabbit: TestRabbit;
let redis: TestRedis;
beforeAll(async () => {
  [rabbit, redis] = await Promise.all([startRabbit(), startRedis()]);
});
afterAll(async () => {
  await Promise.all([rabbit.kill(), redis.stop()]);
});

interface Rig extends AsyncDisposable {
  readonly app: CeleryApp;
  readonly vhost: string;
  readonly broker: ConnectedRabbit;
  readonly results: ConnectedRedis;
  readonly installation: CeleryInstallation;
  perform: (
    action: string,
    target: Parameters<typeof performOn>[2],
    parameters?: Record<string, unknown>,
  ) => ReturnType<typeof performOn>;
  /** What a look at a queue shows. */
  look(queue: string): Promise<readonly JobRow[]>;
  rows(state: State): Promise<readonly JobRow[]>;
  undo(units: readonly UndoUnit[]): Promise<readonly (true | string)[]>;
  depth(queue: string): Promise<number | null>;
}

let database = 0;

async function startRig(generation: string, conf: CeleryApp['conf'] = {}): Promise<Rig> {
  const vhost = await rabbit.vhost();
  const backend = redis.url.replace(/\/0$/, `/${++database}`);
  const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl }, never);
  const results = await connectRedis({ url: backend }, never);
  const companions: Companions = {
    open: async () => results,
    database: async () => null,
    otherDatabases: async () => [],
  };
  // Nothing shows that queues on the default exchange are Celery's.
  const options = parseOptions({ results: backend, queues: ['celery', 'other', 'full'] });
  const installation = new CeleryInstallation(celery, { broker, key: '', options, companions }, []);
  const rows = async (state: State, queue: string | null) => {
    const page = await installation.jobs({ queue, state, cursor: null, size: 1000 }, never);
    return page.items;
  };
  return {
    app: { generation, broker: vhost.url, backend, conf: { result_extended: true, ...conf } },
    vhost: vhost.name,
    broker,
    results,
    installation,
    perform: async (action, target, parameters) => lastFirst(await performOn(installation, action, target, parameters)),
    look: async queue => {
      await installation.overview(never);
      await performOn(installation, 'look', { kind: 'queue', name: queue }, { count: 1000 });
      return rows('waiting', queue);
    },
    rows: async state => {
      for await (const _ of installation.complete(never));
      return rows(state, null);
    },
    undo: async units => {
      const answers: (true | string)[] = [];
      for (const unit of units)
        answers.push(
          ...(unit.on === 'results'
            ? await results.undo([unit], `undo-${Math.random()}`, never)
            : await broker.undo([unit], never)),
        );
      return answers;
    },
    depth: async queue => (await broker.depths([queue], never))[0]?.ready ?? null,
    [Symbol.asyncDispose]: async () => {
      broker.close();
      results.close();
    },
  };
}

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation }) => {
  test('failed tasks are retried, new ones and copies enqueued, and all of them run once', async () => {
    await using rig = await startRig(generation);
    using file = new Ran();
    writeFileSync(file.switch, '');
    const name = quoted(file.file);
    const id = await runCelery(
      rig.app,
      `print(tasks.append_line_or_fail.delay(${name}, "retried", switch=${quoted(file.switch)}).id)`,
    );
    {
      await using worker = await startCeleryWorker(rig.app);
      await waitFor(async () => (await rig.rows('failed')).length === 1, { timeout: 20_000, explain: worker.output });
      await worker.stop();
    }
    // A worker that is stopped right after a task may have had no time to acknowledge it.
    await rig.broker.purge('celery', never);
    const all = { kind: 'selector', queue: null, state: 'failed' } as const;
    const first = await rig.perform('retry', all);
    expect(first.report.items).toMatchObject([{ id, outcome: 'done', reason: null }]);
    expect(await rig.rows('failed')).toEqual([]);
    expect(await rig.depth('celery')).toBe(1);
    expect(await rig.undo(first.undo)).toEqual([true, true]);
    expect(await rig.depth('celery')).toBe(0);
    await waitFor(async () => (await rig.rows('failed')).length === 1);
    await rig.perform('retry', all);
    rmSync(file.switch);
    const queue = { kind: 'queue', name: 'celery' } as const;
    const task = 'shop.tasks.append_line';
    await rig.perform('enqueue', queue, { task, args: [file.file, 'new'], kwargs: {}, time_limit: 300, priority: 3 });
    await runCelery(rig.app, `tasks.append_line.apply_async((${name}, "original"), countdown=3600, time_limit=300)`);
    const original = (await rig.look('celery')).find(({ dueAt }) => dueAt !== null);
    const copied = await rig.perform('enqueue-copy', job(original!), { task, args: [file.file, 'copy'] });
    expect(copied.report.items).toMatchObject([{ outcome: 'done' }]);
    const run = await rig.perform('run-now', job(original!));
    expect(run.report.items).toMatchObject([{ id: original?.id, outcome: 'done' }]);
    await using worker = await startCeleryWorker(rig.app);
    await waitFor(async () => (await rig.rows('finished')).length === 4, { timeout: 20_000, explain: worker.output });
    expect(file.lines().sort()).toEqual(['copy', 'new', 'original', 'retried']);
    expect(await rig.depth('celery')).toBe(0);
  });

  test('waiting tasks are canceled, moved, put back, and none is lost', async () => {
    await using rig = await startRig(generation);
    using file = new Ran();
    await runCelery(
      rig.app,
      `
from kombu import Queue
app.conf.task_queues = [Queue("celery"), Queue("other")]
with app.connection_for_write() as connection:
    for queue in app.conf.task_queues:
        queue(connection.default_channel).declare()
for line in ["1", "2", "3", "4", "5"]:
    tasks.append_line.apply_async((${quoted(file.file)}, line), queue="celery", time_limit=300, headers={"big": 2 ** 40})`,
    );
    const rows = await rig.look('celery');
    expect(rows).toHaveLength(5);
    const canceled = await rig.perform('cancel', job(rows[1]!, rows[3]!));
    expect(canceled.report.counts).toMatchObject({ done: 2 });
    expect(await rig.depth('celery')).toBe(3);
    const again = await rig.perform('cancel', job(rows[1]!));
    expect(again.report.items).toMatchObject([{ outcome: 'gone' }]);
    expect(await rig.undo(canceled.undo)).toEqual([true, true]);
    expect((await rig.look('celery')).map(({ id }) => id)).toEqual([0, 2, 4, 1, 3].map(index => rows[index]?.id));
    const moved = await rig.perform(
      'move',
      { kind: 'selector', queue: 'celery', state: 'waiting' },
      { queue: 'other' },
    );
    expect(moved.report.counts).toMatchObject({ done: 5, failed: 0 });
    expect(await rig.depth('celery')).toBe(0);
    expect((await rig.look('other')).map(({ id }) => id)).toEqual([0, 2, 4, 1, 3].map(index => rows[index]?.id));
    expect(await rig.undo(moved.undo)).toEqual(Array(5).fill(true));
    expect((await rig.look('celery')).map(({ id }) => id)).toEqual([0, 2, 4, 1, 3].map(index => rows[index]?.id));
    const emptied = await rig.perform('empty', { kind: 'queue', name: 'celery' });
    expect(emptied.plan.total).toBe(5);
    expect(await rig.depth('celery')).toBe(0);
    expect(await rig.undo(emptied.undo)).toEqual(Array(5).fill(true));
    // The worker would be stopped for ever by headers of the wrong types.
    await using worker = await startCeleryWorker({ ...rig.app, queues: ['celery', 'other'] });
    await waitFor(() => file.lines().length === 5, { timeout: 20_000, explain: worker.output });
    expect(file.lines().sort()).toEqual(['1', '2', '3', '4', '5']);
    const served = await rig.perform('delete-queue', { kind: 'queue', name: 'celery' });
    expect(served.report.items).toMatchObject([{ outcome: 'refused' }]);
    await worker.stop();
    await waitFor(async () => {
      const { report } = await rig.perform('delete-queue', { kind: 'queue', name: 'other' });
      return report.counts.done === 1;
    });
    expect(await rig.depth('other')).toBeNull();
  });
});

test('what is not routed changes nothing', async () => {
  await using rig = await startRig('celery-newest');
  await runCelery(rig.app, 'tasks.add.delay(1, 2)');
  const [row] = await rig.look('celery');
  const { report, undo } = await rig.perform('move', job(row!), { queue: 'nowhere' });
  expect(report.items).toMatchObject([{ outcome: 'failed', reason: expect.stringContaining('no queue of this name') }]);
  expect(undo).toEqual([]);
  expect(await rig.depth('celery')).toBe(1);
  const enqueued = await rig.perform('enqueue', { kind: 'queue', name: 'nowhere' }, { task: 'shop.tasks.add' });
  expect(enqueued.report.items).toMatchObject([{ outcome: 'failed' }]);
});

test('a full queue that refuses keeps the original where it is', async () => {
  await using rig = await startRig('celery-newest');
  await rabbit.api('PUT', `/api/queues/${rig.vhost}/full`, {
    durable: true,
    arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  });
  await runCelery(rig.app, 'for n in range(4): tasks.add.delay(n, n)');
  const rows = await rig.look('celery');
  const { report, undo } = await rig.perform('move', job(...rows), { queue: 'full' });
  expect(report.counts.done + report.counts.failed).toBe(4);
  expect(report.counts.failed).toBeGreaterThan(0);
  expect(undo).toHaveLength(report.counts.done);
  expect(((await rig.depth('celery')) ?? 0) + ((await rig.depth('full')) ?? 0)).toBe(4);
});

test('a connection that breaks in the middle loses nothing, and what may be there twice is said', async () => {
  await using rig = await startRig('celery-newest');
  await runCelery(rig.app, 'for n in range(20): tasks.add.delay(n, n)\ntasks.add.apply_async((1, 2), queue="other")');
  await rig.look('celery');
  const target = { kind: 'selector', queue: 'celery', state: 'waiting' } as const;
  const plan = await rig.installation.plan(
    { action: 'move', targets: [target], parameters: { queue: 'other' } },
    never,
  );
  const run = rig.installation.perform(plan, never);
  const about = await run.next();
  expect(about.value).toMatchObject({ phase: 'about' });
  // Between the copies of the journal and the acknowledgements.
  await rabbit.closeConnections();
  let next = await run.next();
  while (next.done !== true) next = await run.next();
  const { counts } = next.value;
  expect(counts.done + counts.failed + counts.unknown + counts.refused).toBe(20);
  await rig.broker.reconnect(never);
  const depths = async () => ((await rig.depth('celery')) ?? 0) + ((await rig.depth('other')) ?? 0);
  await waitFor(async () => (await depths()) >= 21);
  const ids = new Set<string | null>();
  for (const queue of ['celery', 'other']) for (const { id } of await rig.look(queue)) ids.add(id);
  expect(ids.size).toBe(21);
});

test('a task that the broker delays runs now, and one that was canceled comes back with its ETA', async () => {
  await using rig = await startRig('celery-newest', {
    task_default_queue: 'ledger',
    task_default_queue_type: 'quorum',
    task_default_exchange_type: 'topic',
  });
  using file = new Ran();
  await using worker = await startCeleryWorker({ ...rig.app, queues: ['ledger'] });
  const ids = JSON.parse(
    await runCelery(
      rig.app,
      `print(json.dumps([tasks.append_line.apply_async((${quoted(file.file)}, line), countdown=3000).id for line in ["now", "never"]]))`,
    ),
  ) as [string, string];
  await waitFor(async () => (await rig.depth('celery_delayed_11')) === 2);
  const delayed = async () => {
    await rig.perform('look', { kind: 'installation' }, { count: 10 });
    return rig.rows('scheduled');
  };
  const rows = await waitFor(
    async () => {
      await rig.installation.overview(never);
      const found = await delayed();
      return found.length === 2 ? found : null;
    },
    { timeout: 20_000, every: 500 },
  );
  const now = rows.find(({ id }) => id === ids[0]);
  const { plan, report } = await rig.perform('run-now', job(now!));
  expect(plan.byQueue).toMatchObject([{ queue: 'ledger', count: 1 }]);
  expect(report.items).toMatchObject([{ id: ids[0], outcome: 'done' }]);
  await waitFor(() => file.lines().length === 1, { timeout: 20_000, explain: worker.output });
  const never_ = (await delayed()).find(({ id }) => id === ids[1]);
  const canceled = await rig.perform('cancel', job(never_!));
  expect(canceled.report.items).toMatchObject([{ id: ids[1], outcome: 'done' }]);
  expect(await rig.depth('celery_delayed_11')).toBe(0);
  expect(await rig.undo(canceled.undo)).toEqual([true]);
  await waitFor(() => worker.output().includes(ids[1]), { timeout: 20_000, explain: worker.output });
  expect(file.lines()).toEqual(['now']);
});
