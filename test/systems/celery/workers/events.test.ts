/** What real workers tell by themselves, over Redis: heartbeats and task events. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobEvent } from '../../../../src/model';
import {
  type CeleryApp,
  celeryGenerationsUnderTest,
  differences,
  dumpRedis,
  runCelery,
  startCeleryWorker,
  startRedis,
  type TestRedis,
  waitFor,
} from '../../../support';
import { asked, lookingAt, without, workerNamed } from './support';

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation, version }) => {
  let redis: TestRedis;
  let app: CeleryApp;
  beforeAll(async () => {
    redis = await startRedis();
    app = { generation, broker: redis.url, conf: { task_send_sent_event: true } };
  });
  afterAll(() => redis?.stop());

  test('heartbeats are heard without asking; who signs off is said to have', async () => {
    const worker = await startCeleryWorker({ ...app, name: 'beating@shop' });
    const before = await dumpRedis(redis, { without });
    const { broker, workers } = await lookingAt(redis.url);
    const stop = new AbortController();
    const states: (boolean | null | undefined)[] = [];
    const hearing = (async () => {
      for await (const rows of workers.hear?.(stop.signal) ?? [])
        states.push(rows.find(({ name }) => name === 'beating@shop')?.alive);
    })();
    await waitFor(() => states.includes(true), { what: 'a heartbeat' });
    expect(differences(before, await dumpRedis(redis, { without }))).toEqual([]);
    expect(workers.asked).toBeNull();
    const row = workerNamed(workers, 'beating@shop');
    expect(row).toMatchObject({ version, alive: true, state: 'idle', queues: [] });
    expect(row.aliveReason).toMatch(/^heard \d s ago$/);
    expect(Math.abs(Date.parse(row.lastHeartbeat ?? '') - Date.now())).toBeLessThan(10_000);
    await worker.stop();
    await waitFor(() => states.at(-1) === false, { what: 'the worker to sign off' });
    expect(workerNamed(workers, 'beating@shop').aliveReason).toMatch(/^signed off \d s ago$/);
    stop.abort();
    await hearing;
    await broker.close();
  });

  test('every step of a task is told, and remembered for who asks later', async () => {
    await using _worker = await startCeleryWorker({ ...app, name: 'telling@shop', events: true });
    const { broker, workers } = await lookingAt(redis.url);
    const stop = new AbortController();
    const events: JobEvent[] = [];
    const following = (async () => {
      for await (const event of workers.listen(stop.signal)) events.push(event);
    })();
    await waitFor(() => events.some(({ kind }) => kind === 'worker-heartbeat'), { what: 'the first event' });
    const [good, bad] = JSON.parse(
      await runCelery(
        app,
        'print(json.dumps([tasks.add.delay(1, 2).id, tasks.charge_card.delay(4821, "EUR", always_down=True).id]))',
      ),
    ) as [string, string];
    const of = (id: string) => events.filter(event => event.id === id).map(({ kind }) => kind);
    const ended = () => of(bad).includes('task-failed') && of(good).includes('task-succeeded');
    // The producer tells of it after it has sent it: by then it may have failed already.
    const sent = () => of(bad).includes('task-sent') && of(good).includes('task-sent');
    await waitFor(() => ended() && sent(), { what: 'both tasks to end' });
    expect(of(good)).toEqual(expect.arrayContaining(['task-sent', 'task-received', 'task-started', 'task-succeeded']));
    const failed = events.find(({ id, kind }) => id === bad && kind === 'task-failed');
    expect(failed).toMatchObject({
      state: 'failed',
      task: 'shop.tasks.charge_card',
      worker: 'telling@shop',
    });
    expect(failed?.text).toContain('StripeTimeout');
    expect(events.find(({ id, kind }) => id === good && kind === 'task-sent')?.worker).toBeNull();
    expect(workers.fleet.seen(bad)).toMatchObject({
      task: 'shop.tasks.charge_card',
      args: "(4821, 'EUR')",
      kwargs: "{'always_down': True}",
      queue: 'celery',
      state: 'failed',
    });
    expect(workers.fleet.seen('nobody')).toBeNull();
    stop.abort();
    await following;
    await broker.close();
  });

  test('without -E no task is told of until events are enabled, by a command that changes nothing on the broker', async () => {
    await using _worker = await startCeleryWorker({ ...app, name: 'quiet@shop' });
    const { broker, mailbox, workers } = await lookingAt(redis.url);
    const stop = new AbortController();
    const kinds = new Set<string>();
    const following = (async () => {
      for await (const { kind, worker } of workers.listen(stop.signal)) if (worker !== null) kinds.add(kind);
    })();
    await waitFor(() => kinds.has('worker-heartbeat'), { what: 'a heartbeat' });
    const before = await dumpRedis(redis, { without });
    const replies: unknown[] = [];
    const command = { method: 'enable_events', arguments: {}, destination: ['quiet@shop'], timeoutMs: 5_000 };
    for await (const { value } of mailbox.ask({ ...command, expected: 1 }, stop.signal)) replies.push(value);
    expect(replies).toEqual([{ ok: 'task events enabled' }]);
    expect(differences(before, await dumpRedis(redis, { without }))).toEqual([]);
    await runCelery(app, 'tasks.add.delay(1, 2)');
    await waitFor(() => kinds.has('task-succeeded'), { what: 'the events' });
    await asked(workers);
    expect(workerNamed(workers, 'quiet@shop').alive).toBe(true);
    stop.abort();
    await following;
    await broker.close();
  });
});
