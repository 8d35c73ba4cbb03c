/** One id enqueued again while it waits, or after it has ended: RQ keeps one hash for all of its places. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { differences, dumpRedis, startRqWorker } from '../../../support';
import { job, python, type Rig, startRig } from './rig';

const NEWEST = 'rq-newest';
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(async () => {
  await rig.client.flushdb();
});

const everything = () =>
  dumpRedis(rig.redis, { without: key => key.startsWith('rq:inspector') || key === 'rq:queues' });
const waiting = (queue = 'work') => rig.client.lrange(`rq:queue:${queue}`, 0, -1);

describe('an id that waits twice', () => {
  beforeEach(async () => {
    await python(
      NEWEST,
      rig.redis,
      `
for id in ("first", "nightly", "nightly", "last"):
    queue("work").enqueue("shop.payments.settle", id, job_id=id)`,
    );
    expect(await waiting()).toEqual(['first', 'nightly', 'nightly', 'last']);
  });

  const all = { kind: 'selector', queue: 'work', state: 'waiting' } as const;

  test.each([
    ['cancel', job('queue:work', 'nightly'), ['first', 'last']],
    ['cancel', all, []],
    ['delete', job('queue:work', 'nightly'), ['first', 'last']],
    ['delete', all, []],
    ['empty', { kind: 'queue', name: 'work' } as const, []],
    ['move', job('queue:work', 'nightly'), ['first', 'last']],
    ['move', all, []],
  ])('%s takes it off as often, and undo puts all of it back: %#', async (action, target, left) => {
    const before = await everything();
    const { report, undo } = await rig.perform(action, target, action === 'move' ? { queue: 'other' } : {});
    expect(report.counts).toMatchObject({ gone: 0, refused: 0, failed: 0, unknown: 0 });
    expect(await waiting()).toEqual(left);
    if (action === 'move') {
      expect((await waiting('other')).filter(id => id === 'nightly')).toHaveLength(2);
    }
    // The inspector, too, takes back what was done last first.
    expect((await rig.undo(undo.toReversed())).filter(each => each !== true)).toEqual([]);
    expect(differences(before, await everything())).toEqual([]);
  });

  test('a deleted job comes back although its id was left in the queue', async () => {
    const before = await everything();
    const { undo } = await rig.perform('delete', job('queue:work', 'nightly'));
    await rig.client.rpush('rq:queue:work', 'nightly');
    expect(await rig.undo(undo)).toEqual([true]);
    expect(await rig.client.hget('rq:job:nightly', 'status')).toBe('queued');
    await rig.client.lrem('rq:queue:work', -1, 'nightly');
    expect(differences(before, await everything())).toEqual([]);
  });
});

describe('an id that ended and waits again', () => {
  test.each([
    ['finished', 'shop.payments.settle'],
    ['failed', 'shop.payments.fail_to_charge'],
  ])('its %s record goes only when it no longer waits', async (state, task) => {
    const again = `queue("work").enqueue(${JSON.stringify(task)}, 1, job_id="nightly")`;
    await python(NEWEST, rig.redis, again);
    await (await startRqWorker({ generation: NEWEST, url: rig.redis.url, queues: ['work'], burst: true })).exited;
    await python(NEWEST, rig.redis, again);
    expect(await rig.client.zscore(`rq:${state}:work`, 'nightly')).not.toBeNull();
    const before = await everything();
    for (const target of [
      job(`${state}:work`, 'nightly'),
      { kind: 'selector', queue: 'work', state: state as 'finished' } as const,
    ]) {
      const plan = await rig.actions.plan({ action: 'delete', targets: [target], parameters: {} }, AbortSignal.any([]));
      expect(plan).toMatchObject({ total: 0, leftOut: [{ reason: 'its status is queued now', count: 1 }] });
      const { report } = await rig.perform('delete', target);
      expect(report.items).toMatchObject([{ outcome: 'refused', reason: 'its status is queued now' }]);
    }
    expect(differences(before, await everything())).toEqual([]);
    await rig.perform('cancel', job('queue:work', 'nightly'));
    await rig.client.zrem('rq:canceled:work', 'nightly');
    await rig.client.hset('rq:job:nightly', 'status', state);
    expect((await rig.perform('delete', job(`${state}:work`, 'nightly'))).report.counts.done).toBe(1);
    expect(await rig.client.exists('rq:job:nightly', `rq:${state}:work`)).toBe(0);
  });
});

test('what rq-scheduler repeats keeps its hash when its last run is deleted', async () => {
  await python(NEWEST, rig.redis, 'queue("work").enqueue("shop.payments.settle", 1, job_id="nightly")');
  await (await startRqWorker({ generation: NEWEST, url: rig.redis.url, queues: ['work'], burst: true })).exited;
  await rig.client.zadd('rq:scheduler:scheduled_jobs', 4_000_000_000, 'nightly');
  const before = await everything();
  const { report } = await rig.perform('delete', { kind: 'selector', queue: 'work', state: 'finished' });
  expect(report.items).toMatchObject([{ id: 'nightly', outcome: 'refused' }]);
  expect(report.items[0]?.reason).toContain('on the schedule of rq-scheduler');
  expect(differences(before, await everything())).toEqual([]);
  await rig.client.zrem('rq:scheduler:scheduled_jobs', 'nightly');
  expect((await rig.perform('delete', job('finished:work', 'nightly'))).report.counts.done).toBe(1);
});
