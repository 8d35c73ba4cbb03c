/** Real workers of every generation are asked over Redis, and nothing stays behind. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CeleryWorker,
  celeryGenerationsUnderTest,
  differences,
  dumpRedis,
  removeFolder,
  runCelery,
  startCeleryWorker,
  startRedis,
  type TestRedis,
  waitFor,
} from '../../../support';
import { asked, detail, type Looking, lookingAt, without, workerNamed } from './support';

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation, version, kombu }) => {
  let redis: TestRedis;
  let folder: string;
  let prefork: CeleryWorker;
  let solo: CeleryWorker;
  let looking: Looking;
  const app = () => ({
    generation,
    broker: redis.url,
    backend: redis.url.replace(/0$/, '1'),
    conf: { broker_transport_options: { visibility_timeout: 1234 }, task_send_sent_event: true },
  });

  beforeAll(async () => {
    redis = await startRedis({ password: 'hush-hush' });
    folder = mkdtempSync(join(tmpdir(), 'jqi-asking-'));
    [prefork, solo] = await Promise.all([
      startCeleryWorker({ ...app(), pool: 'prefork', concurrency: 2, name: 'pre@shop', queues: ['celery', 'mail'] }),
      startCeleryWorker({ ...app(), name: 'solo@shop', queues: ['slow'] }),
    ]);
    looking = await lookingAt(redis.url);
  });
  afterAll(async () => {
    await looking?.broker.close();
    await Promise.all([prefork?.stop('SIGKILL'), solo?.stop('SIGKILL')]);
    await redis?.stop();
    removeFolder(folder);
  });

  test('both tell what they are, one by one, and asking leaves the broker as it was', async () => {
    const before = await dumpRedis(redis, { without });
    const answers = await asked(looking.workers);
    expect(differences(before, await dumpRedis(redis, { without }))).toEqual([]);
    expect(answers[0]).toMatchObject({ answered: true, answers: 1, of: 2 });
    expect(new Set(answers.map(({ worker }) => worker))).toEqual(new Set(['pre@shop', 'solo@shop']));
    expect(looking.workers.asked).toMatchObject({ answers: 2, of: 2, running: false });

    expect(workerNamed(looking.workers, 'pre@shop')).toMatchObject({
      state: 'idle',
      alive: true,
      version,
      host: 'shop',
      pid: prefork.pid,
      queues: ['celery', 'mail'],
    });
    expect(workerNamed(looking.workers, 'pre@shop').runtime).toMatch(/^Python 3\.\d+/);
    expect(detail(looking.workers, 'pre@shop', 'Pool')).toBe('prefork');
    expect(detail(looking.workers, 'pre@shop', 'Concurrency')).toBe('2');
    expect(detail(looking.workers, 'pre@shop', 'kombu')).toBe(kombu);
    expect(detail(looking.workers, 'solo@shop', 'Pool')).toBe('solo');
    const { fleet } = looking.workers;
    expect(fleet.registered.get('pre@shop')).toContain('shop.tasks.charge_card');
    // Its rate limit stands behind the name.
    expect(fleet.registered.get('pre@shop')).toContain('shop.tasks.limited');
    expect(fleet.queues.get('solo@shop')).toEqual(['slow']);
    expect(fleet.visibilityTimeout).toBe(1234);
    expect(fleet.twins.size).toBe(0);
  });

  test('passwords are neither kept nor shown', async () => {
    await asked(looking.workers);
    const { fleet } = looking.workers;
    const kept = JSON.stringify([...fleet.configurations, fleet.workers]);
    expect(kept).not.toContain('hush-hush');
    expect(kept).toContain(`redis://127.0.0.1:${redis.port}/1`);
    expect(fleet.configurations.get('pre@shop')?.['result_backend']).toBe(`redis://127.0.0.1:${redis.port}/1`);
  });

  test('what runs, what is reserved and what waits for its ETA, with arguments', async () => {
    const gate = join(folder, 'held');
    const ids = JSON.parse(
      await runCelery(
        app(),
        `
gate = ${JSON.stringify(gate)}
running = [tasks.wait_for_file.delay(gate).id for _ in range(2)]
reserved = tasks.charge_card.delay(4821, "EUR", amount=5).id
late = tasks.add.apply_async((1, 2), countdown=3000).id
print(json.dumps([running, reserved, late]))`,
      ),
    ) as [string[], string, string];
    const [running, reserved, late] = ids;
    const { fleet } = looking.workers;
    await waitFor(
      async () => {
        await asked(looking.workers);
        return fleet.held.size === 4 && running.every(id => fleet.held.get(id)?.how === 'active');
      },
      { what: 'the tasks to be held', explain: () => JSON.stringify([...fleet.held.values()]) },
    );
    expect(fleet.held.get(running[0] ?? '')).toMatchObject({ task: 'shop.tasks.wait_for_file', worker: 'pre@shop' });
    expect(Math.abs((fleet.held.get(running[0] ?? '')?.startedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(fleet.held.get(reserved)).toMatchObject({ how: 'reserved', queue: 'celery' });
    expect(fleet.held.get(reserved)?.args?.text).toMatch(/^[[(]4821, 'EUR'[\])]$/);
    expect(fleet.held.get(reserved)?.kwargs?.text).toBe("{'amount': 5}");
    expect(fleet.held.get(late)?.how).toBe('scheduled');
    expect(Date.parse(fleet.held.get(late)?.eta ?? '') - Date.now()).toBeGreaterThan(2_000_000);
    expect(workerNamed(looking.workers, 'pre@shop')).toMatchObject({
      state: 'busy',
      currentTask: 'shop.tasks.wait_for_file',
    });
    expect(running).toContain(workerNamed(looking.workers, 'pre@shop').currentJob);
    expect(workerNamed(looking.workers, 'pre@shop').currentJobRef).toMatch(/^celery\/\/held%3Apre%40shop\//);
    writeFileSync(gate, '');
    await waitFor(
      async () => {
        await asked(looking.workers);
        return fleet.held.size === 1;
      },
      { what: 'the tasks to end' },
    );
  });

  test('a busy solo worker is silent and named; its late answer finds nothing to fill', async () => {
    await asked(looking.workers);
    const gate = join(folder, 'busy');
    await runCelery(app(), `tasks.wait_for_file.apply_async((${JSON.stringify(gate)},), queue="slow")`);
    await waitFor(() => /wait_for_file\[/.test(solo.output()), { what: 'the solo worker to begin' });
    const others = { without: (key: string) => without(key) || key.startsWith('unacked') };
    const before = await dumpRedis(redis, others);
    const answers = await asked(looking.workers);
    expect(differences(before, await dumpRedis(redis, others))).toEqual([]);
    expect(answers.at(-1)).toMatchObject({ worker: 'solo@shop', answered: false, answers: 1, of: 2 });
    expect(looking.workers.fleet.silent).toEqual(['solo@shop']);
    expect(workerNamed(looking.workers, 'solo@shop').alive).toBe(null);
    expect(workerNamed(looking.workers, 'solo@shop').aliveReason).toContain('did not answer within 2 s');
    expect(workerNamed(looking.workers, 'pre@shop').alive).toBe(true);
    writeFileSync(gate, '');
    await waitFor(async () => (await asked(looking.workers)).every(({ answered }) => answered), {
      what: 'the solo worker to answer again',
    });
    // Once it answered this question, it has answered the last one, too: into nothing.
    expect(differences(before, await dumpRedis(redis, others))).toEqual([]);
    expect(workerNamed(looking.workers, 'solo@shop').alive).toBe(true);
  });
});
