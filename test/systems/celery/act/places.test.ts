/** Where messages and results may lie: one database, two, two servers, behind a prefix; queues that are new. */
import { describe, expect, test } from 'vitest';
import { differences, dumpRedis, once, startProxy, startRedis, waitFor } from '../../../support';
import { never } from '../../support/acting';
import { element, placesOf, resultText, SEP, writeHeld, writeResults, writeWaiting } from './data';
import { job, type Rig, startRig } from './rig';

const failed = { kind: 'selector', queue: null, state: 'failed' } as const;
const rowsOf = (rig: Rig, state: 'waiting' | 'taken' | 'failed', count: number) =>
  waitFor(async () => {
    const rows = await rig.rows(state);
    return rows.length === count ? rows : null;
  });

describe('a retry', () => {
  test('with messages and results in one database is undone as one', async () => {
    await using rig = await startRig({ results: 0 });
    await writeResults(rig.client, [{ id: 'j' }]);
    await rowsOf(rig, 'failed', 1);
    const before = await dumpRedis(rig.redis);
    const { report, undo } = await rig.perform('retry', failed);
    expect(report.counts.done).toBe(1);
    expect(undo).toHaveLength(1);
    expect(await rig.client.exists('celery-task-meta-j')).toBe(0);
    await rig.client.set('celery-task-meta-j', 'new');
    expect(await rig.undo(undo)).toEqual(['a new outcome has taken its place']);
    expect(await rig.client.llen('celery')).toBe(1);
    await rig.client.del('celery-task-meta-j');
    expect(await rig.undo(undo)).toEqual([true]);
    const without = (key: string) => /^(job-queue-inspector|undo-|_kombu)/.test(key);
    expect(differences(before, await dumpRedis(rig.redis, { without }))).toEqual([]);
  });

  test('with results on another server publishes first, and says where a result stayed', async () => {
    await using other = await startRedis();
    await using proxy = await startProxy(other);
    await using rig = await startRig({ backend: proxy.url });
    const results = rig.results;
    await writeResults(results, [{ id: 'a' }, { id: 'b' }]);
    await rowsOf(rig, 'failed', 2);
    const plan = await rig.installation.plan({ action: 'retry', targets: [failed], parameters: {} }, never);
    const run = rig.installation.perform(plan, never);
    await run.next();
    await results.set('celery-task-meta-a', resultText({ id: 'a', status: 'SUCCESS' }));
    // The answer about the results is lost, and looked up.
    proxy.use({ dropReply: once(({ name }) => name === 'EVAL') });
    let next = await run.next();
    while (next.done !== true) next = await run.next();
    expect(next.value.counts.done).toBe(2);
    const reasons = new Map(next.value.items.map(({ id, reason }) => [id, reason]));
    expect(reasons.get('a')).toContain('published; its failed result is still there');
    expect(reasons.get('b')).toBeNull();
    expect([...(await placesOf(rig.client)).keys()].sort()).toEqual(['a', 'b']);
    expect(await results.keys('celery-task-meta-*')).toEqual(['celery-task-meta-a']);
  });

  test('of what is not recorded is left out with the reason, and can be enqueued by hand', async () => {
    await using rig = await startRig();
    await writeResults(rig.results, [{ id: 'a', extended: false }, { id: 'b' }]);
    const rows = await rowsOf(rig, 'failed', 2);
    const { plan, report } = await rig.perform('retry', failed);
    const reason = 'its arguments are not recorded (result_extended is off)';
    expect(plan).toMatchObject({ total: 1, leftOut: [{ reason, count: 1 }] });
    expect(report.items).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: 'a', outcome: 'refused', reason })]),
    );
    const row = rows.find(({ id }) => id === 'a');
    const empty = await rig.perform('enqueue-copy', job(row!), { queue: 'celery' });
    expect(empty.plan.leftOut).toEqual([{ reason, count: 1 }]);
    const filled = await rig.perform('enqueue-copy', job(row!), {
      queue: 'celery',
      task: 'shop.tasks.add',
      args: '(1, 2)',
    });
    expect(filled.report.counts.done).toBe(1);
  });
});

