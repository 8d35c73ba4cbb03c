import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCelery, startCeleryWorker, startRedis, type TestRedis, waitFor } from '../../../support';
import { siteOn } from './support';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

describe('workers and queues', () => {
  it('a queue that nobody consumes, known once workers were asked; none after the cure', async () => {
    using site = await siteOn(redis, 0, {}, { results: false });
    await runCelery(site.app, `[tasks.add.apply_async((n, 1), queue='reports') for n in range(3)]`);
    const before = await site.diagnose();
    expect(before.rules).toEqual([]);
    expect(before.notChecked('queue-without-worker')).toBe('workers were not asked');
    expect(before.notChecked('no-worker')).toBe('workers were not asked');
    expect(before.notChecked('results-never-expire')).not.toBeUndefined();

    const alone = await site.settled(['no-worker']);
    expect(alone.of('no-worker')[0]).toMatchObject({
      title: '3 tasks wait and no worker answers',
      label: '3 tasks waiting, no worker answers',
      severity: 'trouble',
      sure: true,
      where: 'Celery on shop-test',
    });

    await using worker = await startCeleryWorker({ ...site.app, name: 'mail' });
    const { of } = await site.settled(['queue-without-worker']);
    const [finding] = of('queue-without-worker');
    expect(finding).toMatchObject({
      subject: 'reports',
      title: '3 tasks wait in reports, which no worker consumes',
      where: 'Celery on shop-test, queue reports',
      sure: true,
    });
    expect(finding?.evidence).toContainEqual({
      what: 'queues they consume',
      value: 'celery',
      source: 'celery inspect active_queues',
    });
    expect(finding?.remedies.at(-1)?.action).toEqual({
      id: 'move',
      target: { kind: 'selector', queue: 'reports', state: 'waiting' },
      parameters: { queue: 'celery' },
    });
    expect(worker.name).toBe('mail@shop');

    await using second = await startCeleryWorker({ ...site.app, name: 'reports', queues: ['reports'] });
    await waitFor(async () => (await site.client.llen('reports')) === 0, {
      what: 'the tasks to be taken',
      explain: second.output,
    });
    await site.settled([]);
  });

  it('a worker that answers and consumes nothing; two under one name; several versions', async () => {
    using site = await siteOn(redis, 2, {}, { results: false });
    await using mail = await startCeleryWorker({ ...site.app, name: 'mail' });
    await runCelery(site.app, `print(app.control.cancel_consumer('celery', reply=True))`);
    const idle = await site.settled(['worker-without-queue']);
    expect(idle.of('worker-without-queue')[0]?.title).toBe('mail@shop answers, but consumes no queue');
    await runCelery(site.app, `print(app.control.add_consumer('celery', reply=True))`);
    await site.settled([]);

    const twin = await startCeleryWorker({ ...site.app, name: 'mail' });
    const twins = await site.settled(['twins']);
    const [finding] = twins.of('twins');
    expect(finding?.title).toBe('2 workers answer under the node name mail@shop');
    const pids = finding?.evidence
      .find(({ what }) => what === 'process ids')
      ?.value.split(', ')
      .map(Number);
    expect(pids?.sort()).toEqual([mail.pid, twin.pid].sort());
    await twin.stop();
    await site.settled([]);

    const old = await startCeleryWorker({ ...site.app, generation: 'celery-5.2', name: 'old' });
    const mixed = await site.settled(['mixed-versions']);
    expect(mixed.of('mixed-versions')[0]).toMatchObject({
      title: 'Workers of 2 Celery versions share this broker: 5.2.7 and 5.7.0',
      severity: 'info',
    });
    await old.stop();
    await site.ask();
    const left = await site.diagnose();
    // Nobody heard it sign off; it held nothing.
    expect(left.rules).toEqual(['silent-worker']);
    expect(left.of('silent-worker')[0]).toMatchObject({ subject: 'old@shop', severity: 'warning' });
  });

  it('a worker that was killed, until one of its name is back', async () => {
    using site = await siteOn(redis, 4, {}, { results: false });
    const worker = await startCeleryWorker({ ...site.app, name: 'mail' });
    await site.settled([]);
    await worker.kill();
    const killed = await site.settled(['silent-worker']);
    expect(killed.of('silent-worker')[0]).toMatchObject({
      subject: 'mail@shop',
      label: 'mail@shop is gone',
      sure: true,
    });
    await using _again = await startCeleryWorker({ ...site.app, name: 'mail' });
    await site.settled([]);
  });
});
