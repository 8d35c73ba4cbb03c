import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  celeryGenerationsUnderTest,
  clientOf,
  descendants,
  removeFolder,
  runCelery,
  send,
  startCeleryBeat,
  startCeleryWorker,
  startRedis,
  waitFor,
} from '../../support';

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation, version }) => {
  test('its real workers run tasks, solo and prefork, and leave what they held when they are killed', async () => {
    await using redis = await startRedis({ password: 'secret' });
    const app = { generation, broker: redis.url, backend: redis.url.replace(/0$/, '1') };
    expect(await runCelery(app, 'import celery; print(celery.__version__)')).toBe(version);
    const folder = mkdtempSync(join(tmpdir(), 'jqi-celery-'));
    const client = clientOf(redis);
    try {
      const id = await runCelery(app, 'print(tasks.add.delay(1, 2).id); tasks.decline.delay(4821)');
      await using _solo = await startCeleryWorker(app);
      expect(
        await runCelery(
          app,
          `
from celery.result import AsyncResult
print(AsyncResult(${JSON.stringify(id)}, app=app).get(timeout=20))`,
        ),
      ).toBe('3');

      const held = join(folder, 'never');
      const prefork = await startCeleryWorker({ ...app, pool: 'prefork', concurrency: 2, queues: ['late'] });
      await runCelery(app, `tasks.wait_late.apply_async([${JSON.stringify(held)}], queue="late")`);
      await waitFor(async () => (await client.hlen('unacked')) === 1, { what: 'the task to be held' });
      const children = descendants(prefork.pid);
      expect(children.length).toBeGreaterThanOrEqual(2);
      await prefork.kill();
      await waitFor(() => children.every(pid => !send(pid, 0)), { what: 'the pool to end' });
      expect(await client.hlen('unacked')).toBe(1);

      const idle = await startCeleryWorker({ ...app, pool: 'prefork', concurrency: 2, queues: ['idle'] });
      const pool = descendants(idle.pid);
      expect(pool.length).toBeGreaterThanOrEqual(2);
      await idle.stop();
      await waitFor(() => pool.every(pid => !send(pid, 0)), { what: 'the pool to end with its worker' });
    } finally {
      client.disconnect();
      removeFolder(folder);
    }
  });

  test('its beat keeps entries in a file, or in Redis', async () => {
    await using redis = await startRedis();
    const folder = mkdtempSync(join(tmpdir(), 'jqi-beat-'));
    const client = clientOf(redis);
    const schedule = {
      often: { task: 'shop.tasks.add', schedule: 1, args: [1, 2] },
      nightly: { task: 'shop.tasks.settle', schedule: { minute: '0', hour: '3' }, args: [[]] },
    };
    try {
      const app = { generation, broker: redis.url, schedule, cwd: folder };
      const file = await startCeleryBeat(app);
      await waitFor(async () => (await client.llen('celery')) > 0, { timeout: 20_000, what: 'a task of beat' });
      await file.stop();
      await using red = await startCeleryBeat({ ...app, redBeat: { url: redis.url } });
      const due = () => client.zrange('redbeat::schedule', '0', '-1');
      await waitFor(async () => (await due()).includes('redbeat:nightly'), { what: 'entries', explain: red.output });
      expect(await client.hget('redbeat:often', 'definition')).toContain('shop.tasks.add');
    } finally {
      client.disconnect();
      removeFolder(folder);
    }
  });
});