describe('a queue that is new', () => {
  test.each([true, false])('is bound as a worker binds it (kombu 5.7 was here: %s)', async modern => {
    await using rig = await startRig();
    await writeWaiting(rig.client, [{ id: 'j' }]);
    const member = `celery${SEP}${SEP}celery`;
    if (modern) await rig.client.sadd('_kombu.binding_permanent.celery', member);
    const rows = await rowsOf(rig, 'waiting', 1);
    await rig.perform('move', job(rows[0]!), { queue: 'new' });
    expect(await rig.client.smembers('_kombu.binding.new')).toEqual([`new${SEP}${SEP}new`]);
    expect(await rig.client.exists('_kombu.binding_permanent.new')).toBe(modern ? 1 : 0);
    expect(JSON.parse((await rig.client.lindex('new', 0)) ?? '')).toMatchObject({
      headers: { id: 'j' },
      properties: { delivery_info: { exchange: '', routing_key: 'new' }, delivery_tag: 'tag-j' },
    });
    // Every number as it was written.
    expect(await rig.client.lindex('new', 0)).toContain('"timelimit": [1.0, null]');
    expect(await rig.client.lindex('new', 0)).toContain('"big": 12345678901234567890');
  });
});

test('behind a prefix everything has it', async () => {
  await using rig = await startRig({ key: 'shop:' });
  await rig.client.sadd('shop:_kombu.binding.celery', `celery${SEP}${SEP}celery`);
  await rig.client.lpush('shop:celery', element({ id: 'a' }));
  await rig.client.hset('shop:unacked', 'tag-b', `[${element({ id: 'b' })}, "", "celery"]`);
  await rig.client.zadd('shop:unacked_index', '1', 'tag-b');
  const [waiting] = await rowsOf(rig, 'waiting', 1);
  await rig.perform('move', job(waiting!), { queue: 'other' });
  const [taken] = await rowsOf(rig, 'taken', 1);
  expect((await rig.perform('give-back', job(taken!))).report.counts.done).toBe(1);
  await rig.perform('enqueue', { kind: 'queue', name: 'celery' }, { task: 'shop.tasks.add', id: 'c', priority: 9 });
  const keys = (await rig.client.keys('*')).filter(key => !key.startsWith('job-queue-inspector:'));
  expect(keys.sort()).toEqual([
    'shop:_kombu.binding.celery',
    'shop:_kombu.binding.other',
    'shop:celery',
    `shop:celery${SEP}9`,
    'shop:other',
  ]);
});

test('equal messages, one that is none, and one of another program', async () => {
  await using rig = await startRig();
  const twin = element({ id: 'twin' });
  await writeWaiting(rig.client, [{ id: 'x' }]);
  await rig.client.del('celery');
  for (const raw of [twin, 'no message', twin, '{"hello": 1}', '{"body": "!!", "headers": 3}'])
    await rig.client.lpush('celery', raw);
  const rows = await rowsOf(rig, 'waiting', 5);
  const before = await dumpRedis(rig.redis);
  const twins = rows.filter(({ id }) => id === 'twin');
  expect(twins).toHaveLength(2);
  const one = await rig.perform('cancel', job(twins[1]!));
  expect(one.report.counts.done).toBe(1);
  expect((await rig.client.lrange('celery', 0, -1)).filter(raw => raw === twin)).toHaveLength(1);
  const poison = rows.filter(({ id }) => id === null);
  const moved = await rig.perform('move', job(...poison), { queue: 'other' });
  expect(moved.report.counts.done + moved.report.counts.refused).toBe(3);
  const rest = await rig.perform('empty', { kind: 'queue', name: 'celery' });
  expect(await rig.client.exists('celery')).toBe(0);
  expect(await rig.undo([...rest.undo, ...moved.undo, ...one.undo])).not.toContain(false);
  const without = (key: string) => /^(job-queue-inspector|undo-)/.test(key) || key === '_kombu.binding.other';
  expect((await rig.client.lrange('celery', 0, -1)).sort()).toEqual((before.get('celery')?.value ?? []).slice().sort());
  expect(
    differences(before, await dumpRedis(rig.redis, { without })).filter(line => !line.startsWith('celery')),
  ).toEqual([]);
});

test('what a message of an unacked entry without index or queue gets', async () => {
  await using rig = await startRig();
  await writeHeld(rig.client, { id: 'a' });
  await rig.client.hset('unacked', 'tag-z', `[${element({ id: 'z' })}, "gone", "nowhere"]`);
  await rig.client.zadd('unacked_index', '1', 'tag-z');
  const rows = await rowsOf(rig, 'taken', 2);
  const { report } = await rig.perform('give-back', job(...rows));
  expect(report.items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: 'a', outcome: 'done' }),
      expect.objectContaining({ id: 'z', outcome: 'refused', reason: expect.stringContaining('no queue is bound') }),
    ]),
  );
  expect(await rig.client.hexists('unacked', 'tag-z')).toBe(1);
});
